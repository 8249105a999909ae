package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// delete ends the session under token, even if the visitor does not wait for it. One that is gone needs no ending.
func (m *Manager) delete(ctx context.Context, token string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := m.store.Delete(ctx, token); err != nil && !errors.Is(err, ErrNotFound) {
		httpx.Logger(m.logger).LogAttrs(ctx, slog.LevelError, "the session could not be ended", slog.Any("error", err))
		return fmt.Errorf("session: not ended: %w", err)
	}
	return nil
}

// users returns the store as one that finds sessions by their user.
func (m *Manager) users() (UserStore, error) {
	if u, ok := m.store.(UserStore); ok {
		return u, nil
	}
	return nil, fmt.Errorf("session: the store (%T) does not find sessions by their user: %w", m.store, errors.ErrUnsupported)
}

// Lists reports whether the store finds sessions by their user, so that List, End, EndUser and EndOthers work.
func (m *Manager) Lists() bool {
	_, err := m.users()
	return err == nil
}

// List returns the user's sessions, for a page that shows where somebody is logged in. It is errors.ErrUnsupported if
// the store cannot find sessions by their user, as one in cookies cannot.
func (m *Manager) List(ctx context.Context, user string) ([]Entry, error) {
	u, err := m.users()
	if err != nil || user == "" {
		return nil, err
	}
	return u.ListByUser(ctx, user, time.Now())
}

// End ends the one of the user's sessions that List calls id. The error is ErrNotFound if the user has none such.
func (m *Manager) End(ctx context.Context, user, id string) error {
	u, err := m.users()
	if err != nil {
		return err
	}
	return u.DeleteEntry(ctx, user, id)
}

// EndUser ends every session of the user and returns how many there were: when an account is closed or locked. A
// request under way keeps the session it has read, but cannot store it again.
func (m *Manager) EndUser(ctx context.Context, user string) (int, error) {
	return m.endUser(ctx, user, "")
}

func (m *Manager) endUser(ctx context.Context, user, keep string) (int, error) {
	u, err := m.users()
	if err != nil || user == "" {
		return 0, err
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return u.DeleteByUser(ctx, user, keep)
}

// DeleteExpired removes expired sessions from the store and returns how many there were, 0 if the store needs no
// cleaning up.
func (m *Manager) DeleteExpired(ctx context.Context) (int, error) {
	if e, ok := m.store.(Expirer); ok {
		return e.DeleteExpired(ctx, time.Now())
	}
	return 0, nil
}

// ID returns what [Manager.List] calls this session, so that a page can mark it as the present one; empty if the store
// does not list sessions or has none.
func (s *Session) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	if u, ok := s.m.store.(UserStore); ok && s.token != "" {
		return u.EntryID(s.token)
	}
	return ""
}
