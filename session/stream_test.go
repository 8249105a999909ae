package session_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

// server serves f behind sessions, over a real connection.
func server(t *testing.T, s *site, f handler) string {
	t.Helper()
	srv := httptest.NewServer(s.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f(w, r, session.From(r.Context()))
	})))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// dial sends a request and returns the connection; the answer is still to be read.
func dial(t *testing.T, addr, headers string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: example.com\r\n"+headers+"\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// demand 38: the session is stored before the first event, which the visitor gets while the handler runs.
func TestServerSentEvents(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: store})
	proceed, after := make(chan struct{}), make(chan error, 1)
	addr := server(t, s, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = s.SetUser("42")
		fmt.Fprint(w, "data: 1\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
		<-proceed
		if got := s.User(); got != "42" {
			t.Errorf("while streaming the user is %q, want %q", got, "42")
		}
		after <- s.Set("k", "v")
		fmt.Fprint(w, "data: 2\n\n")
	})
	_, r := dial(t, addr, "")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if err != nil || line != "data: 1\n" {
		t.Errorf("the first event is %q, %v, want it before the handler ends", line, err)
	}
	if c := res.Cookies(); len(c) != 1 {
		t.Errorf("%d cookies, want 1", len(c))
	} else if rec, err := store.Load(t.Context(), c[0].Value); err != nil || rec.User != "42" {
		t.Errorf("Load = %+v, %v, want the user 42 while the handler runs", rec, err)
	}
	close(proceed)
	if err := <-after; !errors.Is(err, session.ErrHeaderSent) {
		t.Errorf("Set after the header = %v, want ErrHeaderSent", err)
	}
}

// demand 38: a WebSocket library hijacks the connection and writes the header by itself.
func TestWebSocketUpgrade(t *testing.T) {
	for _, row := range []struct {
		name    string
		save    bool
		upgrade func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error)
	}{
		{"hijacked at once, as gorilla/websocket does", true, func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
				_ = w.Header().Write(rw) // what its Upgrade is given as responseHeader
				fmt.Fprint(rw, "\r\n")
			}
			return conn, rw, err
		}},
		{"after the header, as coder/websocket does", false, func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
			return http.NewResponseController(w).Hijack()
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := newMemory(t)
			s := newSite(t, session.Config{Store: store})
			addr := server(t, s, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
				_ = s.SetUser("42")
				if row.save {
					if err := s.Save(); err != nil {
						t.Errorf("Save: %v", err)
					}
				}
				conn, rw, err := row.upgrade(w)
				if err != nil {
					t.Errorf("Hijack: %v", err)
					return
				}
				defer func() { _ = conn.Close() }()
				fmt.Fprintf(rw, "hello %s", s.User())
				_ = rw.Flush()
			})
			_, r := dial(t, addr, "Connection: Upgrade\r\nUpgrade: websocket\r\n")
			res, err := http.ReadResponse(r, nil)
			if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("the answer is %v, %v, want 101", res, err)
			}
			if got, _ := io.ReadAll(r); string(got) != "hello 42" {
				t.Errorf("the connection says %q, want %q", got, "hello 42")
			}
			if c := res.Cookies(); len(c) != 1 {
				t.Errorf("%d cookies, want 1", len(c))
			} else if rec, err := store.Load(t.Context(), c[0].Value); err != nil || rec.User != "42" {
				t.Errorf("Load = %+v, %v, want the user 42", rec, err)
			}
		})
	}
}

func TestHijackedWithoutSave(t *testing.T) {
	for _, row := range []struct {
		name    string
		store   session.Store
		visitor bool
		want    string // what the session holds afterwards
		lost    bool
	}{
		{"a session on the server is stored when the handler ends", newMemory(t), true, "w", false},
		{"a new session has no cookie and is not stored", newMemory(t), false, "", true},
		{"a session in the cookie cannot be stored", cookieStore(t), true, "v", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: row.store})
			if row.visitor {
				s.set("k", "v")
			}
			done := make(chan struct{})
			h := s.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = session.From(r.Context()).Set("k", "w")
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Errorf("Hijack: %v", err)
					return
				}
				_ = conn.Close()
			}))
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				h.ServeHTTP(w, r)
			}))
			defer srv.Close()
			dial(t, srv.Listener.Addr().String(), "Cookie: "+cookieName+"="+s.jar[cookieName]+"\r\n")
			<-done
			if got := strings.Contains(s.logs.String(), "changes to the session are lost"); got != row.lost {
				t.Errorf("logged: %t, want %t: %s", got, row.lost, s.logs.String())
			}
			if got := s.value("k"); got != row.want {
				t.Errorf("afterwards the value is %q, want %q", got, row.want)
			}
		})
	}
}

func TestAfterTheHeader(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: store})
	s.set("k", "v")
	token := s.jar[cookieName]
	s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.WriteHeader(http.StatusOK)
		if got := s.String("k"); got != "v" {
			t.Errorf("reading for the first time gives %q, want %q", got, "v")
		}
		for what, err := range map[string]error{
			"Set": s.Set("k", "w"), "Delete": s.Delete("k"), "Clear": s.Clear(), "Renew": s.Renew(),
			"SetUser": s.SetUser("1"), "SetExpiry": s.SetExpiry(time.Hour), "Save": s.Save(),
		} {
			if !errors.Is(err, session.ErrHeaderSent) {
				t.Errorf("%s = %v, want ErrHeaderSent", what, err)
			}
		}
	})
	if got := s.value("k"); got != "v" {
		t.Errorf("the next request reads %q, want %q", got, "v")
	}
	s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.WriteHeader(http.StatusOK)
		if err := s.Destroy(); err != nil {
			t.Errorf("Destroy: %v", err)
		}
	})
	if _, err := store.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Load after Destroy = %v, want ErrNotFound", err)
	}
}

// An early hint is not the answer: what comes after it still counts.
func TestAnInformationalStatusIsNotTheHeader(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	addr := server(t, s, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.WriteHeader(http.StatusEarlyHints)
		if err := s.Set("k", "v"); err != nil {
			t.Errorf("Set after an early hint: %v", err)
		}
	})
	_, r := dial(t, addr, "Connection: close\r\n")
	all, err := io.ReadAll(r)
	if _, final, ok := strings.Cut(string(all), "HTTP/1.1 200 OK"); !ok || !strings.Contains(final, "Set-Cookie: "+cookieName) {
		t.Errorf("got %q, %v, want a final answer with the cookie", all, err)
	}
}
