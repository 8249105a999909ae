package accountstest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/accountstest"
)

type (
	user   = accounts.User
	memory = accounts.Memory
)

var bg = context.Background()

// fault is a store with one mistake, made by whichever of the functions is set.
type fault struct {
	*memory
	byID      func(m *memory, id string, u user, err error) (user, error)
	byName    func(m *memory, name string) (user, error)
	twins     func(m *memory, name string) ([]user, error)
	byEmail   func(m *memory, address string) ([]user, error)
	list      func(m *memory, after string, limit int) ([]user, error)
	create    func(m *memory, u user) (user, error)
	update    func(m *memory, u user) error
	email     func(m *memory, id, address string) error
	active    func(m *memory, id string, active bool) error
	password  func(m *memory, id, was, encoded string) error
	lastLogin func(m *memory, id string, at time.Time) error
}

func (f *fault) ByID(ctx context.Context, id string) (user, error) {
	u, err := f.memory.ByID(ctx, id)
	if f.byID != nil {
		return f.byID(f.memory, id, u, err)
	}
	return u, err
}

func (f *fault) ByUsername(ctx context.Context, name string) (user, error) {
	if f.byName != nil {
		return f.byName(f.memory, name)
	}
	return f.memory.ByUsername(ctx, name)
}

func (f *fault) Twins(ctx context.Context, name string) ([]user, error) {
	if f.twins != nil {
		return f.twins(f.memory, name)
	}
	return f.memory.Twins(ctx, name)
}

func (f *fault) ByEmail(ctx context.Context, address string) ([]user, error) {
	if f.byEmail != nil {
		return f.byEmail(f.memory, address)
	}
	return f.memory.ByEmail(ctx, address)
}

func (f *fault) List(ctx context.Context, after string, limit int) ([]user, error) {
	if f.list != nil {
		return f.list(f.memory, after, limit)
	}
	return f.memory.List(ctx, after, limit)
}

func (f *fault) Create(ctx context.Context, u user) (user, error) {
	if f.create != nil {
		return f.create(f.memory, u)
	}
	return f.memory.Create(ctx, u)
}

func (f *fault) Update(ctx context.Context, u user) error {
	if f.update != nil {
		return f.update(f.memory, u)
	}
	return f.memory.Update(ctx, u)
}

func (f *fault) SetEmail(ctx context.Context, id, address string) error {
	if f.email != nil {
		return f.email(f.memory, id, address)
	}
	return f.memory.SetEmail(ctx, id, address)
}

func (f *fault) SetActive(ctx context.Context, id string, active bool) error {
	if f.active != nil {
		return f.active(f.memory, id, active)
	}
	return f.memory.SetActive(ctx, id, active)
}

func (f *fault) SetPassword(ctx context.Context, id, was, encoded string) error {
	if f.password != nil {
		return f.password(f.memory, id, was, encoded)
	}
	return f.memory.SetPassword(ctx, id, was, encoded)
}

func (f *fault) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	if f.lastLogin != nil {
		return f.lastLogin(f.memory, id, at)
	}
	return f.memory.SetLastLogin(ctx, id, at)
}

// all returns everybody for whom in is true.
func all(m *memory, limit int, in func(user) bool) (some []user, err error) {
	users, err := m.List(bg, "", 10_000)
	for _, u := range users {
		if in(u) && len(some) < limit {
			some = append(some, u)
		}
	}
	return some, err
}

