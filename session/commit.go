package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// patience is how long a change may take to be stored. The visitor's going away does not stop it: a logout counts even
// if nobody waits for the answer.
const patience = 5 * time.Second

func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

// hook is a Manager as the response's writer calls it.
type hook Manager

// BeforeHeader stores the session's changes and sets its cookie.
func (k *hook) BeforeHeader(w http.ResponseWriter, status int) {
	writer, ok := w.(*httpx.Writer)
	if !ok {
		return
	}
	st := (*httpx.State)(writer)
	s, ok := st.Session.(*Session)
	if !ok || s.m != (*Manager)(k) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beforeHeader(w.Header(), status)
}

func (s *Session) beforeHeader(h http.Header, status int) {
	s.sent = true
	if !s.loaded {
		return
	}
	var failed error
	if status >= http.StatusInternalServerError {
		s.removeCookie(h) // whatever else the answer is, it claims nothing
	} else {
		failed = s.commit(h)
	}
	s.cacheHeaders(h)
	switch {
	case failed == nil, s.failure() != nil && s.excused:
	case errors.Is(failed, ErrInterrupted):
		s.st.Replace(http.StatusBadRequest, failed)
	default:
		s.st.Replace(http.StatusInternalServerError, failed)
	}
}

// afterwards stores the changes of a request whose header this package never saw, because its connection was hijacked.
func (m *Manager) afterwards(st *httpx.State) {
	if st.Status() != http.StatusSwitchingProtocols {
		return // the header went out by WriteHeader
	}
	s, ok := st.Session.(*Session)
	if !ok || s.m != m {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent {
		return
	}
	s.sent = true
	token, lost := s.token, s.dirty
	if !s.dirty || token != "" && !s.renew {
		_ = s.commit(http.Header{}) // logged there
		lost = lost && s.token != token
	}
	if lost {
		httpx.Logger(s.m.logger).LogAttrs(st.Request.Context(), slog.LevelError,
			"changes to the session are lost: the connection was hijacked before Session.Save was called")
	}
}

// commit stores what has changed and sets or removes the cookie in h.
func (s *Session) commit(h http.Header) error {
	var err error
	switch {
	case s.failure() != nil:
		s.removeCookie(h)
		err = s.failure()
	case s.dirty && s.empty():
		err = s.drop(h)
	case s.dirty:
		err = s.save(h, time.Now())
	case s.destroyed:
		s.removeCookie(h)
	case s.token != "" && (s.rec.Resave || s.unnoted):
		s.refresh(h, time.Now())
	}
	return err
}

// removeCookie removes the cookie of a session that was destroyed.
func (s *Session) removeCookie(h http.Header) {
	if s.destroyed {
		s.m.cookie.Delete(headerOnly{h}, s.m.secure(s.st))
	}
}

// empty reports whether there is nothing to keep, and so no reason for a session.
func (s *Session) empty() bool {
	return s.rec.Data == "" && s.rec.User == "" && (s.token == "" || s.renew)
}

// drop ends a session that has nothing left to keep.
func (s *Session) drop(h http.Header) error {
	if s.token != "" {
		ctx, cancel := detached(s.st.Request.Context())
		defer cancel()
		if err := s.m.store.Delete(ctx, s.token); err != nil {
			return s.failed(ctx, err)
		}
		s.destroyed = true
	}
	s.token, s.dirty, s.renew = "", false, false
	s.removeCookie(h)
	return nil
}

// save stores the whole record, under a new token if there is none or a new one was asked for.
func (s *Session) save(h http.Header, now time.Time) error {
	ctx, cancel := detached(s.st.Request.Context())
	defer cancel()
	rec, token := s.rec.unpack(), s.token
	s.m.stamp(&rec, now)
	rec.Resave = false
	var err error
	if s.renew && token != "" {
		token, err = s.m.replace(ctx, token, &rec)
	} else {
		token, err = s.m.store.Save(ctx, token, &rec)
	}
	if err == nil {
		err = s.m.cookie.SetFor(headerOnly{h}, s.m.secure(s.st), token, s.m.lifetime(&rec, now))
	}
	if err != nil {
		return s.failed(ctx, err)
	}
	s.rec, s.token, s.dirty, s.unnoted, s.renew, s.destroyed = rec.pack(), token, false, false, false, false
	return nil
}

// replace stores rec under a token of its own in place of the session under old. If that has been ended meanwhile no
// other may take its place; until it is gone nobody has been told the new token.
func (m *Manager) replace(ctx context.Context, old string, rec *Record) (token string, err error) {
	if token, err = m.store.Save(ctx, "", rec); err != nil {
		return "", err
	}
	if err = m.store.Delete(ctx, old); err != nil {
		_ = m.store.Delete(ctx, token)
		return "", err
	}
	return token, nil
}

// refresh stores a session that was only read: to note its use, or under the current key. Whatever comes of it, the
// answer goes out: it claims nothing that is not so, and a session that was ended meanwhile stays ended.
func (s *Session) refresh(h http.Header, now time.Time) {
	t, ok := s.m.store.(Toucher)
	if !ok || s.rec.Resave {
		_ = s.save(h, now) // logged there
		return
	}
	ctx, cancel := detached(s.st.Request.Context())
	defer cancel()
	rec := s.rec.unpack()
	s.m.stamp(&rec, now)
	if err := t.Touch(ctx, s.token, rec.Seen, rec.Expires); err != nil {
		_ = s.failed(ctx, err)
		return
	}
	s.rec = rec.pack()
}

// failed logs why a change could not be stored and returns the error for it.
func (s *Session) failed(ctx context.Context, err error) error {
	if errors.Is(err, ErrNotFound) {
		s.m.event(ctx, "airworthy.security.SessionInterrupted", ErrInterrupted)
		return ErrInterrupted
	}
	httpx.Logger(s.m.logger).LogAttrs(ctx, slog.LevelError, "the session could not be stored", slog.Any("error", err))
	return fmt.Errorf("session: not stored: %w", err)
}

// headerOnly is a header for functions that set a cookie.
type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header       { return w.h }
func (w headerOnly) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }
func (w headerOnly) WriteHeader(int)           {}

// cacheHeaders keeps shared caches from handing one visitor's answer, or session cookie, to another. What the
// application says of an answer that sets no cookie is left to it.
func (s *Session) cacheHeaders(h http.Header) {
	httpx.VaryCookie(h)
	if s.token != "" && httpx.PrivateByDefault(h) {
		return
	}
	if len(h["Set-Cookie"]) != 0 {
		httpx.Private(h)
	}
}
