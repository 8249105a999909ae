package httpx_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// hook records when it ran and marks the header.
type hook struct {
	name string
	ran  *[]string
}

func (h hook) BeforeHeader(w http.ResponseWriter, status int) {
	*h.ran = append(*h.ran, h.name)
	w.Header().Add("Hooks", h.name)
}

// serve runs an application behind a state with the hooks outer and inner.
func serve(app http.HandlerFunc, pages httpx.Pages, ran *[]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, w, r := httpx.Begin(w, r)
		s.Pages = pages
		s.OnHeader(hook{"outer", ran})
		s.OnHeader(hook{"inner", ran})
		app(w, r)
		s.Finish()
		s.Finish()
	})
}

// TestHooks runs every way to send a header through real servers of both protocols.
func TestHooks(t *testing.T) {
	rows := []struct {
		name   string
		app    http.HandlerFunc
		status int
		body   string
	}{
		{"WriteHeader runs them", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, ""},
		{"Write runs them", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a")) }, 200, "a"},
		{"WriteString runs them", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a") }, 200, "a"},
		{"ReadFrom runs them", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, onlyReader{strings.NewReader("ab")}) }, 200, "ab"},
		{"Flush runs them", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }, 200, ""},
		{"Flush by the controller runs them", func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
		}, 200, ""},
		{"Finish runs them for an application that wrote nothing", func(http.ResponseWriter, *http.Request) {}, 200, ""},
		{"Error runs them", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 404) }, 404, "no\n"},
		{"all in a row run them once", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			_, _ = w.Write([]byte("a"))
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "b")
		}, 201, "ab"},
	}
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for _, row := range rows {
			t.Run(proto+" "+row.name, func(t *testing.T) {
				var ran []string
				res := get(t, proto, serve(row.app, nil, &ran))
				body, err := io.ReadAll(res.Body)
				if err != nil || res.Proto != proto || res.StatusCode != row.status || string(body) != row.body {
					t.Errorf("%s %d %q %v, want %s %d %q", res.Proto, res.StatusCode, body, err, proto, row.status, row.body)
				}
				if want := []string{"inner", "outer"}; !slices.Equal(res.Header["Hooks"], want) || !slices.Equal(ran, want) {
					t.Errorf("hooks %v, in the header %v, want %v once", ran, res.Header["Hooks"], want)
				}
			})
		}
	}
}

// get serves h by a real server of the protocol and returns the answer to one GET.
func get(t *testing.T, proto string, h http.Handler) *http.Response {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.EnableHTTP2 = proto == "HTTP/2.0"
	if srv.EnableHTTP2 {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

type onlyReader struct{ io.Reader }

func TestManyHooks(t *testing.T) {
	var ran []string
	s, w, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	for _, name := range []string{"1", "2", "3", "4", "5", "6"} {
		s.OnHeader(hook{name, &ran})
	}
	w.WriteHeader(200)
	if got, want := strings.Join(ran, ""), "654321"; got != want {
		t.Errorf("order %s, want %s: the innermost first", got, want)
	}
}

func TestOnHeaderTooLatePanics(t *testing.T) {
	s, w, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	w.WriteHeader(200)
	defer func() {
		if recover() == nil {
			t.Error("a hook that can never run was accepted")
		}
	}()
	s.OnHeader(hook{})
}

func TestInformationalPassesThrough(t *testing.T) {
	var ran []string
	var statuses []int
	under := &recorder{ResponseRecorder: httptest.NewRecorder(), onHeader: func(status int) {
		statuses = append(statuses, status*10+len(ran))
	}}
	serve(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	}, nil, &ran).ServeHTTP(under, httptest.NewRequest("GET", "/", nil))
	if want := []int{1030, 1030, 4182}; !slices.Equal(statuses, want) {
		t.Errorf("status and hooks run: %v, want %v", statuses, want)
	}
}

// recorder tells of each WriteHeader.
type recorder struct {
	*httptest.ResponseRecorder
	onHeader func(int)
}

func (r *recorder) WriteHeader(status int) {
	r.onHeader(status)
	if status >= 200 {
		r.ResponseRecorder.WriteHeader(status)
	}
}

func TestSuperfluousWriteHeader(t *testing.T) {
	var ran []string
	var logged bytes.Buffer
	srv := httptest.NewUnstartedServer(serve(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(201)
		w.WriteHeader(500)
		if got := httpx.From(r.Context()).Status(); got != 201 {
			t.Errorf("Status %d, want the first, 201", got)
		}
	}, nil, &ran))
	srv.Config.ErrorLog = log.New(&logged, "", 0)
	srv.Start()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	srv.Close()
	if res.StatusCode != 201 || len(ran) != 2 || !strings.Contains(logged.String(), "superfluous") {
		t.Errorf("%d, hooks %v, log %q: want 201, two hooks and a complaint", res.StatusCode, ran, &logged)
	}
}

