package session_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/airworthy-go/airworthy/session"
)

func TestOnRenewHearsOfEveryChangeOfRights(t *testing.T) {
	told, answer := 0, error(nil)
	s := newSite(t, session.Config{Store: newMemory(t), OnRenew: func(ctx context.Context) error {
		told++
		if session.From(ctx).Has("x") { // takes the session's lock
			return nil
		}
		return answer
	}})
	s.do(func(_ http.ResponseWriter, _ *http.Request, sess *session.Session) {
		if err := sess.Set("name", "Ada"); err != nil || told != 0 {
			t.Errorf("Set: %v, told %d times, want 0", err, told)
		}
		if err := errors.Join(sess.SetUser("7"), sess.Renew()); err != nil || told != 2 {
			t.Errorf("SetUser and Renew: %v, told %d times, want 2", err, told)
		}
		if sess.SetUser("a\x00b\xff") == nil || told != 2 {
			t.Errorf("a user that was refused was told of")
		}
		answer = errors.New("no")
		if err := sess.Renew(); !errors.Is(err, answer) {
			t.Errorf("Renew: got %v, want the error of OnRenew", err)
		}
		answer = nil
	})
	s.do(func(w http.ResponseWriter, _ *http.Request, sess *session.Session) {
		before := told
		_, _ = io.WriteString(w, "page")
		if err := sess.Destroy(); err != nil || told != before {
			t.Errorf("Destroy after the header: %v, told %d times, want %d", err, told, before)
		}
	})
}
