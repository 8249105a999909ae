package secretrule

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
)

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	bech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
)

// crc62 is the checksum of GitHub's and npm's tokens: the CRC-32 of the random part, as six digits of base 62
// (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
func crc62(body []byte) []byte {
	n := crc32.ChecksumIEEE(body)
	out := bytes.Repeat([]byte("0"), 6)
	for i := 5; n > 0; i-- {
		out[i] = base62[n%62]
		n /= 62
	}
	return out
}

// hasCRC62 reports whether a token with a prefix of four characters ends with its checksum.
func hasCRC62(token []byte) bool {
	n := len(token)
	return bytes.Equal(crc62(token[4:n-6]), token[n-6:])
}

// hasGrafanaSum reports whether a token ends with the CRC-32 of what stands before its last _, the lowest byte first
// (github.com/grafana/grafana, pkg/components/satokengen).
func hasGrafanaSum(token []byte) bool {
	i := bytes.LastIndexByte(token, '_')
	sum := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(token[:i]))
	return hex.EncodeToString(sum) == string(token[i+1:])
}

// isBech32 reports whether the checksum of a text in Bech32 is right (BIP 173).
func isBech32(text []byte) bool {
	low := strings.ToLower(string(text))
	i := strings.LastIndexByte(low, '1')
	if i < 1 || len(low)-i < 7 {
		return false
	}
	sum := uint32(1)
	add := func(v int) {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ uint32(v)
		for j, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>j&1 == 1 {
				sum ^= g
			}
		}
	}
	for _, c := range []byte(low[:i]) {
		add(int(c >> 5))
	}
	add(0)
	for _, c := range []byte(low[:i]) {
		add(int(c & 31))
	}
	for _, c := range []byte(low[i+1:]) {
		v := strings.IndexByte(bech32, c)
		if v < 0 {
			return false
		}
		add(v)
	}
	return sum == 1
}

// decodesTo returns a check that a part of a token, counted from 0 between separators, is base64 of a text that begins so.
func decodesTo(separator string, part int, prefix string) func([]byte) bool {
	return func(token []byte) bool {
		parts := bytes.Split(token, []byte(separator))
		if part >= len(parts) {
			return false
		}
		return bytes.HasPrefix(decode64(parts[part]), []byte(prefix))
	}
}

// decode64 decodes base64 of either alphabet, with or without padding, up to where it stops to be that.
func decode64(v []byte) []byte {
	v = bytes.TrimRight(v, "=")
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(v, "-_") {
		encoding = base64.RawURLEncoding
	}
	out := make([]byte, encoding.DecodedLen(len(v)))
	n, err := encoding.Decode(out, v[:len(v)&^3])
	if err == nil && len(v)&3 > 1 {
		rest, _ := encoding.DecodeString(string(v[len(v)&^3:]))
		return slices.Concat(out[:n], rest)
	}
	return out[:n]
}

// isJWT reports whether v is a JSON Web Token (RFC 7519), and returns what it claims.
func isJWT(v []byte) (claims map[string]any, ok bool) {
	parts := bytes.Split(v, []byte("."))
	if len(parts) != 3 {
		return nil, false
	}
	var header struct{ Alg string }
	if json.Unmarshal(decode64(parts[0]), &header) != nil || header.Alg == "" || strings.EqualFold(header.Alg, "none") {
		return nil, false
	}
	if json.Unmarshal(decode64(parts[1]), &claims) != nil {
		return nil, false
	}
	return claims, true
}
