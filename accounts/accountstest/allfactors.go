package accountstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// pages reads all factors and calls between after each page.
func pages(t *testing.T, s accounts.FactorStore, size int, between func(last accounts.Factor)) []accounts.Factor {
	t.Helper()
	var all []accounts.Factor
	for after := ""; ; {
		page, err := s.AllFactors(t.Context(), after, size)
		if err != nil || len(page) > size {
			t.Fatalf("AllFactors of at most %d = %d factors, %v", size, len(page), err)
		}
		if len(page) == 0 {
			return all
		}
		if all = append(all, page...); len(all) > 1000 {
			t.Fatal("AllFactors does not end")
		}
		after = page[len(page)-1].ID
		between(page[len(page)-1])
	}
}

func testAllFactors(t *testing.T, s accounts.FactorStore, user, other string) {
	want := map[string]accounts.Factor{}
	for i := range 25 {
		f := factor([]string{user, other}[i%2], fmt.Sprintf("factor %d", i))
		f.Created = now().Add(-time.Duration(i*7%25) * time.Minute) // not the order of the IDs
		f = add(t, s, f)
		want[f.ID] = f
	}
	var order []string
	for _, size := range []int{1000, 1, 2, 7, 25} {
		all := pages(t, s, size, func(accounts.Factor) {})
		var ids []string
		for _, f := range all {
			sameFactor(t, "AllFactors", f, want[f.ID])
			ids = append(ids, f.ID)
		}
		if order == nil {
			order = ids
		}
		if len(all) != len(want) || !slices.Equal(ids, order) {
			t.Errorf("in pages of %d: %d factors, want %d, each once and always in one order", size, len(all), len(want))
		}
	}
	for _, limit := range []int{0, -1} {
		if got, err := s.AllFactors(t.Context(), "", limit); len(got) != 0 || err != nil {
			t.Errorf("AllFactors of at most %d = %d, %v, want none", limit, len(got), err)
		}
	}
}

// testAllFactorsMeanwhile is what sealing anew does: it updates what it reads, while users add and remove factors.
func testAllFactorsMeanwhile(t *testing.T, s accounts.FactorStore, user, other string) {
	stay := map[string]int{}
	for i := range 20 {
		stay[add(t, s, factor(user, fmt.Sprintf("stays %d", i))).ID] = 0
		add(t, s, factor(other, fmt.Sprintf("goes %d", i)))
	}
	late := 0
	all := pages(t, s, 3, func(last accounts.Factor) {
		if last.User == other { // the page ends with one that is gone when the next one begins
			if err := s.DeleteFactor(t.Context(), other, last.ID); err != nil {
				t.Fatalf("DeleteFactor: %v", err)
			}
		} else if _, err := s.UpdateFactor(t.Context(), last); err != nil {
			t.Fatalf("UpdateFactor: %v", err)
		}
		if going := factorsOf(t, s, other); len(going) > 0 { // in this page or in one that is to come
			if err := s.DeleteFactor(t.Context(), other, going[len(going)/2].ID); err != nil {
				t.Fatalf("DeleteFactor: %v", err)
			}
		}
		if late++; late <= 10 {
			add(t, s, factor(user, "late"))
		}
	})
	for _, f := range all {
		if _, ok := stay[f.ID]; ok {
			stay[f.ID]++
		}
	}
	for _, n := range stay {
		if n != 1 {
			t.Errorf("a factor that was there all the time was listed %d times, want once", n)
		}
	}
}

func testHostileFactors(t *testing.T, s accounts.FactorStore, user, other string) {
	f := add(t, s, factor(user, "phone"))
	for _, text := range hostile(f.ID) {
		change := f
		change.ID = text
		_, err := s.UpdateFactor(t.Context(), change)
		wantErr(t, fmt.Sprintf("UpdateFactor of %q", brief(text)), err, accounts.ErrNotFound)
		wantErr(t, fmt.Sprintf("DeleteFactor of %q", brief(text)), s.DeleteFactor(t.Context(), user, text), accounts.ErrNotFound)
		if got, err := s.AllFactors(t.Context(), text, 10); len(got) > 1 || err != nil {
			t.Errorf("AllFactors behind %q = %d factors, %v, want one at most", brief(text), len(got), err)
		}
	}
	for _, text := range append(hostile(user), other+"\x00") {
		if text == other {
			continue // the second user of a store that counts
		}
		if got, err := s.Factors(t.Context(), text); len(got) != 0 || err != nil {
			t.Errorf("Factors(%q) = %d, %v, want none", brief(text), len(got), err)
		}
		change := f
		change.User = text
		_, err := s.UpdateFactor(t.Context(), change)
		wantErr(t, fmt.Sprintf("UpdateFactor of the user %q", brief(text)), err, accounts.ErrNotFound)
		wantErr(t, fmt.Sprintf("DeleteFactor of the user %q", brief(text)), s.DeleteFactor(t.Context(), text, f.ID), accounts.ErrNotFound)
	}
	wantFactors(t, s, "after all that", user, f)
}

