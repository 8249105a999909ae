package azuresecrets_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/airworthy-go/airworthy/drivers/azuresecrets"
	"github.com/airworthy-go/airworthy/drivers/azuresecrets/azuretest"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// canary is what no error may hold.
const canary = "canary-4711-never-seen"

// tokens is a credential.
type tokens func(ctx context.Context, o policy.TokenRequestOptions) (string, error)

func (f tokens) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t, err := f(ctx, o)
	return azcore.AccessToken{Token: t, ExpiresOn: time.Now().Add(time.Hour)}, err
}

func of(v *azuretest.Vault) tokens {
	return func(context.Context, policy.TokenRequestOptions) (string, error) { return v.Token(), nil }
}

// serve starts h with TLS, and returns its host and the file of its certificate.
func serve(t *testing.T, h http.Handler) (host, ca string) {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(server.URL, "https://"), ca
}

// open returns v as a source that change has had a hand in.
func open(t *testing.T, v *azuretest.Vault, change func(*azuresecrets.Config)) *azuresecrets.Source {
	t.Helper()
	host, ca := serve(t, v)
	cfg := azuresecrets.Config{Vault: host, CAFile: ca, Credential: of(v)}
	if change != nil {
		change(&cfg)
	}
	s, err := azuresecrets.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// holding returns a vault with a secret for each value, or with one for all.
func holding(values map[string]string, inOne string) *azuretest.Vault {
	v := azuretest.New("")
	if inOne != "" {
		text, err := json.Marshal(values)
		if err != nil {
			panic(err)
		}
		v.Set(inOne, string(text))
		return v
	}
	for name, text := range values {
		v.Set(strings.ReplaceAll(name, "_", "-"), text)
	}
	return v
}

func TestContract(t *testing.T) {
	for what, inOne := range map[string]string{"a secret for each": "", "all in one": "bulletin"} {
		change := func(c *azuresecrets.Config) { c.Secret = inOne }
		t.Run(what, func(t *testing.T) {
			settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
				return open(t, holding(values, inOne), change)
			})
			settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer {
				return open(t, holding(values, inOne), change)
			})
		})
	}
}

