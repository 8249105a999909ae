package gcp_test

import (
	"context"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/airworthy-go/airworthy/conformance/gcp/standin"
	"github.com/airworthy-go/airworthy/drivers/gcpsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

const (
	access = "secretmanager.versions.access"
	add    = "secretmanager.versions.add"
	create = "secretmanager.secrets.create"
)

func change(name, text, version string) settings.Change {
	return settings.Change{Name: name, Text: secret.New(text), Version: version}
}

// holds fails unless the newest version of a secret is text with that number.
func holds(t *testing.T, s *standin.Server, name, text string, number int) {
	t.Helper()
	if got, n := s.Newest(name); got != text || n != number {
		t.Errorf("%s holds %q in version %d, want %q in version %d", name, got, n, text, number)
	}
}

// permissions returns what the calls needed, in their order.
func permissions(calls []standin.Call) string {
	var all []string
	for _, c := range calls {
		all = append(all, c.Permission[strings.LastIndexByte(c.Permission, '.')+1:])
	}
	return strings.Join(all, " ")
}

func TestFieldsChangeInOneVersion(t *testing.T) {
	s, source := begin(t, "bulletin?OTHER=other%23o")
	s.Put("bulletin", `{"SECRET_KEY": "old", "AGE": 1.50}`)
	err := source.Write(t.Context(), []settings.Change{
		change("SECRET_KEY_FALLBACKS", "old", ""), change("SECRET_KEY", "new", "1"), change("OTHER", "<&>", ""), change("LAST", "l", "")})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, "bulletin", `{"SECRET_KEY": "new", "AGE": 1.50,"SECRET_KEY_FALLBACKS":"old","LAST":"l"}`, 3)
	holds(t, s, "other", `{"o":"<&>"}`, 1)
}

func TestChecksumIsSent(t *testing.T) {
	s, source := begin(t, "")
	n := 0
	s.Added = func(r *pb.AddSecretVersionRequest) {
		n++
		sum := crc32.Checksum(r.Payload.Data, crc32.MakeTable(crc32.Castagnoli))
		if r.Payload.DataCrc32C == nil || *r.Payload.DataCrc32C != int64(sum) {
			t.Error("the checksum is missing or wrong")
		}
	}
	if err := source.Write(t.Context(), []settings.Change{change("KEY", "text", "")}); err != nil || n != 2 {
		t.Errorf("got %v after %d attempts to add, want 2: the first finds no secret", err, n)
	}
}

func TestOrderIsKeptAndTheFirstFailureEndsIt(t *testing.T) {
	s, source := begin(t, "")
	for _, name := range []string{"SECRET_KEY_FALLBACKS", "SECRET_KEY", "OTHER"} {
		s.Put(name, "old")
	}
	s.Before = func(_ context.Context, c standin.Call) error {
		if c.Permission == add && c.Name == "secrets/SECRET_KEY" {
			return status.Error(codes.PermissionDenied, canary)
		}
		return nil
	}
	err := source.Write(t.Context(), []settings.Change{
		change("SECRET_KEY_FALLBACKS", "new", ""), change("SECRET_KEY", canary, ""), change("OTHER", "new", "")})
	clean(t, err)
	if err == nil || !strings.Contains(err.Error(), "roles/secretmanager.secretVersionAdder") ||
		!strings.Contains(err.Error(), "(not written: SECRET_KEY, OTHER)") {
		t.Errorf("got %v, want the role that is missing and what was not written", err)
	}
	holds(t, s, "SECRET_KEY_FALLBACKS", "new", 2)
	holds(t, s, "SECRET_KEY", "old", 1)
	holds(t, s, "OTHER", "old", 1)
}

// TestWhoeverOnlyAdds: a whole secret is written without reading it, so that its writer need not be able to.
func TestWhoeverOnlyAdds(t *testing.T) {
	s, source := begin(t, "")
	s.Put("KEY", "old")
	if err := source.Write(t.Context(), []settings.Change{change("KEY", "new", "")}); err != nil {
		t.Fatal(err)
	}
	if got := permissions(s.Calls()); got != "add" {
		t.Errorf("it called %q, want add alone", got)
	}
}

