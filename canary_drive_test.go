package airworthy_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// nestScheme is a manager that needs a secret, holds nothing, and fails as its URL says.
func nestScheme() settings.Scheme {
	return settings.Scheme{
		Name: "nest", Needs: []settings.Need{{Name: "NEST_MANAGER_TOKEN", Secret: true}},
		Open: func(_ context.Context, u *url.URL, given map[string]settings.Value) (settings.Source, error) {
			if u.Host == "fails" {
				return nil, fmt.Errorf("nest: 403 for token %s", given["NEST_MANAGER_TOKEN"].Text)
			}
			return nestSource{u.Host == "refuses", given["NEST_MANAGER_TOKEN"].Text}, nil
		},
	}
}

type nestSource struct {
	fails bool
	token string
}

func (nestSource) Name() string { return "nest" }

func (s nestSource) Lookup(context.Context, []string) (map[string]settings.Value, error) {
	if s.fails {
		return nil, fmt.Errorf("nest: GET /v1: 403: token %.40q is not known", s.token)
	}
	return map[string]settings.Value{}, nil
}

// told is all that a program said.
type told struct{ out, err, log syncBuffer }

func (w *told) String() string { return w.out.String() + w.err.String() + w.log.String() }

// build returns the program of a deployment.
func (d *deployment) build(t *testing.T, log io.Writer, fault func(nest) error, site func(nest, *slog.Logger) http.Handler) manage.Build {
	return func(ctx context.Context) (*airworthy.App, error) {
		for name, value := range d.env { // EnvUnset takes them away
			t.Setenv(name, value)
		}
		environments := settings.Branching(func(name string) nest {
			s := airworthy.Production()
			if name == "development" {
				s = airworthy.Development()
			}
			s.Logs.Output = struct{ io.Writer }{log} // without String, which would print the log into the log
			s.ProbePaths = []string{"/"}
			return nest{Settings: s, fault: fault}
		}, "development", "production")
		cfg, err := environments.Load(ctx, d.sources()...)
		if err != nil {
			return nil, err
		}
		if d.members != nil {
			cfg.Settings.Accounts.Store, cfg.Session.Store = d.members, d.sessions
		}
		var handler http.Handler
		app, err := airworthy.New(cfg.Settings, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
		if err != nil {
			return nil, err
		}
		handler = site(cfg, app.Logger())
		app.OnClose(func() error { return fmt.Errorf("closing %s", cfg.Database.URL().Reveal()) })
		return app, nil
	}
}

// run runs a command and returns what it said.
func (d *deployment) run(t *testing.T, fault func(nest) error, args ...string) *told {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var w told
	build := d.build(t, &w.log, fault, func(nest, *slog.Logger) http.Handler { return prey() })
	manage.Run(ctx, build, append([]string{"app"}, args...), manage.Streams{In: strings.NewReader(d.planted[0].value), Out: &w.out, Err: &w.err})
	return &w
}

// commands returns every command of the program, by what its help says, with the flags that each has.
func (d *deployment) commands(t *testing.T, of ...string) (all [][]string) {
	t.Helper()
	help := d.run(t, nil, append(of, "--help")...).out.String()
	_, list, nested := strings.Cut(help, "Available Commands:\n")
	if nested {
		list, _, _ = strings.Cut(list, "\n\n")
		for line := range strings.Lines(list) {
			if name := strings.Fields(line)[0]; name != "help" {
				all = append(all, d.commands(t, append(slices.Clone(of), name)...)...)
			}
		}
		return all
	}
	all = append(all, of, append(slices.Clone(of), "SECRET_KEY"), append(slices.Clone(of), "--help"))
	for _, flag := range regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[\w-]+)( \w+)?  `).FindAllStringSubmatch(help, -1) {
		if flag[2] == "" {
			all = append(all, append(slices.Clone(of), flag[1]))
			continue
		}
		for _, value := range []string{"development", "json", "DEBUG", "1s", "nowhere"} {
			all = append(all, append(slices.Clone(of), flag[1], value))
		}
	}
	return all
}

// TestCanaryInCommands runs every command with every flag.
func TestCanaryInCommands(t *testing.T) {
	for _, environment := range []string{"production", "development"} {
		d := deploy(t, environment)
		t.Chdir(t.TempDir())
		t.Setenv("EDITOR", "false")
		t.Setenv("VISUAL", "")
		s := scan(d.planted)
		d.enlist(t)
		all := d.commands(t)
		if len(all) < 30 {
			t.Fatalf("only %d commands were found", len(all))
		}
		for _, args := range all {
			what := strings.Join(args, " ")
			if what == "serve" || what == "serve SECRET_KEY" || args[0] == "serve" && len(args) > 2 && args[1] != "--addr" {
				continue // TestCanaryAtRun serves
			}
			if what == "key rotate --print" {
				continue // for which the keys are the result
			}
			w := d.run(t, nil, args...)
			if w.String() == "" {
				t.Errorf("%s said nothing", what)
			}
			s.clean(t, environment+": "+what, w.String())
		}
		u, err := d.members.ByUsername(t.Context(), "SECRET_KEY")
		if err != nil || !password.Usable(u.Password) {
			t.Errorf("no command has set a password, %v", err)
		}
		s.clean(t, environment+": the stored hash", u.Password)
	}
}

// enlist gives the program accounts, with one whose name is what commands are given. The password that they read is a
// canary.
func (d *deployment) enlist(t *testing.T) {
	t.Helper()
	sessions := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = sessions.Close() })
	d.members, d.sessions = accounts.NewMemory(), sessions
	if _, err := d.members.Create(t.Context(), accounts.User{Username: "SECRET_KEY", Password: password.Unusable()}); err != nil {
		t.Fatal(err)
	}
}

// breaks are the ways in which a value goes wrong.
var breaks = map[string]func(value string) string{
	"with a NUL":              func(v string) string { return v + "\x00" },
	"with a line break":       func(v string) string { return v + "\n" },
	"between line breaks":     func(v string) string { return "\r\n" + v + "\r\n" + v },
	"in a quote":              func(v string) string { return `"` + v },
	"far too long":            func(v string) string { return strings.Repeat(v, 40_000/len(v)) },
	"cut in half":             func(v string) string { return v[:len(v)/2] },
	"without its beginning":   func(v string) string { return v[len(v)/3:] },
	"with a bad escape":       func(v string) string { return v + "%zz" },
	"of another scheme":       func(v string) string { return "ftp://" + v },
	"that is a scheme":        func(v string) string { return strings.NewReplacer(":", "x", "/", "x").Replace(v) + "://x" },
	"that is a port":          func(v string) string { return "postgres://h:" + url.PathEscape(v) + "/x" },
	"with a bad host":         func(v string) string { return "postgres://app:" + v + "@[::1/app" },
	"with options":            func(v string) string { return v + "?password=" + url.QueryEscape(v) + "&sslmode=" + url.QueryEscape(v) },
	"with empty elements":     func(v string) string { return v + ",," },
	"with invalid UTF-8":      func(v string) string { return v + "\xff\xfe" },
	"with half a JSON":        func(v string) string { return strings.TrimRight(v, "}]") },
	"as JSON of another kind": func(v string) string { return fmt.Sprintf(`{"x": {"y": %q}}`, v) },
}

