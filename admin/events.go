package admin

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// How often the log hears of what visitors can bring about at will. Who is inside cannot be forged, so that only the
// memory is bounded there. Actions are all logged.
const (
	enteredEvery = 15 * time.Minute
	refusedEvery = 10 * time.Minute
	failedEvery  = time.Minute
	decoyEvery   = time.Hour
)

// events logs what happens at the console's door.
type events struct {
	logger                               *slog.Logger
	entries, refusals, failures, scanner *httpx.Sampler
}

func newEvents(logger *slog.Logger) *events {
	return &events{
		logger:   logger,
		entries:  httpx.NewSampler(enteredEvery, 1, 1024),
		refusals: httpx.NewSampler(refusedEvery, 1, 256),
		failures: httpx.NewSampler(failedEvery, 1, 1),
		scanner:  httpx.NewSampler(decoyEvery, 1, 256),
	}
}

// entered logs that somebody is in the console, once in a while for each visitor and address.
func (e *events) entered(r *http.Request, v Visitor) {
	if unlogged, ok := e.entries.Take(v.Name, httpx.Client(r).String()); ok {
		httpx.Logger(e.logger).WarnContext(r.Context(), "a member of the staff is in the console",
			"event", "airworthy.security.AdminEntered", "user", v.Name, "unlogged", unlogged)
	}
}

// refused logs that somebody who is logged in was not let in.
func (e *events) refused(r *http.Request, v Visitor, why string) {
	if unlogged, ok := e.refusals.Take(v.Name, why); ok {
		httpx.Logger(e.logger).WarnContext(r.Context(), "somebody who is logged in was kept out of the console",
			"event", "airworthy.security.AdminRefused", "user", v.Name, "reason", why, "unlogged", unlogged)
	}
}

// failed logs that nobody can be told from anybody.
func (e *events) failed(r *http.Request, err error) {
	if unlogged, ok := e.failures.Take(); ok {
		httpx.Logger(e.logger).ErrorContext(r.Context(), "the console is closed to everybody: who asks could not be looked up",
			"error", err, "unlogged", unlogged)
	}
}

// acted logs an action, whatever came of it.
func (e *events) acted(r *http.Request, v Visitor, p *page, action, message string, err error) {
	args := []any{"event", "airworthy.security.AdminAction", "user", v.Name, "page", p.Path, "action", action}
	if err != nil {
		httpx.Logger(e.logger).WarnContext(r.Context(), "an action in the console failed", append(args, "error", err)...)
		return
	}
	httpx.Logger(e.logger).WarnContext(r.Context(), "an action in the console", append(args, "outcome", message)...)
}

// broken logs that a page could not be shown.
func (e *events) broken(r *http.Request, p *page, err error) {
	httpx.Logger(e.logger).ErrorContext(r.Context(), "a page of the console could not be shown", "page", p.Path, "error", err)
}

// template logs that the template failed, which is a bug in it.
func (e *events) template(r *http.Request, p *page, err error) {
	path := ""
	if p != nil {
		path = p.Path
	}
	httpx.Logger(e.logger).ErrorContext(r.Context(), "the console's template failed", "page", path, "error", err)
}

// decoy logs that somebody looks for an admin, each path and address once in a while.
func (e *events) decoy(r *http.Request) {
	path := strings.ToLower(httpx.Truncate(r.URL.Path, 100))
	if unlogged, ok := e.scanner.Take(path, httpx.Client(r).String()); ok && !httpx.Probing(r.Context()) {
		httpx.Logger(e.logger).WarnContext(r.Context(), "somebody looks for an admin where others have theirs",
			"event", "airworthy.security.AdminDecoy", "path", path, "unlogged", unlogged)
	}
}

// common are the first words of paths at which scanners look for an admin.
var common = map[string]bool{
	"admin": true, "administrator": true, "wp-admin": true, "wp-login.php": true, "phpmyadmin": true, "pma": true,
	"adminer.php": true, "admin.php": true, "manager": true, "backend": true, "cpanel": true,
	"django-admin": true, "console": true, "dashboard": true, "backoffice": true, "ops": true, "admin-console": true,
}

// decoys are those of them that no application has by chance.
var decoys = map[string]bool{
	"admin": true, "administrator": true, "wp-admin": true, "wp-login.php": true, "phpmyadmin": true, "pma": true,
	"adminer.php": true, "admin.php": true, "xmlrpc.php": true,
}

// isDecoy reports whether scanners ask for such a path.
func isDecoy(path string) bool {
	return decoys[firstWord(path)]
}

// firstWord returns what stands between the first two slashes, in lower case. It allocates nothing for most paths.
func firstWord(path string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if len(word) > 32 {
		return ""
	}
	return strings.ToLower(word)
}
