package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/proxy"
)

// Bad inputs 9 and 13, and that nobody else's request is changed.
func TestWhatIsRemoved(t *testing.T) {
	cfg := proxy.Config{
		Trusted: nets("10.0.0.0/24"), Identity: []string{"X-Company-User", "x-badge-*"},
		SSLHeader: proxy.SSLHeader{Name: "X-Scheme", Value: "https"},
	}
	for _, row := range []struct {
		name, header         string
		fromStranger, fromUs bool // kept
	}{
		{"an ordinary header", "Accept", true, true},
		{"an ordinary header with underscores", "Api_key", true, true},
		{"a name that only starts alike", "X-Forwardedness", true, true},
		{"X-Forwarded-For", "X-Forwarded-For", false, true},
		{"12: X-Forwarded-Prefix", "X-Forwarded-Prefix", false, true},
		{"X-Forwarded-User", "X-Forwarded-User", false, true},
		{"Forwarded", "Forwarded", false, true},
		{"X-Real-Ip", "X-Real-Ip", false, true},
		{"the header that means HTTPS", "X-Scheme", false, true},
		{"9: twin of X-Forwarded-For", "X_forwarded_for", false, false},
		{"9: half a twin of X-Forwarded-Proto", "X-Forwarded_proto", false, false},
		{"9: twin of an identity", "Remote_user", false, false},
		{"9: twin of a header of one's own", "X_company_user", false, false},
		{"13: Remote-User", "Remote-User", false, true},
		{"13: X-Auth-Request-Email", "X-Auth-Request-Email", false, true},
		{"13: certificate", "X-Ssl-Client-Dn", false, true},
		{"13: one's own name", "X-Company-User", false, true},
		{"13: one's own names", "X-Badge-Number", false, true},
		{"13: names of this module", "X-Airworthy-Anything", false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			for peer, want := range map[string]bool{"203.0.113.1:1": row.fromStranger, "10.0.0.5:1": row.fromUs} {
				r := httptest.NewRequest("GET", "http://app.internal:8000/", nil)
				r.RemoteAddr = peer
				r.Header = http.Header{row.header: {"x"}, "Accept-Language": {"en"}}
				before := r.Header.Clone()
				got := through(newGuard(t, cfg), r)
				if _, kept := got.header[row.header]; kept != want {
					t.Errorf("from %s: kept = %t, want %t", peer, kept, want)
				}
				if _, kept := got.header["Accept-Language"]; !kept {
					t.Errorf("from %s: another header went too", peer)
				}
				if !maps.EqualFunc(r.Header, before, slices.Equal) {
					t.Errorf("from %s: the caller's header was changed to %v", peer, r.Header)
				}
				if s := httpx.From(got.request.Context()); s.Request != got.request {
					t.Errorf("from %s: State.Request is not the request that was passed on", peer)
				}
			}
		})
	}
}

func TestRequestOfAnotherPartIsNotChanged(t *testing.T) {
	r := httptest.NewRequest("GET", "http://app.internal/", nil)
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	_, _, r = httpx.Begin(httptest.NewRecorder(), r)
	got := through(newGuard(t, proxy.Config{}), r)
	if r.Header.Get("X-Forwarded-For") == "" || got.header.Get("X-Forwarded-For") != "" {
		t.Errorf("the request of the part before has %v, the one handed on %v", r.Header, got.header)
	}
}

// Bad inputs 8, 9 and 13 over a socket: what net/http makes of the bytes.
func TestRawRequest(t *testing.T) {
	g := newGuard(t, proxy.Config{Trusted: nets("127.0.0.0/8")})
	srv := httptest.NewServer(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %q", proxy.Client(r), proxy.Scheme(r), slices.Sorted(maps.Keys(r.Header)))
	})))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: example.com\r\n"+
		"x-forwarded-for: 1.1.1.1, 198.51.100.1\r\nX-FORWARDED-FOR: 127.0.0.2\r\n"+
		"X_Forwarded_For: 2.2.2.2\r\nX-Forwarded_Proto: https\r\nREMOTE_USER: admin\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if got, want := string(body), `198.51.100.1 http ["X-Forwarded-For"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