// lookup asks for names and returns the texts.
func lookup(t *testing.T, s settings.Source, names ...string) map[string]settings.Value {
	t.Helper()
	got, err := s.Lookup(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPlaces(t *testing.T) {
	v := azuretest.New("")
	v.Set("SECRET-KEY", "key")
	v.Set("bulletin-SECRET-KEY", "prefixed")
	v.Set("bulletin", `{"SECRET_KEY": "field", "PAGE_SIZE": 020e1, "GONE": null}`)
	v.Set("db", `{"url": "postgres", "n": 12345678901234567890, "list": [1, {"a": 2}]}`)
	for what, test := range map[string]struct {
		cfg  azuresecrets.Config
		want map[string]string // the values with their origins
	}{
		"each":    {azuresecrets.Config{}, map[string]string{"SECRET_KEY": "key SECRET-KEY"}},
		"prefix":  {azuresecrets.Config{Prefix: "bulletin-"}, map[string]string{"SECRET_KEY": "prefixed bulletin-SECRET-KEY"}},
		"no case": {azuresecrets.Config{Prefix: "BULLETIN-"}, map[string]string{"SECRET_KEY": "prefixed BULLETIN-SECRET-KEY"}},
		"only": {azuresecrets.Config{Only: []string{"OTHER"}, Refs: map[string]settings.Ref{"URL": {Secret: "db", Field: "url"}}},
			map[string]string{"URL": "postgres db#url"}},
		"mapped": {azuresecrets.Config{Refs: map[string]settings.Ref{
			"SECRET_KEY": {Secret: "db", Field: "n"}, "A": {Secret: "secret-key"}, "B": {Secret: "db", Field: "list"}, "C": {Secret: "db", Field: "no"},
			"D": {Secret: "nowhere"}}},
			map[string]string{"SECRET_KEY": "12345678901234567890 db#n", "A": "key secret-key", "B": `[1, {"a": 2}] db#list`}},
	} {
		s := open(t, v, func(c *azuresecrets.Config) {
			c.Secret, c.Prefix, c.Only, c.Refs = test.cfg.Secret, test.cfg.Prefix, test.cfg.Only, test.cfg.Refs
		})
		got := lookup(t, s, "SECRET_KEY", "secret_key", "SECRET-KEY", "A", "B", "C", "D", "GONE", "URL", strings.Repeat("LONG", 40), "Ä", "SECRET_KEY")
		if len(got) != len(test.want) {
			t.Errorf("%s: got %d values, want %d", what, len(got), len(test.want))
		}
		for name, want := range test.want {
			text, origin, _ := cut(want)
			if g := got[name]; g.Text != text || !strings.HasPrefix(g.Origin, "azure-kv 127.0.0.1:") || !strings.HasSuffix(g.Origin, "/"+origin) || len(g.Version) != 32 {
				t.Errorf("%s: %s: got %+v, want %q", what, name, g, want)
			}
		}
	}
	broken := open(t, v, func(c *azuresecrets.Config) { c.Secret = "bulletin" })
	if got, err := broken.Lookup(t.Context(), []string{"SECRET_KEY"}); err == nil || len(got) > 0 || !strings.Contains(err.Error(), "/bulletin: the secret is not a JSON object") {
		t.Errorf("a number that is none: got %v, %v", len(got), err)
	}
}

func cut(text string) (before, after string, ok bool) {
	at := strings.LastIndexByte(text, ' ')
	return text[:at], text[at+1:], true
}

// TestFaults asks for two settings of which one is well.
func TestFaults(t *testing.T) {
	now := time.Now()
	for want, spoil := range map[string]func(v *azuretest.Vault){
		"the newest version of the secret is disabled":                             func(v *azuretest.Vault) { v.Attributes("BAD", false, time.Time{}, time.Time{}) },
		"the secret has expired":                                                   func(v *azuretest.Vault) { v.Attributes("BAD", true, time.Time{}, now.Add(-time.Minute)) },
		"the secret is not valid yet":                                              func(v *azuretest.Vault) { v.Attributes("BAD", true, now.Add(time.Hour), time.Time{}) },
		"no permission to get the secret: give it the role Key Vault Secrets User": func(v *azuretest.Vault) { v.Deny("get", "BAD") },
	} {
		v := holding(map[string]string{"GOOD": "good", "BAD": canary}, "")
		v.Attributes("GOOD", true, now.Add(-time.Hour), now.Add(time.Hour))
		spoil(v)
		got, err := open(t, v, nil).Lookup(t.Context(), []string{"BAD", "GOOD", "ABSENT", "BAD"})
		f, ok := errors.AsType[*settings.Fault](err)
		if len(got) != 1 || got["GOOD"].Text != "good" || !ok || f.Variable != "BAD" || !strings.HasSuffix(f.Origin, "/BAD") {
			t.Errorf("%s: got %d values, %v", want, len(got), err)
		}
		if err == nil || strings.Count(err.Error(), want) != 1 || strings.Contains(err.Error(), canary) {
			t.Errorf("got %v, want %q once", err, want)
		}
	}
	v := holding(map[string]string{"GOOD": "good", "BAD": canary}, "")
	v.Delete("BAD")
	if got := lookup(t, open(t, v, nil), "GOOD", "BAD"); len(got) != 1 {
		t.Errorf("a deleted secret: got %d values", len(got))
	}
}

// TestFailures asks a vault that gives nothing to anybody.
func TestFailures(t *testing.T) {
	for want, spoil := range map[string]func(v *azuretest.Vault){
		"firewall refused this machine: allow":             func(v *azuretest.Vault) { v.Block() },
		"the vault answers 501 Not Implemented: try":       func(v *azuretest.Vault) { v.Break(501) },
		"the vault does not understand the request: check": func(v *azuretest.Vault) { v.Break(400) },
		"try again in a minute":                            func(v *azuretest.Vault) { v.Break(409) },
		"the vault answers 302 Found: try again":           func(v *azuretest.Vault) { v.Break(302) },
	} {
		v := holding(map[string]string{"GOOD": canary}, "")
		spoil(v)
		got, err := open(t, v, nil).Lookup(t.Context(), []string{"GOOD", "ABSENT"})
		if err == nil || len(got) > 0 || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "azure-kv 127.0.0.1") || strings.Contains(err.Error(), canary) {
			t.Errorf("got %d values, %v, want %q", len(got), err, want)
		}
	}
}

func TestMany(t *testing.T) {
	values := map[string]string{}
	for i := range 60 {
		values[fmt.Sprintf("NAME_%d", i)] = fmt.Sprint(i)
	}
	v := holding(values, "")
	var names []string
	for name := range values {
		names = append(names, name)
	}
	got := lookup(t, open(t, v, nil), names...)
	for name, text := range values {
		if got[name].Text != text {
			t.Errorf("%s: got %q, want %q", name, got[name].Text, text)
		}
	}
	if n := len(v.Requests()); n != 60 {
		t.Errorf("%d requests with a token, want one for each", n)
	}
}

// TestParallel holds a Lookup to eight requests at a time.
func TestParallel(t *testing.T) {
	v := holding(nil, "")
	now, most, turns := make(chan struct{}, 100), 0, make(chan struct{}, 1)
	host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now <- struct{}{}
		turns <- struct{}{}
		most = max(most, len(now))
		<-turns
		time.Sleep(5 * time.Millisecond)
		v.ServeHTTP(w, r)
		<-now
	}))
	s, err := azuresecrets.New(azuresecrets.Config{Vault: host, CAFile: ca, Credential: of(v)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("N%d", i))
	}
	lookup(t, s, names...)
	if most < 2 || most > 8 {
		t.Errorf("%d requests at a time, want 2 to 8", most)
	}
}

