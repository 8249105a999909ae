package secret_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
)

// line is 200 bytes as a log has them.
var line = strings.Repeat("dial tcp 10.0.0.7:5432: connect: connection refused; retried 3 times, gave up after 2.5s (Mozilla/5.0)", 2)[:200]

func randoms(n int) []secret.Text {
	var all []secret.Text
	for range n {
		all = append(all, secret.New(rand.Text()+rand.Text()))
	}
	return all
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{1, 5, 50} {
		values := randoms(n)
		m := secret.NewMask(values...)
		for name, text := range map[string]string{"clean": line, "short": line[:16], "user agent": line[:110], "hit": line[:100] + values[0].Reveal() + line[152:]} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = m.String(text)
				}
			})
		}
		b.Run(fmt.Sprintf("new/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = secret.NewMask(values...)
			}
		})
		b.Run(fmt.Sprintf("writer/%d", n), func(b *testing.B) {
			w := m.Writer(io.Discard)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = io.WriteString(w, line)
			}
		})
	}
}
