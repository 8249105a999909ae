package session_test

import (
	"net/http"
	"testing"

	"github.com/airworthy-go/airworthy/session"
)

func TestWhatIsAttachedGoesWithTheIdentity(t *testing.T) {
	s := newSite(t, session.Config{Store: session.NewMemory(session.MemoryOptions{})})
	for name, change := range map[string]func(*session.Session) error{
		"SetUser": func(s *session.Session) error { return s.SetUser("7") },
		"Renew":   (*session.Session).Renew,
		"Clear":   func(s *session.Session) error { return s.Clear() },
		"Destroy": (*session.Session).Destroy,
	} {
		s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			if err := s.Set("theme", "dark"); err != nil {
				t.Fatal(err)
			}
			s.Attach(42)
			if s.Attached() != 42 {
				t.Errorf("%s: what was attached is not there", name)
			}
			if err := change(s); err != nil {
				t.Fatal(err)
			}
			if v := s.Attached(); v != nil {
				t.Errorf("%s: %v is still attached", name, v)
			}
		})
	}
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if v := s.Attached(); v != nil {
			t.Errorf("%v is attached in another request", v)
		}
	})
}
