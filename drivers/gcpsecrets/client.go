package gcpsecrets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	patience   = 30 * time.Second // for a Lookup or a Write whose context sets no earlier end
	maxMessage = 4 << 20          // a secret has at most 64 KiB
	maxHeader  = 64 << 10         // a status message is a header
	attempts   = 3                // of one reading; a writing is tried once
)

// dial is one attempt to make a client, which may look for the metadata server and take seconds.
type dial struct {
	done   chan struct{}
	client *secretmanager.Client
	err    error
}

// connect returns the client. The first call makes it, and so does one after a failure.
func (s *Source) connect(ctx context.Context) (*secretmanager.Client, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errors.New("gcp-sm: the source is closed")
	}
	if s.dial == nil || s.dial.failed() {
		s.dial = &dial{done: make(chan struct{})}
		go s.dial.run(s.options())
	}
	d := s.dial
	s.mu.Unlock()
	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("gcp-sm: looking for credentials: %w", ctx.Err())
	}
	if d.err != nil {
		// The SDK's error may quote the file that it could not read.
		return nil, errors.New("gcp-sm: there are no credentials that can be used: set up Application Default Credentials, " +
			"a service account on Google's machines or GOOGLE_APPLICATION_CREDENTIALS elsewhere")
	}
	return d.client, nil
}

func (d *dial) failed() bool {
	select {
	case <-d.done:
		return d.err != nil
	default:
		return false
	}
}

func (d *dial) run(options []option.ClientOption) {
	defer close(d.done)
	d.client, d.err = secretmanager.NewClient(context.Background(), options...)
	if d.err == nil {
		*d.client.CallOptions = secretmanager.CallOptions{
			AccessSecretVersion: []gax.CallOption{gax.WithRetry(func() gax.Retryer { return newRetry() })},
		}
	}
}

func (s *Source) options() []option.ClientOption {
	options := []option.ClientOption{
		option.WithTelemetryDisabled(),
		// With GOOGLE_SDK_GO_LOGGING_LEVEL=debug the SDK would write payloads and tokens to standard error.
		option.WithLogger(slog.New(slog.DiscardHandler)),
		option.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage))),
		option.WithGRPCDialOption(grpc.WithMaxHeaderListSize(maxHeader)),
		option.WithGRPCDialOption(grpc.WithDisableServiceConfig()), // no retries that a server asks for
	}
	switch {
	case s.cfg.Endpoint != "":
		options = append(options, option.WithEndpoint(s.cfg.Endpoint))
	case s.cfg.Location != "":
		options = append(options, option.WithEndpoint("secretmanager."+s.cfg.Location+".rep.googleapis.com:443"))
	}
	if s.cfg.InsecurePlaintext {
		options = append(options, option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	}
	return options
}

// retry tries again what was not done, a few times.
type retry struct {
	left  int
	pause gax.Backoff
}

func newRetry() *retry {
	return &retry{attempts - 1, gax.Backoff{Initial: 200 * time.Millisecond, Max: 2 * time.Second, Multiplier: 3}}
}

// Retry implements gax.Retryer.
func (r *retry) Retry(err error) (time.Duration, bool) {
	code := status.Code(err)
	if r.left == 0 || code != codes.Unavailable && code != codes.ResourceExhausted {
		return 0, false
	}
	r.left--
	return r.pause.Pause(), true
}

// failure is why a call failed that has nothing to do with the secret which it was about. It is made of the code and of
// words of ours: the message is the server's, and may hold anything.
func failure(ctx context.Context, label string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("gcp-sm: %s: %w", label, ctx.Err())
	}
	code := status.Code(err)
	if errors.Is(err, context.DeadlineExceeded) || code == codes.DeadlineExceeded {
		return fmt.Errorf("gcp-sm: %s: the service did not answer in time: %w", label, context.DeadlineExceeded)
	}
	advice := "see the status of Google Cloud"
	switch code {
	case codes.Unavailable:
		advice = "the service cannot be reached, or its certificate is not trusted: look at the network, the proxy and the clock"
	case codes.Unauthenticated:
		advice = "the credentials give no access token, or the service does not take it: look at Application Default Credentials"
	case codes.ResourceExhausted:
		advice = "the project's quota is used up, or the answer is larger than any secret"
	case codes.InvalidArgument:
		advice = "the service does not take the name of the project or of the secret"
	case codes.Canceled:
		advice = "the connection was closed"
	}
	return fmt.Errorf("gcp-sm: %s: %s: %s", label, codeName(code), advice)
}

// codeName is the name of a code, and its number only if it is none of gRPC's.
func codeName(code codes.Code) string {
	if code > codes.Unauthenticated {
		return "an unknown code"
	}
	return code.String()
}
