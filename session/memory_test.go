package session_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

func kilobyte(user string) *session.Record {
	data := session.AppendPair(nil, "k", `"`+strings.Repeat("x", 1000)+`"`)
	return &session.Record{Data: string(data), User: user, Expires: time.Now().Add(time.Hour)}
}

func TestAFullMemoryForgetsPassersByFirst(t *testing.T) {
	m := session.NewMemory(session.MemoryOptions{MaxBytes: 20 << 10})
	defer func() { _ = m.Close() }()
	there := func(token string) bool {
		_, err := m.Load(t.Context(), token)
		return err == nil
	}
	save := func(token, user string) string {
		t.Helper()
		token, err := m.Save(t.Context(), token, kilobyte(user))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	user, oldest, refreshed := save("", "42"), save("", ""), save("", "")
	save(refreshed, "")
	var last string
	for range 11 {
		last = save("", "")
	}
	for what, row := range map[string]struct {
		token string
		want  bool
	}{
		"the user's": {user, true}, "the oldest": {oldest, false}, "the one stored again": {refreshed, true}, "the last": {last, true},
	} {
		if got := there(row.token); got != row.want {
			t.Errorf("%s session is there: %t, want %t", what, got, row.want)
		}
	}

	// Users fill it; then nobody else gets in, and nobody is thrown out.
	var err error
	n := 1
	for ; err == nil && n < 100; n++ {
		_, err = m.Save(t.Context(), "", kilobyte(fmt.Sprint(n)))
	}
	if !errors.Is(err, session.ErrFull) || n < 10 || !there(user) {
		t.Errorf("after %d users Save = %v, and the first is there: %t, want ErrFull and true", n, err, there(user))
	}
	if _, err := m.Save(t.Context(), user, kilobyte("42")); err != nil {
		t.Errorf("a session that is there cannot be stored again: %v", err)
	}
	if n, err := m.DeleteExpired(t.Context(), time.Now().Add(2*time.Hour)); n < 10 || err != nil {
		t.Errorf("DeleteExpired = %d, %v, want all", n, err)
	}
	save("", "43")
}

func TestMemoryHoldsNoToken(t *testing.T) {
	m := newMemory(t)
	token, err := m.Save(t.Context(), "", kilobyte("42"))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v", reflect.ValueOf(m).Elem()); strings.Contains(text, token[:12]) {
		t.Error("the store holds the token")
	}
}

func TestMemorySweepsUntilItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemory(session.MemoryOptions{Sweep: time.Minute})
		token, err := m.Save(t.Context(), "", &session.Record{Expires: time.Now().Add(90 * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{true, true, false} {
			time.Sleep(time.Duration(i) * time.Minute)
			synctest.Wait()
			if _, err := m.Load(t.Context(), token); (err == nil) != want {
				t.Errorf("look %d: there: %t, want %t", i, err == nil, want)
			}
		}
		for range 2 {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
