package secretrule

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// alphabets are those of which markers such as <<62:36>> make text, 36 characters of base 62 here.
var alphabets = map[string]string{
	"62": base62, "hex": "0123456789abcdef", "HEX": "0123456789ABCDEF", "b64": base62 + "+/", "url": base62 + "-_",
	"base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "upper36": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"lower": "abcdefghijklmnopqrstuvwxyz", "lower36": "0123456789abcdefghijklmnopqrstuvwxyz", "alpha": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	"digits": "123456789", "bech": "023456789ACDEFGHJKLMNPQRSTUVWXYZ", "django": "abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)",
}

var marker = regexp.MustCompile(`<<([0-9A-Za-z]+)(?::((?:[^<>]|<[^<]|>[^>])*))?>>`)

// expand replaces markers in a file of the corpus by random text, the same for the same name, with right checksums where a
// format has one. The innermost markers come first, so that <<base64:user:<<62:20>>>> is what it says.
func expand(name string, data []byte) []byte {
	h := fnv.New64a()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	data = bytes.TrimSuffix(data, []byte("\n"))
	for marker.Match(data) {
		data = marker.ReplaceAllFunc(data, func(m []byte) []byte {
			parts := marker.FindSubmatch(m)
			return made(r, string(parts[1]), string(parts[2]))
		})
	}
	return data
}

func letters(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func made(r *rand.Rand, kind, arg string) []byte {
	n, _ := strconv.Atoi(arg)
	if alphabet, ok := alphabets[kind]; ok {
		return []byte(letters(r, alphabet, n))
	}
	std := base64.StdEncoding
	switch kind {
	case "plain": // what somebody thought of
		return []byte(arg)
	case "github":
		body := letters(r, base62, 30)
		return []byte(arg + body + string(crc62([]byte(body))))
	case "grafana":
		body := "glsa_" + letters(r, base62, 32)
		sum := crc32.ChecksumIEEE([]byte(body))
		return []byte(body + "_" + hex.EncodeToString([]byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)}))
	case "age":
		return []byte(ageKey(r))
	case "uuid":
		d := func(n int) string { return letters(r, alphabets["hex"], n) }
		return []byte(d(8) + "-" + d(4) + "-4" + d(3) + "-a" + d(3) + "-" + d(12))
	case "jwt":
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
		return []byte(header + "." + base64.RawURLEncoding.EncodeToString([]byte(arg)) + "." + letters(r, alphabets["url"], 43))
	case "base64":
		return []byte(std.EncodeToString([]byte(arg)))
	case "b64url":
		return []byte(base64.RawURLEncoding.EncodeToString([]byte(arg)))
	case "pem":
		label, size, _ := strings.Cut(arg, ":")
		n, _ = strconv.Atoi(size)
		return []byte("-----BEGIN " + label + "-----\n" + der(r, n) + "-----END " + label + "-----")
	case "derlines":
		return []byte(strings.TrimSuffix(der(r, n), "\n"))
	case "openssh":
		body := "openssh-key-v1\x00\x00\x00\x00" + string(rune(len(arg))) + arg + string(noise(r, 300))
		return []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n" + lines(std.EncodeToString([]byte(body))) + "-----END OPENSSH PRIVATE KEY-----")
	case "pgp":
		body := append([]byte{0x95, 0x03}, noise(r, 600)...)
		return []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n" + lines(std.EncodeToString(body)) + "=" + letters(r, base62, 4) + "\n-----END PGP PRIVATE KEY BLOCK-----")
	case "oneline":
		return []byte(strings.ReplaceAll(arg, "\n", `\n`))
	case "quoted":
		return []byte(`    "` + strings.ReplaceAll(arg, "\n", "\\n\"\n    \"") + `"`)
	case "indent":
		return []byte("    " + strings.ReplaceAll(arg, "\n", "\n    "))
	case "bytes":
		b, _ := hex.DecodeString(arg)
		return b
	case "raw":
		return noise(r, n)
	}
	return nil
}

// noise is random bytes without those of markers and line ends.
func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(0x80 + r.IntN(0x80))
	}
	return b
}

// der is base64 of what begins as a key does, in lines.
func der(r *rand.Rand, n int) string {
	return lines(base64.StdEncoding.EncodeToString(append([]byte{0x30, 0x82, byte(n >> 8), byte(n)}, noise(r, n)...)))
}

func lines(text string) string {
	var b strings.Builder
	for len(text) > 64 {
		b.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	return b.String() + text + "\n"
}

// ageKey makes an identity of age, with the checksum of BIP 173. TestBech32 holds the code to the vectors of that document.
func ageKey(r *rand.Rand) string {
	body := "AGE-SECRET-KEY-1" + strings.ToUpper(letters(r, bech32, 52))
	values := make([]byte, 0, 100)
	for _, c := range []byte("age-secret-key-") {
		values = append(values, c>>5)
	}
	values = append(values, 0)
	for _, c := range []byte("age-secret-key-") {
		values = append(values, c&31)
	}
	for _, c := range []byte(strings.ToLower(body[16:])) {
		values = append(values, byte(strings.IndexByte(bech32, c)))
	}
	sum := 1
	for _, v := range append(values, 0, 0, 0, 0, 0, 0) {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ int(v)
		for i, g := range []int{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	sum ^= 1
	for i := range 6 {
		body += strings.ToUpper(string(bech32[sum>>(5*(5-i))&31]))
	}
	return body
}