// TestCanaryInFaults breaks each value in each way, and puts a secret where another setting belongs.
func TestCanaryInFaults(t *testing.T) {
	d := deploy(t, "production")
	t.Chdir(t.TempDir())
	s := scan(d.planted)
	refused := 0
	try := func(what string, d *deployment, fault func(nest) error, commands ...string) {
		t.Helper()
		for _, args := range commands {
			w := d.run(t, fault, strings.Fields(args)...)
			if strings.Contains(w.err.String(), "error: ") {
				refused++
			}
			s.clean(t, what+": "+args, w.String())
		}
	}
	const serve, settingsCommand, report = "serve --addr nowhere", "settings", "check --format json --tag settings"
	for i, p := range d.planted {
		for j, how := range slices.Sorted(maps.Keys(breaks)) {
			try(p.variable+" "+how, d.with(p.variable, breaks[how](p.value)), nil, []string{serve, report}[(i+j)%2])
		}
		for _, line := range []string{p.variable + "='" + p.value, p.variable + `="` + p.value, p.variable + "=${" + p.value + "}", p.variable + " = " + p.value + `" x`, p.value + "=x", p.value, "export " + p.value, p.variable + "=" + p.value + "\\\n" + p.value} {
			broken := *d
			broken.sources = func() []settings.Source {
				return []settings.Source{settings.Map("test", d.set), settings.DotEnv(d.file(t, "broken.env", d.dotenv+line+"\n")), settings.EnvUnset()}
			}
			try(p.variable+" in a broken .env", &broken, nil, serve)
		}
		for name, quote := range map[string]string{"whole": "%s", "quoted": "%q", "cut off": "%.20s…", "hexadecimal": "%x"} {
			fault := func(nest) error { return fmt.Errorf("app: "+p.variable+": "+quote+" is wrong: give another", p.secret) }
			try("Validate about "+p.variable+", "+name, d, fault, []string{serve, report, settingsCommand}[(i+len(name))%3])
		}
	}
	for _, host := range []string{"fails", "refuses"} {
		try("a manager that "+host, d.with("AIRWORTHY_SECRETS", "nest://"+host), nil, serve, report)
	}
	token := d.planted[len(d.planted)-2].secret
	for _, v := range settings.Describe(nest{}).Values {
		if !v.Secret {
			for i, value := range []string{token, token[:30], "https://" + token + "@x", "/" + token} {
				try("a secret as "+v.Variable, d.with(v.Variable, value), nil, []string{report, serve, settingsCommand, serve}[i])
			}
		}
	}
	try("a secret as the environment", d.with("AIRWORTHY_ENV", token), nil, serve, report, settingsCommand)
	if refused < 250 {
		t.Errorf("only %d commands were refused", refused)
	}
}

