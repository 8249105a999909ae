package manage

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/internal/cli"
)

// The limits of the server. A handler that streams longer than WriteTimeout, or reads a body longer than ReadTimeout,
// extends its own deadline with [http.ResponseController].
const (
	ReadHeaderTimeout = 10 * time.Second
	ReadTimeout       = 60 * time.Second
	WriteTimeout      = 60 * time.Second
	IdleTimeout       = 120 * time.Second
	MaxHeaderBytes    = 64 << 10
)

// DefaultAddr is where serve listens when nothing says otherwise.
const DefaultAddr = "127.0.0.1:8000"

type serveFlags struct{ addr, cert, key string }

func (p *program) serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the application",
		Long: `Serve the application over HTTP, or over HTTPS when given a certificate, until it is interrupted; then finish the
requests at hand. In the development environment it listens on loopback only.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), f) },
	}
	c.Flags().StringVar(&f.addr, "addr", "",
		"`address` to listen on: host:port, or unix:/path/to/socket (default SERVE_ADDR, else "+DefaultAddr+")")
	c.Flags().StringVar(&f.cert, "tls-cert", "", "certificate `file` (PEM, the chain included; default SERVE_TLS_CERT)")
	c.Flags().StringVar(&f.key, "tls-key", "", "private key `file` (PEM; default SERVE_TLS_KEY)")
	return c
}

func (p *program) serve(ctx context.Context, f serveFlags) error {
	p.serving = true
	app, err := p.application(ctx)
	if err != nil {
		return refusal(err)
	}
	defer p.close(app)
	cfg := app.Settings()
	addr := cmp.Or(f.addr, cfg.Serve.Addr, DefaultAddr)
	if err := checkAddr(addr); err != nil {
		return err
	}
	if err := guardLoopback(cfg, addr); err != nil {
		return err
	}
	tlsConfig, err := loadTLS(cmp.Or(f.cert, cfg.Serve.TLSCert), cmp.Or(f.key, cfg.Serve.TLSKey), app.Logger())
	if err != nil {
		return err
	}
	ln, err := listen(ctx, addr)
	if err != nil {
		return fmt.Errorf("SERVE_ADDR: %w: choose an address of this machine that is free, here or with --addr", err)
	}
	app.Serving()
	defer refreshOnHangup(ctx, app)()
	fmt.Fprintf(p.err, "serving %s (%s environment); stop with Ctrl-C\n", address(ln, tlsConfig != nil), cfg.Environment())
	return run(ctx, newServer(app, tlsConfig), ln, cmp.Or(cfg.Serve.Grace, 30*time.Second))
}

// refusal says everything that keeps the application from starting, a line each.
func refusal(err error) error {
	lines := airworthy.Faults(err)
	if len(lines) == 1 {
		return errors.New(lines[0])
	}
	return fmt.Errorf("the application refuses to start, for %d reasons:\n  %s", len(lines), strings.Join(lines, "\n  "))
}

func newServer(app *airworthy.App, tlsConfig *tls.Config) *http.Server {
	return &http.Server{
		Handler:           framed(app),
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: ReadHeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes,
		ErrorLog:          log.New(errorLog{app.Logger()}, "", 0),

		// Otherwise net/http answers OPTIONS * itself, for any host, without headers and without a line in the log.
		DisableGeneralOptionsHandler: true,
	}
}

// errorLog takes what net/http's server has to say: failed handshakes and the like, which clients cause at will.
type errorLog struct{ *slog.Logger }

func (l errorLog) Write(p []byte) (int, error) {
	l.Warn("net/http", "detail", strings.TrimSpace(string(p)))
	return len(p), nil
}

// run serves until ctx ends, then gives the requests at hand the grace period.
func run(ctx context.Context, srv *http.Server, ln net.Listener, grace time.Duration) error {
	done := make(chan error, 1)
	go func() {
		if srv.TLSConfig != nil {
			done <- srv.ServeTLS(ln, "", "")
			return
		}
		done <- srv.Serve(ln)
	}()
	select {
	case err := <-done:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		_ = srv.Close()
		return fmt.Errorf("stopping: requests were still running after %v and were cut off", grace)
	}
	return nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		ln, err := lc.Listen(ctx, "unix", path)
		if errors.Is(err, syscall.EADDRINUSE) && abandoned(ctx, path) && os.Remove(path) == nil {
			return lc.Listen(ctx, "unix", path)
		}
		return ln, err
	}
	return lc.Listen(ctx, "tcp", addr)
}

// abandoned reports whether path is a socket on which nobody listens: a program that was killed leaves its own behind.
func abandoned(ctx context.Context, path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func address(ln net.Listener, secure bool) string {
	if ln.Addr().Network() == "unix" {
		return "unix:" + ln.Addr().String()
	}
	if secure {
		return "https://" + ln.Addr().String() + "/"
	}
	return "http://" + ln.Addr().String() + "/"
}

// checkAddr refuses what is no address before anything else is said about it.
func checkAddr(addr string) error {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok && path != "" {
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return fmt.Errorf("SERVE_ADDR: %q is not an address: write host:port, such as %s, or unix:/path/to/socket", addr, DefaultAddr)
	}
	return nil
}

// guardLoopback refuses an address that other machines can reach while the environment is development, whose error
// pages show the program's insides. A Unix socket is reached through a server that somebody configured, which may be
// reached by anybody.
func guardLoopback(cfg airworthy.Settings, addr string) error {
	if !cfg.Development() {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err == nil {
		ip, perr := netip.ParseAddr(host)
		if host == "localhost" || perr == nil && ip.Unmap().IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("SERVE_ADDR: %q is not a loopback address, and the environment is development, "+
		"which shows its insides: use %s, or choose another environment with AIRWORTHY_ENV", addr, DefaultAddr)
}

// loadTLS returns nil if neither file is named.
func loadTLS(cert, key string, logger *slog.Logger) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, cli.Usage("--tls-cert and --tls-key, or SERVE_TLS_CERT and SERVE_TLS_KEY: give both or neither")
	}
	files := &certificate{cert: cert, key: key, logger: logger}
	if _, err := files.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get}, nil
}

// newest returns the later of the files' times of change.
func newest(names ...string) (time.Time, error) {
	var last time.Time
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return last, err
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last, nil
}
