package accountstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// atOnce runs f n times at once and returns for which of them there was no error. All others have to be want.
func atOnce(t *testing.T, n int, want error, f func(i int) error) []int {
	t.Helper()
	start, errs := make(chan struct{}), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	var won []int
	for i, err := range errs {
		if err == nil {
			won = append(won, i)
		} else if !errors.Is(err, want) {
			t.Errorf("one of %d at once: %v, want %v", n, err, want)
		}
	}
	return won
}

func testTakenAtOnce(t *testing.T, s accounts.Store) {
	made := make([]accounts.User, 100)
	won := atOnce(t, len(made), accounts.ErrTaken, func(i int) (err error) {
		u := somebody("alice")
		u.Email = fmt.Sprintf("alice%d@example.org", i)
		made[i], err = s.Create(t.Context(), u)
		return err
	})
	if len(won) != 1 {
		t.Fatalf("%d of %d have the name, want 1", len(won), len(made))
	}
	got, err := s.ByUsername(t.Context(), "alice")
	if err != nil {
		t.Fatalf("ByUsername: %v", err)
	}
	same(t, "who won", got, made[won[0]])
	if all, err := s.List(t.Context(), "", 200); len(all) != 1 || err != nil {
		t.Errorf("there are %d users, %v, want 1", len(all), err)
	}
}

func testSetPasswordAtOnce(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("alice"))
	for round := range 5 {
		hash := func(i int) string { return fmt.Sprintf("hash$%d$%d", round, i) }
		won := atOnce(t, 20, accounts.ErrConflict, func(i int) error {
			return s.SetPassword(t.Context(), alice.ID, alice.Password, hash(i))
		})
		if len(won) != 1 {
			t.Fatalf("%d of 20 changes of one password went through, want 1", len(won))
		}
		alice.Password = hash(won[0])
		same(t, "who won", byID(t, s, alice.ID), alice)
	}
}

func testUpdateAndPassword(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("alice"))
	if err := s.SetPassword(t.Context(), alice.ID, alice.Password, "new hash"); err != nil {
		t.Fatalf("SetPassword: %v", err)
	}
	if err := s.Update(t.Context(), alice); err != nil { // as it was read before
		t.Fatalf("Update: %v", err)
	}
	alice.Password = "new hash"
	same(t, "after an Update of what was read before SetPassword", byID(t, s, alice.ID), alice)
	password, start := alice.Password, make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		<-start
		for i := range 20 {
			u := alice // as it was read once
			u.FirstName = fmt.Sprintf("name %d", i)
			if err := s.Update(t.Context(), u); err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	wg.Go(func() {
		<-start
		for i := range 20 {
			next := fmt.Sprintf("hash %d", i)
			if err := s.SetPassword(t.Context(), alice.ID, password, next); err != nil {
				t.Errorf("SetPassword: %v", err)
			}
			password = next
		}
	})
	close(start)
	wg.Wait()
	alice.FirstName, alice.Password = "name 19", "hash 19"
	same(t, "afterwards", byID(t, s, alice.ID), alice)
}

func testConcurrency(t *testing.T, s accounts.Store) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			u, err := s.Create(t.Context(), somebody(fmt.Sprintf("user%d", i)))
			if err != nil {
				t.Errorf("Create: %v", err)
				return
			}
			for n := range 5 {
				u.Email, u.LastLogin = fmt.Sprintf("user%d-%d@example.org", i, n), now().Add(time.Duration(i*100+n)*time.Second)
				if err := errors.Join(s.Update(t.Context(), u), s.SetLastLogin(t.Context(), u.ID, u.LastLogin)); err != nil {
					t.Errorf("Update and SetLastLogin: %v", err)
					return
				}
				got, err := s.ByUsername(t.Context(), u.Username)
				if err != nil {
					t.Errorf("ByUsername: %v", err)
					return
				}
				same(t, "one of many", got, u)
			}
		})
	}
	wg.Wait()
}