// TestOvertaken: somebody writes between our reading and our writing, which Secret Manager does not notice.
func TestOvertaken(t *testing.T) {
	for _, test := range []struct {
		name, path, before, theirs string
		change                     settings.Change
		overtaken                  bool
	}{
		{"a field", "bulletin", `{"A":"1"}`, `{"A":"theirs"}`, change("A", canary, ""), true},
		{"a field with its version", "bulletin", `{"A":"1"}`, `{"A":"theirs"}`, change("A", canary, "1"), true},
		{"a whole secret with its version", "?A=bulletin", "1", "theirs", change("A", canary, "1"), true},
		{"a whole secret, whatever is there", "?A=bulletin", "1", "theirs", change("A", canary, ""), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, source := begin(t, test.path)
			s.Put("bulletin", test.before)
			s.Before = func(_ context.Context, c standin.Call) error {
				if c.Permission == add {
					s.Put("bulletin", test.theirs)
				}
				return nil
			}
			err := source.Write(t.Context(), []settings.Change{test.change})
			clean(t, err)
			if errors.Is(err, gcpsecrets.ErrOvertaken) != test.overtaken || (err != nil) != test.overtaken {
				t.Errorf("got %v, want overtaken: %v", err, test.overtaken)
			}
			if errors.Is(err, settings.ErrConflict) {
				t.Error("the error wraps ErrConflict, which says that nothing was written")
			}
			if _, n := s.Newest("bulletin"); n != 3 {
				t.Errorf("the newest version is %d, want 3", n)
			}
		})
	}
}

// TestConflictInTheMiddle: what changes after the first was written is no ErrConflict, which promises that nothing was.
func TestConflictInTheMiddle(t *testing.T) {
	s, source := begin(t, "")
	s.Put("A", "old")
	s.Put("B", "old")
	s.Before = func(_ context.Context, c standin.Call) error {
		if c.Permission == add && c.Name == "secrets/A" {
			s.Put("B", "theirs")
		}
		return nil
	}
	err := source.Write(t.Context(), []settings.Change{change("A", "new", "1"), change("B", "new", "1")})
	if err == nil || errors.Is(err, settings.ErrConflict) || !strings.Contains(err.Error(), "(not written: B)") {
		t.Errorf("got %v, want that B was not written", err)
	}
	holds(t, s, "A", "new", 2)
	holds(t, s, "B", "theirs", 2)
}

// TestTheSameSecretAgain: what we have written ourselves is no conflict.
func TestTheSameSecretAgain(t *testing.T) {
	s, source := begin(t, "?A=x%23a&B=y%23b&C=x%23c")
	s.Put("x", `{"a":"1"}`)
	err := source.Write(t.Context(), []settings.Change{change("A", "2", "1"), change("B", "b", ""), change("C", "c", "1")})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, "x", `{"a":"2","c":"c"}`, 3)
}

