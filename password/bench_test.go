package password_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/password"
)

// What a login costs with each algorithm at Django 5.2's parameters, and with the default.
func BenchmarkVerify(b *testing.B) {
	configs := map[string]password.Config{"owasp": {}}
	for _, name := range algorithms {
		configs["django-5.2/"+name] = password.Config{Preset: password.Django52, Hashers: []string{name}, InsecureCheap: true}
	}
	for name, cfg := range configs {
		b.Run(name, func(b *testing.B) {
			h := newHasher(b, cfg)
			encoded, err := h.Hash(b.Context(), "correct horse")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if v, err := h.Verify(b.Context(), "correct horse", encoded); err != nil || !v.OK {
					b.Fatal(v, err)
				}
			}
		})
	}
}

// What parsing costs, which is all that a hostile hash is given.
func BenchmarkInspect(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := password.Inspect(vectors["argon2"]); err != nil {
			b.Fatal(err)
		}
	}
}