func TestInvalidStatusLeavesTheHeaderUnsent(t *testing.T) {
	for _, status := range []int{0, 99, 1000, -1} {
		var ran []string
		s, w, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		s.OnHeader(hook{"h", &ran})
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("status %d did not panic as it does in net/http", status)
				}
			}()
			w.WriteHeader(status)
		}()
		if s.Status() != 0 || len(ran) != 0 {
			t.Errorf("status %d counts as sent, so that no error page can be", status)
		}
	}
}

func TestSize(t *testing.T) {
	app := func(w http.ResponseWriter) {
		_, _ = w.Write([]byte("12"))
		_, _ = io.WriteString(w, "345")
		_, _ = io.Copy(w, onlyReader{strings.NewReader("6789")})
	}
	for method, want := range map[string]int64{"GET": 9, "HEAD": 0} {
		s, w, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest(method, "/", nil))
		app(w)
		if s.Size() != want || s.Status() != 200 {
			t.Errorf("%s: size %d, status %d, want %d and 200", method, s.Size(), s.Status(), want)
		}
	}
}

// TestReadFrom keeps sendfile: net/http's own ReadFrom gets the file itself.
func TestReadFrom(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	under := &readerFrom{ResponseRecorder: httptest.NewRecorder()}
	s, w, _ := httpx.Begin(under, httptest.NewRequest("GET", "/", nil))
	n, err := w.(io.ReaderFrom).ReadFrom(f)
	if n != 7 || err != nil || under.src != io.Reader(f) || s.Size() != 7 || s.Status() != 200 {
		t.Errorf("%d %v from %T, size %d, status %d, want 7 bytes from the file", n, err, under.src, s.Size(), s.Status())
	}
}

type readerFrom struct {
	*httptest.ResponseRecorder
	src io.Reader
}

func (w *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	w.src = src
	return io.Copy(w.Body, src)
}