func testInvalidFactors(t *testing.T, s accounts.FactorStore, user, _ string) {
	f := add(t, s, factor(user, "phone"))
	for what, set := range map[string]func(*accounts.Factor){
		"a name with a zero byte":     func(f *accounts.Factor) { f.Name = "a\x00b" },
		"a name that is no UTF-8":     func(f *accounts.Factor) { f.Name = "\xff" },
		"a name of a megabyte":        func(f *accounts.Factor) { f.Name = strings.Repeat("x", 1<<20) },
		"a name of 151 characters":    func(f *accounts.Factor) { f.Name = strings.Repeat("é", 151) },
		"more than 64 KiB of data":    func(f *accounts.Factor) { f.Data = make([]byte, maxData+1) },
		"a kind without a name":       func(f *accounts.Factor) { f.Kind = "" },
		"a kind with a zero byte":     func(f *accounts.Factor) { f.Kind = "a\x00" },
		"a kind of too many letters":  func(f *accounts.Factor) { f.Kind = accounts.FactorKind(strings.Repeat("k", 1000)) },
		"no user":                     func(f *accounts.Factor) { f.User = "" },
		"a user who cannot be a user": func(f *accounts.Factor) { f.User = "\x00" },
	} {
		bad := factor(user, "bad")
		set(&bad)
		_, err := s.AddFactor(t.Context(), bad)
		wantErr(t, "AddFactor with "+what, err, accounts.ErrInvalid)
		bad = f
		set(&bad)
		if bad.User == f.User && bad.Kind == f.Kind { // which UpdateFactor writes
			_, err = s.UpdateFactor(t.Context(), bad)
			wantErr(t, "UpdateFactor with "+what, err, accounts.ErrInvalid)
		}
	}
	wantFactors(t, s, "after all that", user, f)
}

func testFactorOwnership(t *testing.T, s accounts.FactorStore, user, _ string) {
	want := []byte("sealed")
	f := factor(user, "phone")
	f.Data = bytes.Clone(want)
	got := add(t, s, f)
	clear(f.Data)
	clear(got.Data)
	for _, f := range factorsOf(t, s, user) {
		clear(f.Data)
	}
	got.Data = bytes.Clone(want)
	updated, err := s.UpdateFactor(t.Context(), got)
	if err != nil {
		t.Fatalf("UpdateFactor: %v", err)
	}
	clear(got.Data)
	clear(updated.Data)
	all, err := s.AllFactors(t.Context(), "", 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("AllFactors = %d, %v", len(all), err)
	}
	clear(all[0].Data)
	if kept := factorsOf(t, s, user); len(kept) != 1 || !bytes.Equal(kept[0].Data, want) {
		t.Error("what a caller did to its own bytes changed what the store keeps")
	}
}

func testCancelledFactors(t *testing.T, s accounts.FactorStore, user, _ string) {
	f := add(t, s, factor(user, "phone"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	mine, mineErr := s.Factors(ctx, user)
	all, allErr := s.AllFactors(ctx, "", 10)
	if mineErr == nil && len(mine) == 0 || allErr == nil && len(all) == 0 {
		t.Error("with a cancelled context there is no factor, want an error")
	}
	_, updateErr := s.UpdateFactor(ctx, f)
	_, addErr := s.AddFactor(ctx, factor(user, "second"))
	for what, err := range map[string]error{"UpdateFactor": updateErr, "AddFactor": addErr, "DeleteFactor": s.DeleteFactor(ctx, user, f.ID)} {
		for _, wrong := range []error{accounts.ErrNotFound, accounts.ErrConflict, accounts.ErrInvalid} {
			if errors.Is(err, wrong) {
				t.Errorf("%s with a cancelled context = %v, want another error or none", what, err)
			}
		}
	}
}
