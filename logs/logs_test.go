package logs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/secret"
)

func mustNew(t testing.TB, cfg logs.Config) *logs.Logs {
	t.Helper()
	l, err := logs.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// records parses a JSON log.
func records(t testing.TB, out *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out.String()) {
		var rec map[string]any
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, rec)
	}
	return all
}

func only(t testing.TB, out *bytes.Buffer) map[string]any {
	t.Helper()
	all := records(t, out)
	if len(all) != 1 {
		t.Fatalf("%d records, want one: %s", len(all), out)
	}
	return all[0]
}

func TestNewReportsEveryMistake(t *testing.T) {
	_, err := logs.New(logs.Config{
		Format: "xml", Level: "LOUD", AccessLog: "some", RequestIDHeader: "X Request\nID", Quiet: []string{"healthz"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"logs: LOG_FORMAT: ", "use text, json", "logs: LOG_LEVEL: ", "use DEBUG, INFO, WARNING, ERROR",
		"logs: ACCESS_LOG: ", "use all, errors, off", "logs: REQUEST_ID_HEADER: ", "logs: Quiet: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q lacks %q", err, want)
		}
	}
	if _, err := logs.New(logs.Config{}); err != nil {
		t.Errorf("the zero Config is refused: %v", err)
	}
}

func TestNewKeepsNothingOfTheCallers(t *testing.T) {
	var out bytes.Buffer
	quiet := []string{"/health"}
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out, Quiet: quiet})
	quiet[0] = "/"
	l.Handler(answer).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	only(t, &out)
}

func TestLevels(t *testing.T) {
	for level, want := range map[logs.Level]string{
		"": "INFO WARN ERROR", logs.Debug: "DEBUG INFO WARN ERROR", logs.Info: "INFO WARN ERROR",
		logs.Warning: "WARN ERROR", logs.Error: "ERROR",
	} {
		var out bytes.Buffer
		l := mustNew(t, logs.Config{Format: logs.JSON, Level: level, Output: &out}).Logger()
		l.Debug("m")
		l.Info("m")
		l.Warn("m")
		l.Error("m")
		var got []string
		for _, rec := range records(t, &out) {
			got = append(got, rec["level"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("level %q logs %v, want %s", level, got, want)
		}
	}
}

// serve runs app behind the logs, with what a proxy part would have settled before.
func serve(l *logs.Logs, r *http.Request, settled func(*httpx.State), app http.HandlerFunc) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s, w2, r := httpx.Begin(w, r)
	if settled != nil {
		settled(s)
	}
	l.Handler(app).ServeHTTP(w2, r)
	return w
}

func TestAccessLog(t *testing.T) { synctest.Test(t, testAccessLog) }

func testAccessLog(t *testing.T) {
	var out bytes.Buffer
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out})
	r := httptest.NewRequest("POST", "/posts/caf%C3%A9?token=in-the-query", strings.NewReader("body"))
	r.Header.Set("User-Agent", "curl/8")
	r.RemoteAddr = "192.0.2.7:4711"
	serve(l, r, func(s *httpx.State) { s.Forwarded = netip.MustParseAddr("203.0.113.9") }, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "12345")
		time.Sleep(1500 * time.Millisecond)
	})
	rec := only(t, &out)
	for key, want := range map[string]any{
		"level": "INFO", "msg": "request", "event": "airworthy.access", "method": "POST", "path": "/posts/café",
		"status": 201.0, "size": 5.0, "duration_us": 1_500_000.0, "user_agent": "curl/8", "client": "203.0.113.9",
	} {
		if rec[key] != want {
			t.Errorf("%s: %v, want %v", key, rec[key], want)
		}
	}
	if id := rec["request_id"].(string); len(id) < 22 {
		t.Errorf("request_id %q, want 128 bits", id)
	}
	if strings.Contains(out.String(), "in-the-query") {
		t.Error("the query is logged")
	}
	if _, ok := rec["cut_off"]; ok {
		t.Error("an answer that was sent whole is called cut off")
	}
}

