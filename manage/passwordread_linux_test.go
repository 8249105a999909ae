package manage_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/airworthy-go/airworthy/manage"
)

// terminal is a pseudo-terminal, at which somebody sits.
type terminal struct {
	t             *testing.T
	master, slave *os.File
	mu            sync.Mutex
	seen          bytes.Buffer // by whoever sits there
}

func ioctl(t *testing.T, f *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(arg)); errno != 0 {
		t.Fatal(errno)
	}
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	var n uint32
	var unlocked int32
	ioctl(t, master, syscall.TIOCGPTN, unsafe.Pointer(&n))
	ioctl(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, master: master, slave: slave}
	read := make(chan bool)
	go func() {
		_, _ = io.Copy(writer(func(b []byte) {
			term.mu.Lock()
			defer term.mu.Unlock()
			term.seen.Write(b)
		}), master)
		close(read)
	}()
	t.Cleanup(func() { // the reading ends when nobody has the other side open
		slave.Close()
		select {
		case <-read:
		case <-time.After(10 * time.Second):
			t.Error("somebody reads the terminal still")
		}
		master.Close()
	})
	return term
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}

func (term *terminal) shows() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// echoes reports whether what is typed is seen.
func (term *terminal) echoes() bool {
	var state syscall.Termios
	ioctl(term.t, term.slave, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0
}

// asked waits until a prompt is there for the nth time, and what is typed is not seen.
func (term *terminal) asked(prompt string, n int) {
	term.t.Helper()
	for range 1000 {
		if strings.Count(term.shows(), prompt) == n && !term.echoes() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.t.Fatalf("%q did not come %d times: %q", prompt, n, term.shows())
}

func (term *terminal) types(line string) {
	term.t.Helper()
	if _, err := term.master.WriteString(line); err != nil {
		term.t.Fatal(err)
	}
}

// sit runs a command at the terminal.
func (c *club) sit(ctx context.Context, term *terminal, args ...string) <-chan int {
	done := make(chan int, 1)
	go func() {
		done <- manage.Run(ctx, c.build, append([]string{"app"}, args...), manage.Streams{In: term.slave, Out: term.slave, Err: term.slave})
	}()
	return done
}

func (term *terminal) ends(done <-chan int) int {
	term.t.Helper()
	select {
	case status := <-done:
		return status
	case <-time.After(10 * time.Second):
		term.t.Fatalf("the command does not end: %q", term.shows())
		return 0
	}
}

func TestPasswordIsTyped(t *testing.T) {
	for _, tt := range []struct {
		name   string
		typed  []string // at each prompt
		status int
		want   string
	}{
		{"twice alike", []string{goodWord, goodWord}, 0, "made the account ada"},
		{"the second time around", []string{goodWord, goodWord + "x", goodWord, goodWord}, 0, "These two are not the same."},
		{"never alike", []string{"a", "b", "c", "d", "e", "f"}, 1, "error: nothing was changed"},
		{"nothing", []string{""}, 1, "no password was typed"},
		{"nothing the second time", []string{goodWord, ""}, 1, "no password was typed"},
		{"one that is refused", []string{"123456", "123456"}, 1, "for 3 reasons:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, term := newClub(t), newTerminal(t)
			done := c.sit(t.Context(), term, "user", "create", "ada")
			for i, line := range tt.typed {
				prompt := "Password: "
				if i%2 == 1 {
					prompt = "Password again: "
				}
				term.asked(prompt, i/2+1)
				term.types(line + "\n")
			}
			if status := term.ends(done); status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			term.wait(tt.want)
			for _, line := range tt.typed {
				if len(line) > 1 && strings.Contains(term.shows(), line) {
					t.Error("what was typed is seen")
				}
			}
			if !term.echoes() {
				t.Error("the terminal does not show any more what is typed")
			}
			if tt.status == 0 && !c.opens("ada", goodWord) {
				t.Error("the password does not open the account")
			}
		})
	}
}

// wait waits until somebody sees a text.
func (term *terminal) wait(text string) {
	term.t.Helper()
	for range 1000 {
		if strings.Contains(term.shows(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.t.Errorf("%q is not there: %q", text, term.shows())
}

// The rules are shown before somebody has to guess them.
func TestPasswordRulesAreShown(t *testing.T) {
	c, term := newClub(t), newTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := c.sit(ctx, term, "user", "create", "ada")
	term.asked("Password: ", 1)
	if !strings.Contains(term.shows(), "15 characters") {
		t.Errorf("the rules are not shown: %q", term.shows())
	}
	// Whoever interrupts it has a terminal that shows again what is typed.
	cancel()
	if status := term.ends(done); status != 1 || !term.echoes() || len(c.all()) != 0 {
		t.Errorf("status %d, echo %t, %d accounts", status, term.echoes(), len(c.all()))
	}
	term.wait("interrupted: nothing was changed")
	term.types("\n") // for the reading that is left behind
}
