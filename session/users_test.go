package session_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

// demand 37.
func TestAUsersSessions(t *testing.T) {
	store := newMemory(t)
	browser := func(user string) *site {
		s := newSite(t, session.Config{Store: store})
		s.login(user)
		return s
	}
	here, there, other := browser("42"), browser("42"), browser("7")
	id := ""
	here.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { id = s.ID() })

	list, err := here.m.List(t.Context(), "42")
	if err != nil || len(list) != 2 {
		t.Fatalf("List = %d sessions, %v, want 2", len(list), err)
	}
	if list[0].ID != id && list[1].ID != id {
		t.Error("the present session is not in the list")
	}
	if list, err := here.m.List(t.Context(), ""); len(list) != 0 || err != nil {
		t.Errorf("List of nobody = %d sessions, %v, want none", len(list), err)
	}

	// badinput 25: after a change of password the others end.
	here.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if n, err := s.EndOthers(); n != 1 || err != nil {
			t.Errorf("EndOthers = %d, %v, want 1", n, err)
		}
	})
	if here.user() != "42" || there.user() != "" || other.user() != "7" {
		t.Errorf("users %q, %q and %q, want %q, none and %q", here.user(), there.user(), other.user(), "42", "7")
	}

	if err := here.m.End(t.Context(), "7", id); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("End of another user's session = %v, want ErrNotFound", err)
	}
	if err := here.m.End(t.Context(), "42", id); err != nil || here.user() != "" {
		t.Errorf("End = %v, and the user is %q, want none", err, here.user())
	}
	if n, err := here.m.EndUser(t.Context(), "7"); n != 1 || err != nil || other.user() != "" {
		t.Errorf("EndUser = %d, %v, and the user is %q, want 1 and none", n, err, other.user())
	}
}

// A session that was renewed while all of its user's were ended must not survive under its other id.
func TestEndingAUsersSessionsAlsoEndsOneThatIsBeingRenewed(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: store})
	s.login("42")
	res := s.do(func(_ http.ResponseWriter, _ *http.Request, sess *session.Session) {
		_ = sess.Renew()
		if n, err := s.m.EndUser(t.Context(), "42"); n != 1 || err != nil {
			t.Errorf("EndUser = %d, %v, want 1", n, err)
		}
	})
	if list, _ := s.m.List(t.Context(), "42"); len(list) != 0 || res.StatusCode != http.StatusBadRequest {
		t.Errorf("%d sessions and status %d, want none and 400", len(list), res.StatusCode)
	}
}

func TestAStoreWithoutUsersSaysSo(t *testing.T) {
	s := newSite(t, session.Config{Store: cookieStore(t)})
	s.login("42")
	_, list := s.m.List(t.Context(), "42")
	_, all := s.m.EndUser(t.Context(), "42")
	one := s.m.End(t.Context(), "42", "x")
	var others error
	id := "x"
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, others = s.EndOthers()
		id = s.ID()
	})
	for what, err := range map[string]error{"List": list, "EndUser": all, "End": one, "EndOthers": others} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s = %v, want errors.ErrUnsupported", what, err)
		}
	}
	if id != "" {
		t.Errorf("ID = %q, want none", id)
	}
	if n, err := s.m.DeleteExpired(t.Context()); n != 0 || err != nil {
		t.Errorf("DeleteExpired = %d, %v, want 0", n, err)
	}
}

func TestDeleteExpired(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: store})
	s.set("k", "v")
	if _, err := store.Save(t.Context(), "", &session.Record{Expires: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.m.DeleteExpired(t.Context()); n != 1 || err != nil || s.value("k") != "v" {
		t.Errorf("DeleteExpired = %d, %v, and the other session reads %q, want 1 and %q", n, err, s.value("k"), "v")
	}
}
