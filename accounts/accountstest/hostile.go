package accountstest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// hostile returns texts as a client could send them, none of which is real or its twin.
func hostile(real string) []string {
	return []string{
		"", " ", "\x00", real + "\x00", "\x00" + real, real + "\x00x", "\xff\xfe", real + "\xff", "\xed\xa0\x80", real + " ", " " + real,
		real + "\n", "\t" + real, "' OR '1'='1", `" OR 1=1 --`, "%", "_", "*", real + "%", "\\", "NULL", "nil", "0", "-1", "+" + real,
		"0" + real, real + ".0", "0x1", "1e0", "\uff11", "\u0661", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"2147483648", "99999999999999999999999999", real + "\u200b", "\u202e" + real, "\ufeff" + real, "../" + real,
		strings.Repeat("x", 1<<20), strings.Repeat("\u0301", 1<<19), strings.Repeat("\ufdfa", 1000), strings.Repeat("9", 1<<20),
		strings.Repeat("\xff", 1<<20), strings.Repeat("\x00", 1<<20),
	}
}

func testHostile(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("alice"))
	for _, id := range hostile(alice.ID) {
		_, err := s.ByID(t.Context(), id)
		wantErr(t, fmt.Sprintf("ByID(%q)", brief(id)), err, accounts.ErrNotFound)
		wantErr(t, fmt.Sprintf("SetPassword(%q)", brief(id)), s.SetPassword(t.Context(), id, alice.Password, "new"), accounts.ErrNotFound)
		wantErr(t, fmt.Sprintf("SetLastLogin(%q)", brief(id)), s.SetLastLogin(t.Context(), id, now()), accounts.ErrNotFound)
		u := somebody("mallory")
		u.ID = id
		wantErr(t, fmt.Sprintf("Update of %q", brief(id)), s.Update(t.Context(), u), accounts.ErrNotFound)
	}
	for _, name := range hostile("alice") {
		_, err := s.ByUsername(t.Context(), name)
		wantErr(t, fmt.Sprintf("ByUsername(%q)", brief(name)), err, accounts.ErrNotFound)
		if got, err := s.Twins(t.Context(), name); len(got) != 0 || err != nil {
			t.Errorf("Twins(%q) = %q, %v, want nobody", brief(name), names(got), err)
		}
		if got, err := s.List(t.Context(), name, 10); len(got) > 1 || err != nil {
			t.Errorf("List(%q) = %q, %v, want one user at most and no error", brief(name), names(got), err)
		}
	}
	for _, address := range hostile(alice.Email) {
		got, err := s.ByEmail(t.Context(), address)
		if err != nil {
			t.Errorf("ByEmail(%q) = %v, want nobody", brief(address), err)
		}
		for _, u := range got { // the caller compares again
			if accounts.CanonicalEmail(u.Email) == accounts.CanonicalEmail(address) {
				t.Errorf("ByEmail(%q) found %q", brief(address), u.Email)
			}
		}
	}
	same(t, "after all that", byID(t, s, alice.ID), alice)
}

func testInvalid(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("alice"))
	bad := map[string]func(*accounts.User, string){
		"Username": func(u *accounts.User, text string) { u.Username = text },
		"Password": func(u *accounts.User, text string) { u.Password = text },
	}
	updated := map[string]func(*accounts.User, string){
		"Email":     func(u *accounts.User, text string) { u.Email = text },
		"FirstName": func(u *accounts.User, text string) { u.FirstName = text },
		"LastName":  func(u *accounts.User, text string) { u.LastName = text },
	}
	texts := []string{"a\x00b", "\x00", "\xff", "a\xed\xa0\x80", strings.Repeat("x", 255), strings.Repeat("x", 1<<20), strings.Repeat("é", 255)}
	for _, text := range texts {
		for field, set := range bad {
			u := somebody("bob")
			set(&u, text)
			_, err := s.Create(t.Context(), u)
			wantErr(t, fmt.Sprintf("Create with %s %q", field, brief(text)), err, accounts.ErrInvalid)
		}
		for field, set := range updated {
			u := somebody("bob")
			set(&u, text)
			_, err := s.Create(t.Context(), u)
			wantErr(t, fmt.Sprintf("Create with %s %q", field, brief(text)), err, accounts.ErrInvalid)
			u = alice
			set(&u, text)
			wantErr(t, fmt.Sprintf("Update with %s %q", field, brief(text)), s.Update(t.Context(), u), accounts.ErrInvalid)
		}
		wantErr(t, fmt.Sprintf("SetPassword to %q", brief(text)), s.SetPassword(t.Context(), alice.ID, alice.Password, text), accounts.ErrInvalid)
	}
	for what, u := range map[string]accounts.User{
		"no name": {}, "a full-width name": {Username: "ｂob"},
		"an address that grows when it is folded": {Username: "bob", Email: strings.Repeat("\ufdfa", accounts.MaxEmail)},
	} {
		_, err := s.Create(t.Context(), u)
		wantErr(t, "Create with "+what, err, accounts.ErrInvalid)
	}
	same(t, "after all that", byID(t, s, alice.ID), alice)
	if all, err := s.List(t.Context(), "", 10); len(all) != 1 || err != nil {
		t.Errorf("after all that there are %q, %v, want alice alone", names(all), err)
	}
}

// testCancelled asks for what is there, with a context that has ended: whoever is told that there is nobody signs up a
// second time, and whoever is told that there is no factor is let in without.
func testCancelled(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("alice"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, idErr := s.ByID(ctx, alice.ID)
	_, nameErr := s.ByUsername(ctx, "alice")
	_, createErr := s.Create(ctx, somebody("bob"))
	for what, err := range map[string]error{
		"ByID": idErr, "ByUsername": nameErr, "Create": createErr, "Update": s.Update(ctx, alice),
		"SetPassword":  s.SetPassword(ctx, alice.ID, alice.Password, alice.Password),
		"SetLastLogin": s.SetLastLogin(ctx, alice.ID, time.Now()),
	} {
		for _, wrong := range []error{accounts.ErrNotFound, accounts.ErrTaken, accounts.ErrConflict, accounts.ErrInvalid} {
			if errors.Is(err, wrong) {
				t.Errorf("%s with a cancelled context = %v, want another error or none", what, err)
			}
		}
	}
	twins, twinsErr := s.Twins(ctx, "alice")
	owners, emailErr := s.ByEmail(ctx, alice.Email)
	all, listErr := s.List(ctx, "", 10)
	for what, found := range map[string]bool{
		"Twins": twinsErr != nil || len(twins) > 0, "ByEmail": emailErr != nil || len(owners) > 0, "List": listErr != nil || len(all) > 0,
	} {
		if !found {
			t.Errorf("%s with a cancelled context finds nobody, want an error", what)
		}
	}
}
