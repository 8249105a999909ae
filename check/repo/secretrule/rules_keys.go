package secretrule

import (
	"bytes"
	"encoding/binary"
	"regexp"

	"github.com/airworthy-go/airworthy/check"
)

const (
	maxPEM       = 16 << 10
	revokeKey    = "https://cheatsheetseries.owasp.org/cheatsheets/Key_Management_Cheat_Sheet.html"
	revokeGoogle = "https://cloud.google.com/iam/docs/keys-create-delete"
)

// keys are private keys in whatever form.
func keys() []*Rule {
	pem := []string{"private key-----", "private key block-----", "ls0tls1crudjtib"}
	return append([]*Rule{
		{ID: "google-service-account", Name: "Google service account key", Variable: "GOOGLE_APPLICATION_CREDENTIALS", Revoke: revokeGoogle,
			Literals: pem[:1], Tests: check.Info, Match: func(f *File, at int) []Match {
				around := f.Data[max(0, at-2048):min(len(f.Data), at+8192)]
				if !bytes.Contains(around, []byte("service_account")) || !bytes.Contains(around, []byte("private_key_id")) {
					return nil
				}
				return privateKeys(f, at, false)
			}},
		{ID: "private-key", Name: "private key", Literals: pem, Tests: check.Info, Revoke: revokeKey,
			Match: func(f *File, at int) []Match { return privateKeys(f, at, false) }},
		{ID: "encrypted-private-key", Name: "private key under a password", Literals: pem, Level: check.Warning, Tests: check.Info,
			Revoke: revokeKey, Match: func(f *File, at int) []Match { return privateKeys(f, at, true) }},
		{ID: "putty-key", Name: "PuTTY private key", Literals: []string{"putty-user-key-file-"}, Tests: check.Info, Revoke: revokeKey,
			Match: puttyKey},
		{ID: "jwk", Name: "private JSON Web Key", Literals: []string{`"kty"`}, Tests: check.Info,
			Revoke: "https://www.rfc-editor.org/rfc/rfc7517", Match: jwk()},
		{ID: "key-store", Name: "key store",
			Literals: []string{"\xfe\xed\xfe\xed", "\x03\xd9\xa2\x9a", "\x2a\x86h\x86\xf7\x0d\x01\x07\x01"}, Level: check.Warning,
			Tests: check.Info, Revoke: revokeKey, Match: keyStore},
	}, rulesOf([]token{
		{id: "age-key", name: "age identity", variable: "AIRWORTHY_AGE_IDENTITY", pattern: `AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58}`,
			literals: []string{"age-secret-key-"},
			valid:    isBech32, sure: true, tests: check.Info, revoke: "https://github.com/FiloSottile/age"},
		{id: "wireguard-key", name: "WireGuard private key", pattern: `(?i:privatekey)[ \t]*=[ \t]*([0-9A-Za-z+/]{42}[AEIMQUYcgkosw048]=)`,
			literals: []string{"privatekey"},
			kinds:    Properties, tests: check.Info, revoke: "https://www.wireguard.com/quickstart/"},
	})...)
}

// privateKeys finds a key in PEM (RFC 7468), in OpenSSH's form or in OpenPGP's (RFC 9580), also where line ends are written
// as \n, lines are joined by a program, and all of it is in base64 once more.
func privateKeys(f *File, at int, encrypted bool) []Match {
	data := f.Data
	if data[at]|0x20 == 'l' {
		return wrappedKey(f, at, encrypted)
	}
	low := max(0, at-40)
	begin := bytes.LastIndex(data[low:at], []byte("-----BEGIN "))
	if begin < 0 {
		return nil
	}
	begin += low
	dashes := at + bytes.Index(data[at:], []byte("-----"))
	label := string(data[begin+len("-----BEGIN ") : dashes])
	head := dashes + len("-----")
	rest := data[head:min(len(data), head+maxPEM)]
	end := bytes.Index(rest, []byte("-----END "+label+"-----"))
	if end < 0 || isEncrypted(label, rest[:end]) != encrypted {
		return nil
	}
	body, ok := pemBody(rest[:end])
	if !ok || !isKeyOf(label, body) {
		return nil
	}
	return []Match{{Start: begin, End: head + end + len("-----END "+label+"-----")}}
}

// wrappedKey finds a PEM file in base64, as Kubernetes and kubeconfig have it.
func wrappedKey(f *File, at int, encrypted bool) []Match {
	end := at
	for end < len(f.Data) && end-at < maxPEM && (isLetter(f.Data[end]) || isDigit(f.Data[end]) || bytes.IndexByte([]byte("+/=_-"), f.Data[end]) >= 0) {
		end++
	}
	inner := &File{Data: decode64(f.Data[at:end])}
	i := bytes.Index(inner.Data, []byte("PRIVATE KEY-----"))
	if i < 0 || len(privateKeys(inner, i, encrypted)) == 0 {
		return nil
	}
	return []Match{{Start: at, End: end, Secret: inner.Data}}
}