func TestHijack(t *testing.T) {
	t.Run("the connection is handed over and no hook runs", func(t *testing.T) {
		var ran []string
		var status int
		done := make(chan struct{}) // the server does not wait for who has taken its connection
		app := serve(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 299 Mine\r\nContent-Length: 0\r\n\r\n")
			_ = conn.Close()
			status = httpx.From(r.Context()).Status()
		}, nil, &ran)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			app.ServeHTTP(w, r)
		}))
		res, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		<-done
		srv.Close()
		if res.StatusCode != 299 || len(ran) != 0 || status != 101 {
			t.Errorf("%d, hooks %v, Status %d, want 299, none, 101", res.StatusCode, ran, status)
		}
	})
	t.Run("HTTP/2 has no connection to hand over", func(t *testing.T) {
		var ran []string
		res := get(t, "HTTP/2.0", serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _, err := http.NewResponseController(w).Hijack()
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("error %v, want ErrUnsupported", err)
			}
		}, nil, &ran))
		if res.StatusCode != 200 || len(ran) != 2 {
			t.Errorf("%d, hooks %v, want an ordinary answer", res.StatusCode, ran)
		}
	})
	t.Run("a status that was sent stays", func(t *testing.T) {
		s, w, _ := httpx.Begin(hijacker{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
		w.WriteHeader(400)
		if _, _, err := w.(http.Hijacker).Hijack(); err != nil || s.Status() != 400 {
			t.Errorf("%v, Status %d, want 400", err, s.Status())
		}
	})
}

type hijacker struct{ *httptest.ResponseRecorder }

func (hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

func TestReplacement(t *testing.T) {
	t.Run("the page takes the answer's place, hooks once", func(t *testing.T) {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			var ran []string
			res := get(t, proto, serve(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Replace", "yes")
				w.Header().Set("Content-Length", "8")
				w.WriteHeader(404)
				w.WriteHeader(500)
				n1, err1 := w.Write([]byte("original"))
				n2, err2 := io.WriteString(w, "original")
				n3, err3 := io.Copy(w, onlyReader{strings.NewReader("original")})
				if n1+n2+int(n3) != 24 || errors.Join(err1, err2, err3) != nil {
					t.Errorf("the application notices: %d, %v", n1+n2+int(n3), errors.Join(err1, err2, err3))
				}
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Errorf("Flush: %v", err)
				}
				if _, _, err := w.(http.Hijacker).Hijack(); err == nil {
					t.Error("the connection of a finished answer was handed over")
				}
				if s := httpx.From(r.Context()); s.Size() != 8 || s.Status() != 404 || s.Pages == nil {
					t.Errorf("size %d, status %d, pages %v", s.Size(), s.Status(), s.Pages)
				}
			}, &fakePages{}, &ran))
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 404 || string(body) != "page 404" || len(ran) != 2 {
				t.Errorf("%s: %d %q %v, hooks %v", proto, res.StatusCode, body, err, ran)
			}
		}
	})
	t.Run("the application's further headers are not complained about", func(t *testing.T) {
		var ran []string
		calls := 0
		under := &recorder{ResponseRecorder: httptest.NewRecorder(), onHeader: func(int) { calls++ }}
		serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Replace", "yes")
			w.WriteHeader(404)
			w.WriteHeader(404)
		}, &fakePages{}, &ran).ServeHTTP(under, httptest.NewRequest("GET", "/", nil))
		if calls != 1 {
			t.Errorf("net/http sees %d headers, want 1", calls)
		}
	})
	t.Run("what pages do not want goes out as it is", func(t *testing.T) {
		var ran []string
		rec := httptest.NewRecorder()
		serve(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "mine", 404) }, &fakePages{}, &ran).
			ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
		if rec.Code != 404 || rec.Body.String() != "mine\n" {
			t.Errorf("%d %q, want the application's own", rec.Code, rec.Body)
		}
	})
	t.Run("what is no error is never replaced", func(t *testing.T) {
		var ran []string
		rec := httptest.NewRecorder()
		serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Replace", "yes")
			_, _ = io.WriteString(w, "fine")
		}, &fakePages{}, &ran).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
		if rec.Code != 200 || rec.Body.String() != "fine" {
			t.Errorf("%d %q, want 200 fine", rec.Code, rec.Body)
		}
	})
	t.Run("pages that write nothing keep the status", func(t *testing.T) {
		var ran []string
		rec := httptest.NewRecorder()
		serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Replace", "yes")
			http.Error(w, "no", 404)
		}, &fakePages{mute: true}, &ran).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
		if rec.Code != 404 || rec.Body.Len() != 0 || len(ran) != 2 {
			t.Errorf("%d %q, hooks %v, want an empty 404", rec.Code, rec.Body, ran)
		}
	})
}

// TestWriterAllocations holds that the wrapper itself costs nothing once it is there.
func TestWriterAllocations(t *testing.T) {
	under := &nothing{h: http.Header{}}
	r := httptest.NewRequest("GET", "/", nil)
	body := []byte("body")
	quiet := quietHook{}
	allocs := testing.AllocsPerRun(100, func() {
		s, w, _ := httpx.Begin(under, r)
		s.OnHeader(quiet)
		s.OnHeader(quiet)
		_, _ = w.Write(body)
		s.Finish()
	})
	if allocs > 1 {
		t.Errorf("%v allocations, want the 1 of Begin", allocs)
	}
}

type quietHook struct{}

func (quietHook) BeforeHeader(http.ResponseWriter, int) {}

type nothing struct{ h http.Header }

func (n *nothing) Header() http.Header         { return n.h }
func (n *nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n *nothing) WriteHeader(int)             {}