func TestAccessLogChoices(t *testing.T) {
	status := func(n int) http.HandlerFunc { return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) } }
	for _, row := range []struct {
		name  string
		cfg   logs.Config
		path  string
		app   http.HandlerFunc
		level string // empty for no record
	}{
		{"all logs a success", logs.Config{}, "/", status(200), "INFO"},
		{"all logs a refusal", logs.Config{}, "/", status(403), "INFO"},
		{"a failure is an error", logs.Config{}, "/", status(500), "ERROR"},
		{"an application that wrote nothing sent 200", logs.Config{AccessLog: logs.AccessErrors}, "/", func(http.ResponseWriter, *http.Request) {}, ""},
		{"errors leaves out a success", logs.Config{AccessLog: logs.AccessErrors}, "/", status(404), ""},
		{"errors logs a failure", logs.Config{AccessLog: logs.AccessErrors}, "/", status(502), "ERROR"},
		{"off logs nothing", logs.Config{AccessLog: logs.AccessOff}, "/", status(500), ""},
		{"a quiet path is left out", logs.Config{Quiet: []string{"/healthz"}}, "/healthz", status(200), ""},
		{"a quiet path that fails is not", logs.Config{Quiet: []string{"/healthz"}}, "/healthz", status(503), "ERROR"},
		{"what begins like a quiet path is not quiet", logs.Config{Quiet: []string{"/healthz"}}, "/healthz/x", status(200), "INFO"},
		{"a level above leaves it out", logs.Config{Level: logs.Warning}, "/", status(200), ""},
	} {
		var out bytes.Buffer
		row.cfg.Format, row.cfg.Output = logs.JSON, &out
		serve(mustNew(t, row.cfg), httptest.NewRequest("GET", row.path, nil), nil, row.app)
		if row.level == "" {
			if out.Len() != 0 {
				t.Errorf("%s: logged %s", row.name, &out)
			}
		} else if got := only(t, &out)["level"]; got != row.level {
			t.Errorf("%s: level %v, want %s", row.name, got, row.level)
		}
	}
}

func TestPanicsPassThroughAndAreLogged(t *testing.T) {
	for _, row := range []struct {
		name   string
		app    http.HandlerFunc
		status float64
	}{
		{"before the header", func(http.ResponseWriter, *http.Request) { panic("x") }, 500},
		{"after the header", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			panic(http.ErrAbortHandler)
		}, 200},
	} {
		var out bytes.Buffer
		l := mustNew(t, logs.Config{Format: logs.JSON, AccessLog: logs.AccessErrors, Output: &out})
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic was swallowed", row.name)
				}
			}()
			serve(l, httptest.NewRequest("GET", "/", nil), nil, row.app)
		}()
		rec := only(t, &out)
		if rec["status"] != row.status || rec["cut_off"] != true || rec["level"] != "ERROR" {
			t.Errorf("%s: %v, want status %v, cut off", row.name, rec, row.status)
		}
	}
}

func TestRequestID(t *testing.T) {
	for _, row := range []struct {
		name    string
		trusted bool
		values  []string
		kept    bool
	}{
		{"a trusted proxy's id is kept", true, []string{"Root=1-67891233-abcdef012345678912345678"}, true},
		{"a UUID is kept", true, []string{"0193e7f5-3f0e-7cc3-9dbb-1b0f1e5c9f2a"}, true},
		{"anybody else's is not", false, []string{"0193e7f5"}, false},
		{"two are none", true, []string{"0193e7f5", "0193e7f6"}, false},
		{"none is none", true, nil, false},
		{"empty is none", true, []string{""}, false},
		{"a space is refused", true, []string{"a b"}, false},
		{"a line break is refused", true, []string{"a\nb"}, false},
		{"an escape is refused", true, []string{"a\x1b[31m"}, false},
		{"markup is refused", true, []string{"<script>"}, false},
		{"a quote is refused", true, []string{`a"b`}, false},
		{"another script is refused", true, []string{"аdmin"}, false},
		{"128 bytes are kept", true, []string{strings.Repeat("a", 128)}, true},
		{"129 bytes are refused", true, []string{strings.Repeat("a", 129)}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			l := mustNew(t, logs.Config{Format: logs.JSON, RequestIDHeader: "x-request-id", Output: &out})
			r := httptest.NewRequest("GET", "/", nil)
			if row.values != nil {
				r.Header["X-Request-Id"] = row.values
			}
			var seen string
			serve(l, r, func(s *httpx.State) { s.Trusted = row.trusted }, func(_ http.ResponseWriter, r *http.Request) {
				seen = logs.RequestID(r.Context())
				l.Logger().InfoContext(r.Context(), "inside")
			})
			if kept := len(row.values) > 0 && slices.Contains(row.values, seen); kept != row.kept || seen == "" {
				t.Errorf("id %q, kept %v, want %v", seen, kept, row.kept)
			}
			for _, rec := range records(t, &out) {
				if rec["request_id"] != seen {
					t.Errorf("record %v, want the id %q", rec, seen)
				}
			}
		})
	}
	t.Run("without a header's name none is believed", func(t *testing.T) {
		l := mustNew(t, logs.Config{Output: io.Discard})
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Request-ID", "mine")
		serve(l, r, func(s *httpx.State) { s.Trusted = true }, func(_ http.ResponseWriter, r *http.Request) {
			if got := logs.RequestID(r.Context()); got == "mine" || got == "" {
				t.Errorf("id %q, want one of our own", got)
			}
		})
	})
	t.Run("outside a request there is none", func(t *testing.T) {
		if got := logs.RequestID(t.Context()); got != "" {
			t.Errorf("id %q, want none", got)
		}
	})
}