// cut returns the text up to its first zero byte, as what is written in C does.
func cut(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// faults are the mistakes that stores of users make, each with a test that has to find it.
var faults = []struct {
	name, found string
	fault       fault
}{
	{"loses-a-field", "a user comes back as it was created", fault{
		byID: func(_ *memory, _ string, u user, err error) (user, error) { u.Staff = false; return u, err }}},
	{"cuts-text", "a user comes back as it was created", fault{
		create: func(m *memory, u user) (user, error) {
			if r := []rune(u.LastName); len(r) > 100 {
				u.LastName = string(r[:100])
			}
			return m.Create(bg, u)
		}}},
	{"takes-the-caller's-ID", "the store gives the IDs", fault{
		create: func(m *memory, u user) (user, error) {
			id := u.ID
			u, err := m.Create(bg, u)
			if id != "" {
				u.ID = id
			}
			return u, err
		}}},
	{"folds-names", "a name finds whoever has exactly it", fault{
		byName: func(m *memory, name string) (user, error) {
			if twins, _ := m.Twins(bg, name); len(twins) > 0 {
				return twins[0], nil
			}
			return user{}, accounts.ErrNotFound
		}}},
	{"twins-by-ASCII", "twins are refused or found", fault{
		twins: func(m *memory, name string) ([]user, error) {
			return all(m, 10, func(u user) bool { return asciiLower(u.Username) == asciiLower(name) })
		}}},
	{"twins-without-the-same", "twins are refused or found", fault{
		twins: func(m *memory, name string) ([]user, error) {
			return all(m, 10, func(u user) bool {
				return u.Username != name && accounts.CanonicalUsername(u.Username) == accounts.CanonicalUsername(name)
			})
		}}},
	{"renames", "a name is given once", fault{
		create: func(m *memory, u user) (user, error) {
			for {
				made, err := m.Create(bg, u)
				if !errors.Is(err, accounts.ErrTaken) {
					return made, err
				}
				u.Username += "1"
			}
		}}},
	{"upserts", "of a hundred who want one name one gets it", fault{
		create: func(m *memory, u user) (user, error) {
			made, err := m.Create(bg, u)
			if errors.Is(err, accounts.ErrTaken) {
				return m.ByUsername(bg, u.Username)
			}
			return made, err
		}}},
	{"unique-addresses", "a name is given once", fault{
		create: func(m *memory, u user) (user, error) {
			if same, _ := m.ByEmail(bg, u.Email); len(same) > 0 {
				return user{}, accounts.ErrTaken
			}
			return m.Create(bg, u)
		}}},
	{"addresses-by-bytes", "an address finds whoever may have it", fault{
		byEmail: func(m *memory, a string) ([]user, error) {
			return all(m, 100, func(u user) bool { return a != "" && u.Email == a })
		}}},
	{"addresses-by-ASCII", "an address finds whoever may have it", fault{
		byEmail: func(m *memory, a string) ([]user, error) {
			return all(m, 100, func(u user) bool { return a != "" && asciiLower(u.Email) == asciiLower(a) })
		}}},
	{"addresses-by-simple-folding", "an address finds whoever may have it", fault{
		byEmail: func(m *memory, a string) ([]user, error) {
			return all(m, 100, func(u user) bool { return a != "" && strings.EqualFold(u.Email, a) })
		}}},
	{"the-empty-address", "an address finds whoever may have it", fault{
		byEmail: func(m *memory, a string) ([]user, error) {
			return all(m, 100, func(u user) bool { return accounts.CanonicalEmail(u.Email) == accounts.CanonicalEmail(a) })
		}}},
	{"addresses-as-they-were-asked", "an address finds whoever may have it", fault{ // CVE-2019-19844
		byEmail: func(m *memory, a string) ([]user, error) {
			users, err := m.ByEmail(bg, a)
			for i := range users {
				users[i].Email = a
			}
			return users, err
		}}},
	{"patterns", "look-alikes of an address hide nobody", fault{
		byEmail: func(m *memory, a string) ([]user, error) {
			if !strings.Contains(a, "_") || !utf8.ValidString(a) {
				return m.ByEmail(bg, a)
			}
			like := regexp.MustCompile("(?i)^" + strings.ReplaceAll(regexp.QuoteMeta(a), "_", ".") + "$")
			return all(m, 100, func(u user) bool { return like.MatchString(u.Email) })
		}}},
	{"any-hundred", "look-alikes of an address hide nobody", fault{
		byEmail: func(m *memory, a string) ([]user, error) {
			return all(m, 100, func(u user) bool { return a != "" && accounts.CanonicalEmail(u.Email) == accounts.CanonicalEmail(a) })
		}}},
	{"update-of-too-much", "an update replaces what it may and nothing else", fault{
		update: func(m *memory, u user) error {
			err := m.Update(bg, u)
			have, _ := m.ByID(bg, u.ID)
			return errors.Join(err, ignore(m.SetPassword(bg, u.ID, have.Password, u.Password)))
		}}},
	{"late-update", "an update does not bring back a former password", fault{
		update: func(m *memory, u user) error {
			err := m.Update(bg, u)
			have, _ := m.ByID(bg, u.ID)
			return errors.Join(err, ignore(m.SetPassword(bg, u.ID, have.Password, u.Password)))
		}}},
	{"update-of-nobody", "an update replaces what it may and nothing else", fault{
		update: func(m *memory, u user) error { return ignore(m.Update(bg, u)) }}},
	{"forgets-addresses", "an update replaces what it may and nothing else", fault{
		update: func(m *memory, u user) error {
			if have, err := m.ByID(bg, u.ID); err == nil {
				u.Email = have.Email
			}
			return m.Update(bg, u)
		}}},
	{"only-locks", "an address and a lock are set alone", fault{
		active: func(m *memory, id string, active bool) error {
			if active {
				_, err := m.ByID(bg, id)
				return err
			}
			return m.SetActive(bg, id, active)
		}}},
	{"email-unlocks", "an address and a lock are set alone", fault{
		email: func(m *memory, id, address string) error {
			return errors.Join(m.SetEmail(bg, id, address), m.SetActive(bg, id, true))
		}}},
	{"email-of-nobody", "an address and a lock are set alone", fault{
		email: func(m *memory, id, address string) error { return ignore(m.SetEmail(bg, id, address)) }}},
	{"deaf-set", "a password is replaced if it is the one", fault{
		password: func(m *memory, id, was, encoded string) error {
			have, err := m.ByID(bg, id)
			if err == nil && have.Password == was {
				return accounts.ValidEncoded(encoded)
			}
			return m.SetPassword(bg, id, was, encoded)
		}}},
	{"no-compare", "a password is replaced if it is the one", fault{
		password: func(m *memory, id, _, encoded string) error {
			have, _ := m.ByID(bg, id)
			return m.SetPassword(bg, id, have.Password, encoded)
		}}},
	{"compare-then-set", "of many changes of one password one wins", fault{
		password: func(m *memory, id, was, encoded string) error {
			have, err := m.ByID(bg, id)
			if err != nil || have.Password != was {
				return m.SetPassword(bg, id, was, encoded)
			}
			time.Sleep(time.Millisecond) // as a round trip takes
			for {
				have, _ = m.ByID(bg, id)
				if err := m.SetPassword(bg, id, have.Password, encoded); !errors.Is(err, accounts.ErrConflict) {
					return err
				}
			}
		}}},
	{"never-logs-in", "the last login is noted", fault{
		lastLogin: func(m *memory, id string, at time.Time) error { return m.SetLastLogin(bg, id, time.Time{}) }}},
	{"year-one", "the last login is noted", fault{
		byID: func(_ *memory, _ string, u user, err error) (user, error) {
			if u.LastLogin.IsZero() {
				u.LastLogin = time.Unix(0, 0)
			}
			return u, err
		}}},
	{"loses-zones", "times come back to the second", fault{
		lastLogin: func(m *memory, id string, at time.Time) error {
			return m.SetLastLogin(bg, id, time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC))
		}}},
	{"rounds", "times come back to the second", fault{
		lastLogin: func(m *memory, id string, at time.Time) error { return m.SetLastLogin(bg, id, at.Round(time.Second)) }}},
	{"lists-from", "all users are listed in order", fault{
		list: func(m *memory, after string, limit int) ([]user, error) {
			return all(m, limit, func(u user) bool { return u.Username >= after })
		}}},
	{"lists-by-letters", "all users are listed in order", fault{
		list: func(m *memory, after string, limit int) ([]user, error) {
			return all(m, limit, func(u user) bool { return strings.ToLower(u.Username) > strings.ToLower(after) })
		}}},
	{"zero-bytes-end-text", "text that nobody can have", fault{
		byName: func(m *memory, name string) (user, error) { return m.ByUsername(bg, cut(name)) }}},
	{"says-what-the-database-says", "text that nobody can have", fault{
		byID: func(_ *memory, id string, u user, err error) (user, error) {
			if strings.Contains(id, "\xff") {
				return user{}, errors.New("invalid byte sequence for encoding UTF8")
			}
			return u, err
		}}},
	{"several-IDs-of-one", "text that nobody can have", fault{
		byID: func(m *memory, id string, _ user, _ error) (user, error) { return m.ByID(bg, strings.TrimSpace(id)) }}},
	{"keeps-anything", "text that cannot be kept is refused", fault{
		create: func(m *memory, u user) (user, error) {
			u.FirstName = cut(u.FirstName)
			return m.Create(bg, u)
		}}},
	{"updates-anything", "text that cannot be kept is refused", fault{
		update: func(m *memory, u user) error {
			u.Email = strings.ToValidUTF8(u.Email, "")
			return m.Update(bg, u)
		}}},
	{"nobody-when-it-cannot-look", "a store that cannot look", fault{}},
}

