package gcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/airworthy-go/airworthy/conformance/gcp/standin"
	"github.com/airworthy-go/airworthy/settings"
)

// look asks for a setting and a writing within the time, and returns how long each took.
func look(t *testing.T, address string, within time.Duration) (took time.Duration, reading, writing error) {
	t.Helper()
	source := open(t, address, "bulletin")
	began := time.Now()
	for _, f := range []func(context.Context) error{
		func(ctx context.Context) error {
			got, err := source.Lookup(ctx, []string{"SECRET_KEY"})
			if len(got) != 0 {
				t.Errorf("it returned %d values", len(got))
			}
			reading = err
			return err
		},
		func(ctx context.Context) error {
			writing = source.Write(ctx, []settings.Change{change("SECRET_KEY", canary, "")})
			return writing
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		err := f(ctx)
		cancel()
		if err == nil {
			t.Error("there is no error")
		}
		clean(t, err)
	}
	return time.Since(began), reading, writing
}

func TestHostile(t *testing.T) {
	t.Run("it hangs", func(t *testing.T) {
		s := standin.New(project, number)
		s.Before = func(ctx context.Context, _ standin.Call) error { <-ctx.Done(); return ctx.Err() }
		took, reading, writing := look(t, start(t, s), 300*time.Millisecond)
		if !errors.Is(reading, context.DeadlineExceeded) || !errors.Is(writing, context.DeadlineExceeded) {
			t.Errorf("got %v and %v, want the context's error", reading, writing)
		}
		if took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("it hangs until nobody waits any more", func(t *testing.T) {
		s, source := begin(t, "bulletin")
		ctx, cancel := context.WithCancel(t.Context())
		s.Before = func(ctx context.Context, _ standin.Call) error { cancel(); <-ctx.Done(); return ctx.Err() }
		if _, err := source.Lookup(ctx, []string{"SECRET_KEY"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	t.Run("it takes the connection and says nothing", func(t *testing.T) {
		took, reading, writing := look(t, listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), 300*time.Millisecond)
		if !errors.Is(reading, context.DeadlineExceeded) || !errors.Is(writing, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("got %v and %v after %v, want the context's error", reading, writing, took)
		}
	})
	t.Run("it closes every connection", func(t *testing.T) {
		_, reading, _ := look(t, listen(t, func(net.Conn) {}), 20*time.Second)
		unavailable(t, reading)
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		_, reading, _ := look(t, l.Addr().String(), 20*time.Second)
		unavailable(t, reading)
	})
	t.Run("it is a web server with HTTP/1.1", func(t *testing.T) {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>"+canary) }))
		t.Cleanup(web.Close)
		_, reading, _ := look(t, web.Listener.Addr().String(), 20*time.Second)
		unavailable(t, reading)
	})
	for _, code := range []int{200, 204, 302, 400, 401, 403, 404, 429, 500, 503} {
		t.Run(fmt.Sprintf("it is a web server with HTTP/2 and says %d", code), func(t *testing.T) {
			address := web(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Location", "http://"+canary)
				w.WriteHeader(code)
				_, _ = io.WriteString(w, "<html>"+canary)
			})
			_, reading, _ := look(t, address, 20*time.Second)
			if reading == nil || !strings.Contains(reading.Error(), "gcp-sm") {
				t.Errorf("got %v, want an error that names the source", reading)
			}
		})
	}
	t.Run("the secret is larger than any", func(t *testing.T) {
		s := standin.New(project, number)
		s.Put("bulletin", "{}")
		s.After = func(r *pb.AccessSecretVersionResponse) { r.Payload.Data = make([]byte, 5<<20) }
		_, reading, _ := look(t, start(t, s), 20*time.Second)
		if reading == nil || !strings.Contains(reading.Error(), "ResourceExhausted") {
			t.Errorf("got %v, want that the answer is too large", reading)
		}
	})
	t.Run("it claims 4 GB and sends without end", func(t *testing.T) {
		address := web(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			w.WriteHeader(http.StatusOK)
			_, err := w.Write([]byte{0, 0xff, 0xff, 0xff, 0xff})
			for chunk := make([]byte, 64<<10); err == nil && r.Context().Err() == nil; {
				_, err = w.Write(chunk)
			}
		})
		took, reading, _ := look(t, address, 20*time.Second)
		if reading == nil || !strings.Contains(reading.Error(), "ResourceExhausted") || took > 15*time.Second {
			t.Errorf("got %v after %v, want that the answer is too large", reading, took)
		}
	})
	t.Run("its message and its headers hold a canary", func(t *testing.T) {
		s := standin.New(project, number)
		s.Before = func(ctx context.Context, _ standin.Call) error {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-canary", canary))
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-canary", canary))
			return with(codes.PermissionDenied, &errdetails.ErrorInfo{Reason: canary, Domain: canary, Metadata: map[string]string{"x": canary}},
				&errdetails.LocalizedMessage{Locale: "en", Message: canary}, &errdetails.DebugInfo{Detail: canary})
		}
		look(t, start(t, s), 20*time.Second)
	})
	t.Run("its message is larger than memory should hold", func(t *testing.T) {
		s := standin.New(project, number)
		s.Before = func(context.Context, standin.Call) error {
			return status.Error(codes.Internal, strings.Repeat(canary, 100_000))
		}
		look(t, start(t, s), 20*time.Second)
	})
	t.Run("it asks for a retry in a year", func(t *testing.T) {
		s := standin.New(project, number)
		s.Before = func(ctx context.Context, _ standin.Call) error {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "31536000000"))
			return with(codes.Unavailable, &errdetails.RetryInfo{})
		}
		took, reading, _ := look(t, start(t, s), 20*time.Second)
		unavailable(t, reading)
		if took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("the API is not enabled", func(t *testing.T) {
		s := standin.New(project, number)
		s.Before = func(context.Context, standin.Call) error {
			return with(codes.PermissionDenied, &errdetails.ErrorInfo{Reason: "SERVICE_DISABLED", Domain: "googleapis.com"})
		}
		_, reading, _ := look(t, start(t, s), 20*time.Second)
		if reading == nil || !strings.Contains(reading.Error(), "not enabled in the project") {
			t.Errorf("got %v, want that the API is not enabled", reading)
		}
	})
}

// web serves HTTP/2 without TLS, which is what gRPC speaks.
func web(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(f)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// listen hands every connection to f and closes it then.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { f(c); _ = c.Close() }()
		}
	}()
	return l.Addr().String()
}

func unavailable(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "gcp-sm: my-project/bulletin: Unavailable: ") {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func with(code codes.Code, details ...protoadapt.MessageV1) error {
	s, err := status.New(code, canary).WithDetails(details...)
	if err != nil {
		return err
	}
	return s.Err()
}

// TestRetries: what was not done is tried three times, and what comes back is taken.
func TestRetries(t *testing.T) {
	for _, code := range []codes.Code{codes.Unavailable, codes.ResourceExhausted} {
		s, source := begin(t, "")
		s.Put("KEY", "text")
		left := 2
		s.Before = func(context.Context, standin.Call) error {
			if left--; left >= 0 {
				return status.Error(code, canary)
			}
			return nil
		}
		if got, err := source.Lookup(t.Context(), []string{"KEY"}); err != nil || got["KEY"].Text != "text" {
			t.Errorf("%v twice: got %v", code, err)
		}
		s.Calls()
		left = 100
		if _, err := source.Lookup(t.Context(), []string{"KEY"}); err == nil {
			t.Errorf("%v for ever: there is no error", code)
		}
		if calls := len(s.Calls()); calls != 3 {
			t.Errorf("%v for ever: it called %d times, want 3", code, calls)
		}
	}
}

func TestClose(t *testing.T) {
	s, source := begin(t, "")
	s.Put("KEY", "text")
	if _, err := source.Lookup(t.Context(), []string{"KEY"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := source.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := source.Lookup(t.Context(), []string{"KEY"}); err == nil {
		t.Error("Lookup after Close: there is no error")
	}
	if err := source.Write(t.Context(), []settings.Change{change("KEY", canary, "")}); err == nil {
		t.Error("Write after Close: there is no error")
	} else {
		clean(t, err)
	}
}