// pemBody decodes what stands between the lines BEGIN and END, whatever a program has put between and around the lines.
func pemBody(text []byte) ([]byte, bool) {
	var encoded []byte
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte(`\r`), nil), []byte(`\n`), []byte("\n"))
	for line := range bytes.Lines(text) {
		line = bytes.Trim(line, " \t\r\n\"'`+,.\\;#*/&|>")
		if bytes.Contains(line, []byte(": ")) || bytes.HasPrefix(line, []byte("=")) {
			continue // a header, or the checksum of OpenPGP
		}
		encoded = append(encoded, line...)
	}
	body := decode64(bytes.TrimRight(encoded, "="))
	return body, len(body) >= 30 && len(body) >= len(encoded)*3/4-8
}

// isKeyOf reports whether body begins as keys with that label do. What only stands for a key does not.
func isKeyOf(label string, body []byte) bool {
	switch {
	case label == "OPENSSH PRIVATE KEY":
		return bytes.HasPrefix(body, []byte("openssh-key-v1\x00"))
	case label == "PGP PRIVATE KEY BLOCK":
		tag := body[0]
		return tag>>6 == 3 && tag&63 == 5 || tag>>6 == 2 && tag>>2&15 == 5
	}
	n := derLength(body)
	return n > 0 && len(body) >= n-8 && len(body) <= n+64
}

// derLength returns how long a SEQUENCE in DER says it is, with its head; 0 if there is none. A key that was cut for a document
// is shorter.
func derLength(body []byte) int {
	switch {
	case body[0] != 0x30:
	case body[1] < 0x80:
		return int(body[1]) + 2
	case body[1] == 0x81:
		return int(body[2]) + 3
	case body[1] == 0x82:
		return int(binary.BigEndian.Uint16(body[2:])) + 4
	}
	return 0
}

// isEncrypted reports whether a key can be used only with a password.
func isEncrypted(label string, text []byte) bool {
	switch {
	case label == "ENCRYPTED PRIVATE KEY", bytes.Contains(text, []byte("ENCRYPTED")):
		return true
	case label == "OPENSSH PRIVATE KEY":
		body, _ := pemBody(text)
		rest, ok := bytes.CutPrefix(body, []byte("openssh-key-v1\x00"))
		if !ok || len(rest) < 8 {
			return false
		}
		n := binary.BigEndian.Uint32(rest)
		return n > 64 || int(n) > len(rest)-4 || string(rest[4:4+n]) != "none"
	}
	return false
}

func puttyKey(f *File, at int) []Match {
	rest := f.Data[at:min(len(f.Data), at+maxPEM)]
	lines := bytes.Index(rest, []byte("Private-Lines: "))
	end := bytes.Index(rest, []byte("Private-MAC: "))
	if lines < 0 || end < lines || !bytes.Contains(rest[:lines], []byte("Encryption: none")) {
		return nil
	}
	_, body, _ := bytes.Cut(rest[lines:end], []byte("\n"))
	if decoded, ok := pemBody(body); !ok || sequence(decoded) {
		return nil
	}
	return []Match{{Start: at, End: at + end}}
}

// jwk finds a JSON Web Key with the member that makes it private: d, or k where the key is symmetric.
func jwk() func(f *File, at int) []Match {
	private := regexp.MustCompile(`"(?:d|k)"\s*:\s*"([0-9A-Za-z_-]{40,})"`)
	return func(f *File, at int) []Match {
		low := max(0, at-maxToken)
		start := low + 1 + bytes.LastIndexAny(f.Data[low:at], "{}")
		end := bytes.IndexByte(f.Data[at:min(len(f.Data), at+maxToken)], '}')
		if start <= low || end < 0 {
			return nil
		}
		m := private.FindSubmatchIndex(f.Data[start : at+end])
		if m == nil || randomness(f.Data[start+m[2]:start+m[3]]) < 0.4 {
			return nil
		}
		return []Match{{Start: start + m[2], End: start + m[3]}}
	}
}

// keyStore finds files that hold keys under a password: those of Java, KeePass and PKCS #12 (RFC 7292).
func keyStore(f *File, at int) []Match {
	switch {
	case at == 0: // the first four bytes of Java's and KeePass's
	case at < 64 && f.Data[0] == 0x30 && bytes.Contains(f.Data[:at], []byte{2, 1, 3}): // a SEQUENCE with the version 3
	default:
		return nil
	}
	if len(f.Data) < 100 {
		return nil
	}
	return []Match{{Start: 0, End: min(len(f.Data), maxToken)}}
}