// TestAnyGoroutineMayLog is for the race detector.
func TestAnyGoroutineMayLog(t *testing.T) {
	var out bytes.Buffer
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out})
	serve(l, httptest.NewRequest("GET", "/", nil), nil, func(_ http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { l.Logger().WithGroup("g").InfoContext(r.Context(), "m", "a", "b\u202e") })
		}
		wg.Wait()
	})
	ids := map[any]bool{}
	for _, rec := range records(t, &out) {
		ids[rec["request_id"]] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d ids in one request, want 1", len(ids))
	}
}

func TestGroupsAndAttributes(t *testing.T) {
	var out bytes.Buffer
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out})
	ctx := requestContext(t)
	l.Logger().With("a", 1).WithGroup("").WithGroup("g").With("b", 2).WithGroup("h").InfoContext(ctx, "m", "c", 3)
	rec := only(t, &out)
	g, _ := rec["g"].(map[string]any)
	h, _ := g["h"].(map[string]any)
	if rec["a"] != 1.0 || g["b"] != 2.0 || h["c"] != 3.0 {
		t.Errorf("%v, want a, g.b and g.h.c", rec)
	}
	if rec["request_id"] != "id-1" || rec["client"] != "192.0.2.1" {
		t.Errorf("%v: the request's attributes are not at the top", rec)
	}
}

func TestHandlerContract(t *testing.T) {
	// Two loggers from one must not share what they add.
	var out bytes.Buffer
	base := mustNew(t, logs.Config{Format: logs.JSON, Output: &out}).Logger().WithGroup("g").With("a", 1).With("a2", 1)
	one, two := base.With("b", 1), base.With("c", 2)
	one.Info("one")
	two.Info("two")
	recs := records(t, &out)
	if got, want := recs[0]["g"], map[string]any{"a": 1.0, "a2": 1.0, "b": 1.0}; !equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := recs[1]["g"], map[string]any{"a": 1.0, "a2": 1.0, "c": 2.0}; !equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestRecordsAreNotShared: whoever hands one record to two handlers must find it unchanged. log/slog marks a record
// that is not with !BUG.
func TestRecordsAreNotShared(t *testing.T) {
	var out bytes.Buffer
	h := mustNew(t, logs.Config{Format: logs.JSON, Output: &out}).Logger().Handler()
	rec := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
	for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"} {
		rec.AddAttrs(slog.String(key, "v"))
	}
	ctx := requestContext(t)
	for range 2 {
		if err := h.Handle(ctx, rec); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(out.String(), "!BUG") || len(records(t, &out)) != 2 {
		t.Errorf("got %s, want two sound records", &out)
	}
}

func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// requestContext is the context of a request with a fixed id.
func requestContext(t testing.TB) context.Context {
	t.Helper()
	s, _, r := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	s.SetID("id-1")
	s.Forwarded = netip.MustParseAddr("192.0.2.1")
	return r.Context()
}

// TestChain: a record of another part gets the same id as the access log.
func TestChain(t *testing.T) {
	var out bytes.Buffer
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out})
	serve(l, httptest.NewRequest("GET", "/", nil), nil, func(_ http.ResponseWriter, r *http.Request) {
		l.Logger().WarnContext(r.Context(), "refused", "event", logs.EventCSRF)
	})
	recs := records(t, &out)
	if len(recs) != 2 || recs[0]["request_id"] != recs[1]["request_id"] || recs[0]["client"] != "192.0.2.1" {
		t.Errorf("%v, want two records of one request", recs)
	}
}

func TestChecks(t *testing.T) {
	mask := func() secret.Mask { return secret.Mask{} }
	checktest.Run(t, logs.Config.Checks, []checktest.Case[logs.Config]{
		{ID: "logs.W001", Raises: logs.Config{}, Clean: logs.Config{Mask: mask}},
		{ID: "logs.W002", Raises: logs.Config{Level: logs.Error}, Clean: logs.Config{Level: logs.Warning}},
		{ID: "logs.W003", Raises: logs.Config{Level: logs.Debug}, Clean: logs.Config{}},
	})
}
