package manage_test

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/password"
)

func TestUserCreate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     string
		args   string
		status int
		want   []string // in what it says
		word   string   // that opens the account then; empty if there is none
	}{
		{"the password stands on stdin", goodWord + "\n", "ada", 0, []string{"made the account ada"}, goodWord},
		{"without an end of line", goodWord, "ada", 0, nil, goodWord},
		{"with that of Windows", goodWord + "\r\n", "ada", 0, nil, goodWord},
		{"only the first line counts", goodWord + "\nsecond\n", "ada", 0, nil, goodWord},
		{"spaces belong to it", "  " + goodWord + " \n", "ada", 0, nil, "  " + goodWord + " "},
		{"nothing on stdin", "", "ada", 1, []string{"the first line of stdin is empty", "--generate"}, ""},
		{"an empty first line", "\n" + goodWord + "\n", "ada", 1, []string{"the first line of stdin is empty"}, ""},
		{"a line without an end to it", strings.Repeat("x", 1<<20), "ada", 1, []string{"longer than 4096 bytes"}, ""},
		{"one byte too long", strings.Repeat("xy1 ", password.MaxLength/4) + "z\n", "ada", 1, []string{"longer than 4096 bytes"}, ""},
		{"the longest", strings.Repeat("xy1 ", password.MaxLength/4) + "\n", "ada", 0, nil, strings.Repeat("xy1 ", password.MaxLength/4)},
		{"all that is wrong with it", "123456\n", "ada", 1, []string{"no account was made, for 3 reasons:\n",
			"\n  password: This password is too short", "\n  password: This password is too common", "\n  password: This password has only digits"}, ""},
		{"one reason", "qpwoeirutz\n", "ada", 1, []string{"for 1 reason:"}, ""},
		{"like the name", "ada.lovelace.ada\n", "ada.lovelace", 1, []string{"too similar to the username"}, ""},
		{"like the address", "lovelace.ada.1815\n", "ada --email lovelace.ada.1815@example.com", 1, []string{"too similar to the email address"}, ""},
		{"with everything else", "short\n", "no/name --email nowhere", 1, []string{"  username: Choose a name", "  email: Enter a valid", "  password: "}, ""},
		{"no text", "\xff\xfe\xfd seven wild geese\n", "ada", 1, []string{"no account was made"}, ""},
		{"a name that is taken", goodWord + "\n", "grace", 1, []string{"  username: Somebody already has this name."}, ""},
		{"a name that is nearly taken", goodWord + "\n", "GRACE", 1, []string{"Somebody already has this name."}, ""},
		{"a name that controls terminals", goodWord + "\n", "ada\x1b[2J", 1, []string{"  username: Choose a name"}, ""},
		{"a name in another form is brought to its own", goodWord + "\n", "\uff41da", 0, []string{"made the account ada"}, goodWord},
		{"no password", "", "ada --no-password", 0, []string{"nobody can log in until"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClub(t)
			c.member("grace")
			if tt.word != "" {
				c.word = tt.word
			}
			status, out, errs := c.run(tt.in, append([]string{"user", "create"}, strings.Split(tt.args, " ")...)...)
			if status != tt.status {
				t.Errorf("status %d, want %d: %s", status, tt.status, errs)
			}
			for _, want := range tt.want {
				if !strings.Contains(out+errs, want) {
					t.Errorf("got %q, want %q in it", out+errs, want)
				}
			}
			if line, _, _ := strings.Cut(tt.in, "\n"); len(line) > 6 && strings.Contains(out+errs, line[:6]) {
				t.Errorf("what was on stdin is printed: %.100q", out+errs)
			}
			switch {
			case tt.status != 0:
				if all := c.all(); len(all) != 1 || out != "" {
					t.Errorf("there are %d accounts, stdout %q: want only grace's, and nothing", len(all), out)
				}
			case tt.word == "":
				if password.Usable(c.user("ada").Password) {
					t.Error("the account has a password")
				}
			case !c.opens("ada", tt.word):
				t.Error("the password does not open the account")
			}
		})
	}
}