func TestWrite(t *testing.T) {
	v := azuretest.New("")
	v.Set("db", `{"url": "old",  "n": 1.50}`)
	v.Set("B", "old")
	s := open(t, v, func(c *azuresecrets.Config) {
		c.Refs = map[string]settings.Ref{"DB": {Secret: "db", Field: "url"}, "PASS": {Secret: "db", Field: "pass"}, "WHOLE": {Secret: "db"}}
	})
	change := func(name, text string) settings.Change { return settings.Change{Name: name, Text: secret.New(text)} }
	write := func(changes ...settings.Change) error { return s.Write(t.Context(), changes) }
	if err := write(change("B", "b"), change("DB", "new"), change("A", "a"), change("PASS", "p")); err != nil {
		t.Fatal(err)
	}
	var puts []string
	for _, r := range v.Requests() {
		if strings.HasPrefix(r, "PUT") {
			puts = append(puts, r)
		}
	}
	if got := strings.Join(puts, ", "); got != "PUT B, PUT db, PUT A" {
		t.Errorf("got %s, want the order of the changes and one writing for each secret", got)
	}
	if text, n := v.Text("db"); text != `{"url": "new",  "n": 1.50,"pass":"p"}` || n != 2 {
		t.Errorf("got %s with %d versions", text, n)
	}

	for what, test := range map[string]struct {
		changes []settings.Change
		want    string
	}{
		"no place":       {[]settings.Change{change("A", canary), change("lower", canary)}, "lower (azure-kv 127.0.0.1:"},
		"both":           {[]settings.Change{change("A", canary), change("DB", canary), change("WHOLE", canary)}, "WHOLE (azure-kv 127.0.0.1:"},
		"not Unicode":    {[]settings.Change{change("A", canary+"\xff")}, "the text is not Unicode"},
		"too long":       {[]settings.Change{change("A", "1"), change("B", strings.Repeat(canary, 2000))}, "nothing was written: settings: azure-kv 127.0.0.1:"},
		"conflict later": {[]settings.Change{change("A", canary), {Name: "B", Text: secret.New(canary), Version: "old"}}, "nothing was written: azure-kv 127.0.0.1:"},
	} {
		err := write(test.changes...)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
		if text, n := v.Text("A"); text != "a" || n != 1 {
			t.Errorf("%s: something was written", what)
		}
	}

	if got := raw(v, "db"); !strings.Contains(got, `"contentType":"application/json"`) {
		t.Errorf("got %s", got)
	}
	put(v, "TAGGED", `{"value": "1", "contentType": "text/x", "tags": {"a": "b"}}`)
	if err := write(change("TAGGED", "2")); err != nil {
		t.Fatal(err)
	}
	if got := raw(v, "TAGGED"); !strings.Contains(got, `"value":"2"`) || !strings.Contains(got, `"contentType":"text/x","tags":{"a":"b"}`) {
		t.Errorf("got %s", got)
	}

	v.Deny("set", "B")
	err := write(change("A", "2"), change("B", canary), change("C", canary))
	if err == nil || !strings.Contains(err.Error(), "not written: B, C: ") || !strings.Contains(err.Error(), "permission to set the secret: give it the role Key Vault Secrets Officer") || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v", err)
	}
	if a, _ := v.Text("A"); a != "2" {
		t.Error("what comes before the refused one was not written")
	}
	if _, n := v.Text("C"); n != 0 {
		t.Error("what comes after the refused one was written")
	}
	v.Delete("A")
	if err := write(change("A", canary)); err == nil || !strings.Contains(err.Error(), "a deleted secret still has the name: recover or purge it") {
		t.Errorf("got %v", err)
	}
	if err := refusingEmpty(t, v).Write(t.Context(), []settings.Change{change("E", "")}); err == nil || !strings.Contains(err.Error(), "the vault takes no empty text: keep") {
		t.Errorf("got %v", err)
	}
	v.Attributes("db", true, time.Time{}, time.Now().Add(-time.Hour))
	if err := write(change("DB", "renewed")); err != nil || lookup(t, s, "DB")["DB"].Text != "renewed" {
		t.Errorf("an expired secret cannot be renewed: %v", err)
	}
}

