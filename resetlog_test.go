package airworthy_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/session"
)

// broken fails when it is asked for a user.
type broken struct{ accounts.Store }

func (broken) ByID(context.Context, string) (accounts.User, error) {
	return accounts.User{}, errors.New("no database")
}

// TestResetLinksAreInNoLog: the access log has the paths of all requests, and those of reset links are keys to accounts.
func TestResetLinksAreInNoLog(t *testing.T) {
	const token = "c9wj2x-0123456789abcdef0123456789abcdef"
	for _, path := range []string{"/account/", "/members/"} {
		for _, store := range []accounts.Store{accounts.NewMemory(), broken{accounts.NewMemory()}} {
			var mu sync.Mutex
			var out strings.Builder
			cfg := airworthy.Development()
			cfg.Logs.Output, cfg.Hosts.Debug, cfg.ErrorPages.Debug = &guarded{&mu, &out}, true, false
			cfg.Session.Store = session.NewMemory(session.MemoryOptions{})
			cfg.Accounts.Store, cfg.AccountPages.Path = store, path
			cfg.Accounts.Mail = func(context.Context, accounts.Message) error { return nil }
			cfg.Accounts.Origin = "http://localhost:8000"
			cfg.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}
			app, err := airworthy.New(cfg, http.NotFoundHandler())
			if err != nil {
				t.Fatal(err)
			}
			for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
				app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "http://localhost"+path+"reset/MQ/"+token+"/", nil))
			}
			app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://localhost"+path+"reset/MQ/"+token, nil))
			mu.Lock()
			if strings.Contains(out.String(), token[:12]) || strings.Contains(out.String(), token[8:]) || !strings.Contains(out.String(), "airworthy.access") {
				t.Errorf("the log holds the token of a reset link:\n%s", out.String())
			}
			mu.Unlock()
		}
	}
}

// guarded is a writer for several goroutines.
type guarded struct {
	mu  *sync.Mutex
	out *strings.Builder
}

func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.Write(p)
}