// asciiLower is SQLite's lower().
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// ignore drops what is no error of the database's.
func ignore(err error) error {
	if errors.Is(err, accounts.ErrNotFound) || errors.Is(err, accounts.ErrConflict) {
		return nil
	}
	return err
}

// ended is a store that takes an ended context for an empty table.
type ended struct{ *fault }

func (e ended) ByID(ctx context.Context, id string) (user, error) {
	if ctx.Err() != nil {
		return user{}, accounts.ErrNotFound
	}
	return e.fault.ByID(ctx, id)
}

const variable = "AIRWORTHY_ACCOUNTSTEST_FAULT"

// TestFaultyStore is run by TestFaultsAreFound, in a process of its own.
func TestFaultyStore(t *testing.T) {
	for _, row := range faults {
		if row.name != os.Getenv(variable) {
			continue
		}
		accountstest.TestStore(t, func(*testing.T) accounts.Store {
			f := row.fault
			f.memory = accounts.NewMemory()
			if row.name == "nobody-when-it-cannot-look" {
				return ended{&f}
			}
			return &f
		})
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, row := range faults {
		t.Run(row.name, func(t *testing.T) { wantFound(t, "TestFaultyStore", row.name, row.found) })
	}
}

// wantFound runs the tests of a faulty store and fails unless the test of that name fails.
func wantFound(t *testing.T, test, name, found string) {
	t.Helper()
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), variable+"="+name)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || !exit.Exited() {
		t.Fatalf("the tests pass: %v", err)
	}
	want := regexp.MustCompile(`--- FAIL: ` + test + `/` + regexp.QuoteMeta(strings.ReplaceAll(found, " ", "_")))
	if !want.Match(out) || strings.Contains(string(out), "panic: ") {
		t.Errorf("the failure is not of %q, or a panic:\n%s", found, out)
	}
}
