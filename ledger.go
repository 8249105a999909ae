package airworthy

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/keyring"
)

// How often an instance reports its keys, how long one report may take, and how often a failing ledger is mentioned.
const (
	reportEvery   = time.Minute
	reportTimeout = 5 * time.Second
	reportMention = time.Hour
)

// reporter tells the ledger which keys this instance holds: from its first request on, again when they change, every
// minute, and when it stops. Nobody waits for it but Close.
type reporter struct {
	app      *App
	ledger   keyring.Ledger
	instance string
	failures *httpx.Sampler

	begun atomic.Bool
	mu    sync.Mutex // held to begin and to end
	stop  context.CancelFunc
	done  chan struct{}
}

func newReporter(app *App, ledger keyring.Ledger) *reporter {
	return &reporter{app: app, ledger: ledger, instance: instanceName(), failures: httpx.NewSampler(reportMention, 1, 1)}
}

// instanceName names this process so that nobody else has the name and people recognise the machine.
func instanceName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	host = strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r
		}
		return '-'
	}, host)
	return host[:min(len(host), 64)] + "-" + strings.ToLower(rand.Text()[:8])
}

// Handler has the first request begin the reports, unless it is one of the gate's.
func (p *reporter) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.begun.Load() && !httpx.Probing(r.Context()) {
			p.begin()
		}
		next.ServeHTTP(w, r)
	})
}

// Serving says that the application is about to be served: from now on it removes what has expired from its stores, now and
// every hour, and reports its keys to the ledger, if there is one. Package manage calls it; where nobody does, the first
// request begins the reports, and whoever serves the application calls DeleteExpired of its stores.
func (a *App) Serving() {
	a.janitor.begin()
	if a.reporter != nil {
		a.reporter.begin()
	}
}

func (p *reporter) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun.Swap(true) {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop, p.done = stop, make(chan struct{})
	go p.run(ctx)
}

// end says that this instance is gone, and returns when that is written or has failed.
func (p *reporter) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun.Swap(true) || p.stop == nil {
		return // never begun, and never to be
	}
	p.stop()
	<-p.done
	p.stop = nil
}

func (p *reporter) run(ctx context.Context) {
	defer close(p.done)
	ring := p.app.Keyring()
	for {
		changed := ring.Changed() // before the report, so that no change is missed
		p.report(ctx, false)
		timer := time.NewTimer(reportEvery - reportEvery/10 + mathrand.N(reportEvery/5))
		select {
		case <-ctx.Done():
			timer.Stop()
			p.report(context.WithoutCancel(ctx), true)
			return
		case <-changed:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// report writes one report. What it cannot write is mentioned in the log, once in an hour.
func (p *reporter) report(ctx context.Context, gone bool) {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	r := keyring.Report{Instance: p.instance, At: time.Now(), Gone: gone, Keys: p.app.Keyring().Uses()}
	err := p.ledger.Report(ctx, r)
	if err == nil || context.Cause(ctx) == context.Canceled {
		return
	}
	if unlogged, ok := p.failures.Take(); ok {
		p.app.Logger().Warn("the ledger of keys cannot be written: key rotate does not know of this instance",
			"event", "airworthy.keys.LedgerFailed", "error", err, "unlogged", unlogged)
	}
}