// spill panics and logs with what a secret is found in.
func spill(cfg nest, logger *slog.Logger, all []planted) http.Handler {
	mux := http.NewServeMux()
	for i, p := range all {
		_, parse := url.Parse("https://app:" + p.secret + "@[::1/x")
		values := []any{
			p.value, p.secret, p.secret[:len(p.secret)/2], p.secret[5:15], []byte(p.value), errors.New("bad: " + p.value),
			fmt.Errorf("cut: %.12s…, %q, %x, %+q: %w", p.secret, p.secret, p.secret, p.value, parse), map[string]any{p.secret: []string{p.value}},
			"Basic " + base64.StdEncoding.EncodeToString([]byte("app:"+p.secret)), url.QueryEscape(p.value), struct{ A, b string }{p.secret, p.value},
			errors.Join(parse, errors.New(p.secret)), json.RawMessage(fmt.Sprintf(`{"a": %q}`, p.secret)), &url.Error{Op: "Get", URL: p.value, Err: parse},
		}
		mux.HandleFunc(fmt.Sprintf("/log/%d", i), func(_ http.ResponseWriter, r *http.Request) {
			for _, v := range values {
				logger.ErrorContext(r.Context(), fmt.Sprint("mishap ", v), "value", v, fmt.Sprint(v), 1, slog.Group("g", "v", v))
				logger.With("with", v).WithGroup("group").Debug("mishap", "value", &v, "list", []any{v})
			}
		})
		for j, v := range values {
			mux.HandleFunc(fmt.Sprintf("/panic/%d/%d", i, j), func(http.ResponseWriter, *http.Request) { panic(v) })
		}
	}
	mux.HandleFunc("/panic/settings", func(http.ResponseWriter, *http.Request) { panic(cfg) })
	mux.HandleFunc("/panic/nested", func(http.ResponseWriter, *http.Request) {
		defer func() { panic(fmt.Errorf("again: %v", recover())) }()
		panic(fmt.Sprintf("%+v", cfg))
	})
	mux.HandleFunc("/log/settings", func(http.ResponseWriter, *http.Request) {
		logger.Info(fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "settings", cfg, "pointer", &cfg, "loaded", cfg.Loaded)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "home") })
	return mux
}