// TestLatestLags: "latest" is eventually consistent, a version's number is at once.
func TestLatestLags(t *testing.T) {
	t.Run("what we wrote is found", func(t *testing.T) {
		s, source := begin(t, "bulletin")
		s.Put("bulletin", `{"A":"1"}`)
		for i, text := range []string{"2", "3", "4"} {
			if err := source.Write(t.Context(), []settings.Change{change("A", text, "")}); err != nil {
				t.Fatal(err)
			}
			s.Lag("bulletin", i+1)
			got, err := source.Lookup(t.Context(), []string{"A"})
			if err != nil || got["A"].Text != text {
				t.Errorf("got %q, %v, want %q", got["A"].Text, err, text)
			}
		}
	})
	t.Run("so is a new secret", func(t *testing.T) {
		s, source := begin(t, "")
		if err := source.Write(t.Context(), []settings.Change{change("A", "1", "")}); err != nil {
			t.Fatal(err)
		}
		s.Lag("A", 1)
		if got, err := source.Lookup(t.Context(), []string{"A"}); err != nil || got["A"].Text != "1" {
			t.Errorf("got %q, %v, want 1", got["A"].Text, err)
		}
		s.Delete("A")
		if got, err := source.Lookup(t.Context(), []string{"A"}); err != nil || len(got) != 0 {
			t.Errorf("deleted: got %d values, %v, want none", len(got), err)
		}
		s.Put("A", "made again")
		if got, err := source.Lookup(t.Context(), []string{"A"}); err != nil || got["A"].Text != "made again" {
			t.Errorf("got %q, %v, want what was made again", got["A"].Text, err)
		}
	})
	t.Run("what others wrote is a conflict", func(t *testing.T) {
		s, source := begin(t, "bulletin")
		s.Put("bulletin", `{"A":"1"}`)
		s.Put("bulletin", `{"A":"theirs"}`)
		s.Lag("bulletin", 1)
		err := source.Write(t.Context(), []settings.Change{change("A", "mine", "1")})
		if !errors.Is(err, settings.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		holds(t, s, "bulletin", `{"A":"theirs"}`, 2)
	})
	t.Run("what others wrote is kept", func(t *testing.T) {
		s, source := begin(t, "bulletin")
		s.Put("bulletin", `{"A":"1"}`)
		s.Put("bulletin", `{"A":"1","B":"theirs"}`)
		s.Lag("bulletin", 1)
		if err := source.Write(t.Context(), []settings.Change{change("A", "mine", "")}); err != nil {
			t.Fatal(err)
		}
		holds(t, s, "bulletin", `{"A":"mine","B":"theirs"}`, 3)
	})
	t.Run("a newer one that is disabled stops it", func(t *testing.T) {
		s, source := begin(t, "bulletin")
		s.Put("bulletin", `{"A":"1"}`)
		s.Put("bulletin", `{"A":"2"}`)
		s.Change("bulletin", 2, pb.SecretVersion_DISABLED)
		s.Lag("bulletin", 1)
		if err := source.Write(t.Context(), []settings.Change{change("A", "mine", "")}); err == nil {
			t.Error("it wrote on top of a version that is older than the disabled one")
		}
		holds(t, s, "bulletin", `{"A":"2"}`, 2)
	})
}

func TestCreate(t *testing.T) {
	t.Run("regional", func(t *testing.T) {
		s, source := begin(t, "?location=europe-west3")
		if err := source.Write(t.Context(), []settings.Change{change("KEY", "text", "")}); err != nil {
			t.Fatal(err)
		}
		holds(t, s, "locations/europe-west3/secrets/KEY", "text", 1)
	})
	t.Run("somebody else was first", func(t *testing.T) {
		s, source := begin(t, "")
		s.Before = func(_ context.Context, c standin.Call) error {
			if c.Permission == create {
				s.Put("KEY", "theirs")
			}
			return nil
		}
		if err := source.Write(t.Context(), []settings.Change{change("KEY", "text", "")}); err != nil {
			t.Fatal(err)
		}
		holds(t, s, "KEY", "text", 2)
	})
	t.Run("not permitted", func(t *testing.T) {
		s, source := begin(t, "")
		s.Before = func(_ context.Context, c standin.Call) error {
			if c.Permission == create {
				return status.Error(codes.PermissionDenied, canary)
			}
			return nil
		}
		err := source.Write(t.Context(), []settings.Change{change("KEY", canary, "")})
		clean(t, err)
		if err == nil || !strings.Contains(err.Error(), "my-project/KEY") || !strings.Contains(err.Error(), "(not written: KEY)") {
			t.Errorf("got %v, want the secret's name", err)
		}
	})
}

// TestWhatCannotBeWritten is refused before anything is called.
func TestWhatCannotBeWritten(t *testing.T) {
	for _, test := range []struct {
		name, path string
		change     settings.Change
	}{
		{"a pinned version", "?PINNED=key/versions/1", change("PINNED", canary, "")},
		{"a pinned alias", "?PINNED=key/versions/good", change("PINNED", canary, "")},
		{"the empty text", "", change("KEY", "", "")},
		{"more than 64 KiB", "", change("KEY", strings.Repeat(canary, 3000), "")},
		{"a name that no secret can have", "", change("A.B", canary, "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, source := begin(t, test.path)
			err := source.Write(t.Context(), []settings.Change{change("GOOD", "text", ""), test.change})
			clean(t, err)
			if err == nil || !strings.Contains(err.Error(), "(not written: GOOD, "+test.change.Name+")") {
				t.Errorf("got %v, want that neither was written", err)
			}
			if calls := s.Calls(); len(calls) != 0 {
				t.Errorf("it called %v", calls)
			}
		})
	}
	s, source := begin(t, "bulletin")
	s.Put("bulletin", `{"A":"`+strings.Repeat("a", 40<<10)+`"}`)
	err := source.Write(t.Context(), []settings.Change{change("B", strings.Repeat("b", 40<<10), "")})
	if err == nil || !strings.Contains(err.Error(), "larger than 64 KiB") {
		t.Errorf("all fields together: got %v", err)
	}
	s, source = begin(t, "bulletin")
	s.Put("bulletin", canary)
	err = source.Write(t.Context(), []settings.Change{change("B", "b", "")})
	clean(t, err)
	if err == nil {
		t.Error("it wrote a field into a secret that is no JSON")
	}
	holds(t, s, "bulletin", canary, 1)
	if err := source.Write(t.Context(), []settings.Change{change("B", canary+"\xff", "")}); err == nil {
		t.Error("it wrote text that is not UTF-8 into JSON")
	} else {
		clean(t, err)
	}
}

// TestNobodyKnows: a writing whose answer is lost is not tried again, and the error says so.
func TestNobodyKnows(t *testing.T) {
	s, source := begin(t, "")
	s.Put("KEY", "old")
	s.Before = func(context.Context, standin.Call) error { return status.Error(codes.Unavailable, canary) }
	err := source.Write(t.Context(), []settings.Change{change("KEY", canary, "")})
	clean(t, err)
	if err == nil || !strings.Contains(err.Error(), "not known whether it was written") {
		t.Errorf("got %v, want that it is not known", err)
	}
	if got := permissions(s.Calls()); got != "add" {
		t.Errorf("it called %q, want add once", got)
	}
}
