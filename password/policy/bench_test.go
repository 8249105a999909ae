package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/password/policy"
)

func BenchmarkValidate(b *testing.B) {
	var list strings.Builder
	for i := range 100_000 {
		fmt.Fprintln(&list, "password", i)
	}
	filter, _ := build(b, list.String(), policy.FilterOptions{Plain: true})
	user := []policy.Attribute{{Label: "username", Value: "margaret.hamilton"}, {Label: "first name", Value: "Margaret"},
		{Label: "last name", Value: "Hamilton"}, {Label: "email address", Value: "margaret.hamilton@example.com"}}
	for name, cfg := range map[string]policy.Config{"rules": {}, "filter": {BreachedFile: filter}} {
		p := mustNew(b, cfg)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Validate(b.Context(), "three small grey boats", user...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	p := mustNew(b, policy.Config{})
	huge := policy.Attribute{Label: "name", Value: strings.Repeat("three small ", 1<<20)}
	b.Run("a huge attribute", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = p.Validate(b.Context(), "three small grey boats", huge)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustNew(b, policy.Config{})
	}
}