// TestCanaryAtRun serves, has the application do what applications do by accident, and sends secrets in every place of a
// request.
func TestCanaryAtRun(t *testing.T) {
	for environment, format := range map[string]string{"production": "json", "development": "text"} {
		t.Run(environment, func(t *testing.T) {
			d := deploy(t, environment).with("LOG_FORMAT", format).with("REQUEST_ID_HEADER", "X-Request-ID").with("TRUSTED_PROXIES", "127.0.0.1")
			s := scan(d.planted)
			var w told
			ctx, stop := context.WithCancel(t.Context())
			build := d.build(t, &w.log, nil, func(cfg nest, l *slog.Logger) http.Handler { return spill(cfg, l, d.planted) })
			done := make(chan int, 1)
			go func() {
				done <- manage.Run(ctx, build, []string{"app", "serve", "--addr", "127.0.0.1:0"}, manage.Streams{Out: &w.out, Err: &w.err})
			}()
			addr := ""
			for range 500 {
				if addr = regexp.MustCompile(`http://[^/]+`).FindString(w.err.String()); addr != "" {
					break
				}
				pause()
			}
			if addr == "" {
				stop()
				t.Fatalf("serve did not start (status %d):\n%d bytes of output", <-done, len(w.String()))
			}
			answers := 0
			send := func(method, path, accept string, p planted, header ...string) {
				r, err := http.NewRequestWithContext(ctx, method, addr+path, strings.NewReader("csrfmiddlewaretoken="+url.QueryEscape(p.secret)))
				if err != nil {
					t.Fatal(err)
				}
				plain := strings.NewReplacer("<", "", "#", "").Replace(p.secret) // what a header's value may hold
				r.Host = "example.com"
				r.Header = http.Header{"Accept": {accept}, "User-Agent": {plain}, "Referer": {"https://example.com/?k=" + plain}, "X-Key": {plain},
					"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Request-Id": {"id-" + plain[:40]},
					"Authorization": {"Bearer " + plain}, "Cookie": {"sessionid=" + plain + "; __Host-sessionid=" + plain + "; " + plain[:26] + "=1"}}
				for i := 0; i < len(header); i += 2 {
					r.Header.Set(header[i], header[i+1])
					if header[i] == "Host" {
						r.Host = header[i+1]
					}
				}
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatalf("%s %s: %d bytes of error", method, strings.SplitN(path, "?", 2)[0][:min(len(path), 9)], len(err.Error()))
				}
				defer res.Body.Close()
				var b bytes.Buffer
				_ = res.Header.Write(&b)
				_, _ = io.Copy(&b, res.Body)
				answers++
				s.clean(t, environment+": the answer to "+method+" "+path[:min(len(path), 12)]+" as "+accept, b.String())
			}
			accepts := []string{"text/html", "application/json", "text/plain"}
			for i, p := range d.planted {
				for j := range 14 {
					send("GET", fmt.Sprintf("/panic/%d/%d", i, j), accepts[(i+j)%3], p)
				}
				send("GET", fmt.Sprintf("/log/%d", i), "text/plain", p)
				send("GET", "/"+url.PathEscape(p.secret)+"?k="+url.QueryEscape(p.value)+"&"+url.QueryEscape(p.secret)+"=1", accepts[i%3], p)
				send("POST", "/", accepts[i%3], p, "Origin", "https://"+p.secret[:26]+".example", "Sec-Fetch-Site", "cross-site")
				send("POST", "/", "text/html", p, "Referer", "https://evil.example/"+p.secret[:26])
				send("GET", "/", "text/html", p, "X-Forwarded-Proto", p.secret[:26])
				send("GET", "/", "text/html", p, "X-Forwarded-For", p.secret[:26])
				send(p.secret[:26], "/", "text/html", p)
			}
			for _, path := range []string{"/panic/settings", "/panic/nested", "/log/settings"} {
				for _, accept := range accepts {
					send("GET", path, accept, d.planted[0])
				}
			}
			stop()
			<-done
			if answers < 200 || strings.Count(w.log.String(), "\n") < 500 || !strings.Contains(w.err.String(), "closing") {
				t.Errorf("%d answers, %d lines of log, stderr: %d bytes", answers, strings.Count(w.log.String(), "\n"), len(w.err.String()))
			}
			s.clean(t, environment+": stdout", w.out.String())
			s.clean(t, environment+": stderr", w.err.String())
			for line := range strings.Lines(w.log.String()) {
				if variable, _ := s.find(line); variable != "" {
					s.clean(t, environment+": the log", line)
					break
				}
			}
		})
	}
}

// TestCanaryInValues prints what New and Load return, with everything that prints.
func TestCanaryInValues(t *testing.T) {
	d := deploy(t, "production")
	s := scan(d.planted)
	var cfg nest
	app, err := d.build(t, io.Discard, nil, func(n nest, _ *slog.Logger) http.Handler { cfg = n; return prey() })(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() }) // its error is the application's
	if os.Getenv("SECRET_KEY") != "" {
		t.Error("SECRET_KEY is still in the environment")
	}
	_, bad := d.with("SECRET_KEY", d.planted[0].value[:20]).with("DEBUG", "x").build(t, io.Discard, nil, nil)(t.Context())
	weak := cfg.Settings
	weak.Keyring.Fallbacks = append(weak.Keyring.Fallbacks, cfg.Keyring.Key)
	weak.Hosts.Allowed, weak.Proxy.Trusted = nil, nil
	_, refused := airworthy.New(weak, prey())
	if bad == nil || refused == nil {
		t.Fatalf("errors %v, %v; want two", bad, refused)
	}
	report := app.Check(t.Context())
	values := map[string]any{
		"Settings": cfg.Settings, "Loaded": cfg.Loaded, "the App": app, "an error of Load": bad, "an error of New": refused,
		"the refused settings": errors.Unwrap(refused), "Database": cfg.Database, "Email": cfg.Mail, "Cache": cfg.Cache, "Token": cfg.Token,
		"Tokens": cfg.Tokens, "JSON": cfg.Accounts, "a map": cfg.Named, "the keyring": app.Keyring(), "the keeper": app.Secrets(),
		"sources": cfg.Loaded.Sources()[1:], "a report": report, "a check": airworthy.BuildCheck(bad), "faults": airworthy.Faults(bad), "Mask": app.Mask(),
		"Describe": settings.Describe(cfg.Settings), "the App's settings": app.Settings(),
	}
	for name, v := range values {
		var b bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%p"} {
			fmt.Fprintf(&b, verb, v)
			fmt.Fprintf(&b, verb, &v)
		}
		j, _ := json.Marshal(v)
		b.Write(j)
		log.New(&b, "", 0).Print(v)
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			slog.New(h).Info("m", "v", v, slog.Group("g", "v", v))
		}
		func() {
			defer func() { fmt.Fprint(&b, recover()) }()
			panic(v)
		}()
		s.clean(t, name, b.String())
	}
}