// raw and put ask v by hand.
func raw(v *azuretest.Vault, name string) string { return hand(v, http.MethodGet, name, "") }

func put(v *azuretest.Vault, name, body string) { hand(v, http.MethodPut, name, body) }

func hand(v *azuretest.Vault, method, name, body string) string {
	r := httptest.NewRequest(method, "https://example.com/secrets/"+name+"?api-version=7.4", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+v.Token())
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	return w.Body.String()
}

// TestEmulator speaks plain HTTP, to an emulator with codes of its own.
func TestEmulator(t *testing.T) {
	v := azuretest.New("")
	v.Set("A", "a")
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "ABSENT") {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error": {"code": "org.example.NotFoundException"}}`)
			return
		}
		v.ServeHTTP(w, r)
	})
	refs := map[string]settings.Ref{"B": {Secret: "A"}}
	s, err := azuresecrets.New(azuresecrets.Config{Vault: strings.TrimPrefix(url, "http://"), InsecureHTTP: true, Refs: refs, Credential: of(v)})
	if err != nil {
		t.Fatal(err)
	}
	delete(refs, "B")
	if got := lookup(t, s, "A", "B", "ABSENT"); len(got) != 2 || got["A"].Text != "a" || got["B"].Text != "a" {
		t.Errorf("got %d values", len(got))
	}
}

func TestHostile(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source {
		s, err := azuresecrets.New(azuresecrets.Config{
			Vault: strings.TrimPrefix(baseURL, "http://"), InsecureHTTP: true,
			Credential: tokens(func(context.Context, policy.TokenRequestOptions) (string, error) { return "made-up", nil }),
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// tunnel starts a proxy that leads everybody to host, whatever they ask for.
func tunnel(t *testing.T, host string, seen ...func(asked string)) string {
	t.Helper()
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		for _, f := range seen {
			f(r.Host)
		}
		there, err := net.Dial("tcp", host)
		if err != nil {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(there, here); _ = there.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(here, there)
	})
}

// refusingEmpty returns v as an emulator serves it that takes no empty text.
func refusingEmpty(t *testing.T, v *azuretest.Vault) settings.Writer {
	t.Helper()
	host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || strings.Contains(string(body), `"value":""`) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		v.ServeHTTP(w, r)
	}))
	s, err := azuresecrets.New(azuresecrets.Config{Vault: host, CAFile: ca, Credential: of(v)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAnswers serves what a test holds at the moment of each request, a secret for each or all in one.
func TestAnswers(t *testing.T) {
	for _, inOne := range []string{"", "bulletin"} {
		settingstest.TestAnswers(t, func(_ *testing.T, current func() (map[string]string, string)) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				values, version := current()
				one := azuretest.New("")
				for name, text := range values {
					one.Set(strings.ReplaceAll(name, "_", "-"), text)
				}
				if inOne != "" {
					one = holding(values, inOne)
				}
				r.Header.Set("Authorization", "Bearer "+one.Token())
				recorded := httptest.NewRecorder()
				one.ServeHTTP(recorded, r)
				w.WriteHeader(recorded.Code)
				// The stand-in's versions are random; those of the test say which values belong together.
				_, _ = io.WriteString(w, identifiers.ReplaceAllString(recorded.Body.String(), "${1}"+version+`"`))
			})
		}, func(t *testing.T, baseURL string) settings.Source {
			s, err := azuresecrets.New(azuresecrets.Config{
				Vault: strings.TrimPrefix(baseURL, "http://"), InsecureHTTP: true, Secret: inOne,
				Credential: tokens(func(context.Context, policy.TokenRequestOptions) (string, error) { return "made-up", nil }),
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	}
}

var identifiers = regexp.MustCompile(`("id":"[^"]*/)[0-9a-f]{32}"`)