func TestUserCreateRights(t *testing.T) {
	c := newClub(t)
	c.expect(0, "made", c.word, "user", "create", "ada", "--staff", "--email", "Ada@EXAMPLE.com")
	c.expect(0, "made", c.word, "user", "create", "root", "--superuser")
	if u := c.user("ada"); !u.Staff || u.Superuser || !u.Active || u.Email != "Ada@example.com" {
		t.Errorf("ada is %+v", u)
	}
	if u := c.user("root"); u.Staff || !u.Superuser || !u.Active || u.Email != "" {
		t.Errorf("root is %+v", u)
	}
}

// A password that was made stands alone on stdout, opens the account, and is another one each time.
func TestUserGenerate(t *testing.T) {
	c := newClub(t)
	seen := map[string]bool{}
	try := func(least int, args ...string) {
		t.Helper()
		out, errs := c.expect(0, "", "", args...)
		word := strings.TrimSuffix(out, "\n")
		if !regexp.MustCompile(`^[a-z2-7]{5}(-[a-z2-7]{5}){4,}$`).MatchString(word) || len(word) < least {
			t.Errorf("stdout is no password of %d characters and more, of %d", least, len(word))
		}
		if !c.opens("ada", word) || seen[word] || strings.Contains(errs, word) || !strings.Contains(errs, "printed this once") {
			t.Errorf("opens %t, seen before %t, stderr of %d bytes", c.opens("ada", word), seen[word], len(errs))
		}
		seen[word] = true
	}
	try(29, "user", "create", "ada", "--generate")
	try(29, "user", "password", "ada", "--generate")
	c.built = func(cfg *airworthy.Settings) { cfg.PasswordPolicy.MinLength = 60 }
	try(60, "user", "password", "ada", "--generate")
}

func TestUserPassword(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	cookies, ok := c.login("ada", goodWord)
	if !ok || c.who(cookies) != "ada" {
		t.Fatalf("ada cannot log in: %t, %q", ok, c.who(cookies))
	}
	c.expect(1, "the password was not changed, for 1 reason:\n  password: This password is too short", "geese\n", "user", "password", "ada")
	if c.who(cookies) != "ada" || !c.opens("ada", goodWord) {
		t.Error("a password that was refused changed something")
	}
	c.expect(1, "nobody is called", goodWord, "user", "password", "nobody")
	c.word = "eight tame ducks at dawn"
	c.expect(0, "set the password of ada; all sessions are ended", c.word+"\n", "user", "password", "ada")
	if c.who(cookies) != "" || !c.opens("ada", c.word) {
		t.Error("the session goes on, or the new password does not open")
	}
	if list, err := c.sessions.ListByUser(t.Context(), c.user("ada").ID, time.Now()); err != nil || len(list) != 0 {
		t.Errorf("%d sessions are left, %v", len(list), err)
	}
	c.expect(0, "inactive", "", "user", "lock", "ada")
	c.expect(0, `hint: the account is inactive: nobody can log in to it before "user unlock"`, c.word+"\n", "user", "password", "ada")
	if !strings.Contains(c.log.String(), "a password was set by an operator") {
		t.Errorf("the change is not in the log: %s", c.log.String())
	}
}

// Somebody who interrupts a command that waits for stdin does not have to wait.
func TestUserPasswordInterrupted(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	reading := make(chan bool)
	go func() { // once the command takes what there is, it waits for the rest
		_, _ = out.Write([]byte("seven wild"))
		close(reading)
	}()
	done := make(chan int, 1)
	var errs strings.Builder
	go func() {
		done <- manage.Run(ctx, c.build, []string{"app", "user", "password", "ada"}, manage.Streams{In: in, Out: io.Discard, Err: &errs})
	}()
	<-reading
	cancel()
	select {
	case status := <-done:
		if status != 1 || !strings.Contains(errs.String(), "interrupted: nothing was changed") || !c.opens("ada", goodWord) {
			t.Errorf("status %d: %s", status, errs.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the command waits still")
	}
}
