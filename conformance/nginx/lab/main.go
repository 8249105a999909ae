// Lab is a program on airworthy for what the bulletin has no page for: streams, upgrades, long requests and large files.
// Its pages step forward when LAB_GATE, a URL of the test's, answers; so the test decides what happens when.
package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/proxy"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

func main() { manage.Main(build) }

func build(ctx context.Context) (*airworthy.App, error) {
	environments := settings.Branching(func(string) airworthy.Settings { return airworthy.Production() }, "production")
	cfg, err := environments.Load(ctx, settings.Env())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /request", request)
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("GET /events", events)
	mux.HandleFunc("GET /socket", socket)
	mux.HandleFunc("GET /large", large)
	mux.HandleFunc("GET /remember", remember)
	return airworthy.New(cfg, mux)
}

// Request is what the application sees of a request.
type Request struct {
	Scheme, Host, Client string
	Headers              http.Header
}

func request(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Request{proxy.Scheme(r), proxy.Host(r), proxy.Client(r).String(), r.Header})
}

// gate waits until the test lets this step happen.
func gate(r *http.Request, step string) error {
	req, err := http.NewRequestWithContext(r.Context(), "GET", os.Getenv("LAB_GATE")+"/"+step, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func slow(w http.ResponseWriter, r *http.Request) {
	if err := gate(r, "slow"); err != nil {
		http.Error(w, "the gate is gone", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "finished")
}

// events sends three events, each when the test has let it.
func events(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Time{}); err != nil { // streams outlast the server's limit
		http.Error(w, "no deadline can be set", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	for i := range 3 {
		fmt.Fprintf(w, "data: %d\n\n", i+1)
		if control.Flush() != nil || gate(r, "event") != nil {
			return
		}
	}
}

// socket shakes hands as a WebSocket does (RFC 6455, section 4.2.2) and sends back what it gets.
func socket(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "the connection cannot be had", http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	if rw.Flush() != nil || conn.SetDeadline(time.Time{}) != nil {
		return
	}
	_, _ = io.Copy(conn, rw)
}

// large is 32 MiB whose every line differs from the others.
func large(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	for i := 0; b.Len() < 32<<20; i++ {
		fmt.Fprintln(&b, "line", i)
	}
	w.Header().Set("Etag", `"1"`)
	http.ServeContent(w, r, "large.txt", time.Time{}, bytes.NewReader(b.Bytes()[:32<<20]))
}

// remember makes a session whose cookie is nearly as large as browsers take.
func remember(w http.ResponseWriter, r *http.Request) {
	if err := session.From(r.Context()).Set("text", strings.Repeat("x", 2800)); err != nil {
		http.Error(w, "nothing can be remembered", http.StatusInternalServerError)
	}
}
