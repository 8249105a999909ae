package signing

import "strings"

const (
	digits     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	maxSeconds = 1 << 40 // 35,000 years, which time.Time can add up without overflow
)

// appendBase62 appends n in Django's base 62.
func appendBase62(dst []byte, n int64) []byte {
	var buf [11]byte
	i := len(buf)
	u := uint64(n)
	if n < 0 {
		dst = append(dst, '-')
		u = -u
	}
	for {
		i--
		buf[i] = digits[u%62]
		if u /= 62; u == 0 {
			return append(dst, buf[i:]...)
		}
	}
}

// parseBase62 reads what appendBase62 writes, up to maxSeconds on both sides of zero. It refuses every other spelling
// of the same number.
func parseBase62(s string) (n int64, ok bool) {
	body, negative := strings.CutPrefix(s, "-")
	if body == "" || body[0] == '0' && (negative || len(body) > 1) {
		return 0, false
	}
	for i := range len(body) {
		d := strings.IndexByte(digits, body[i])
		if d < 0 {
			return 0, false
		}
		if n = n*62 + int64(d); n > maxSeconds {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, true
}
