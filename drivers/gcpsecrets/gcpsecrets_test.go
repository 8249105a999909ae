package gcpsecrets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/airworthy-go/airworthy/drivers/gcpsecrets"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// manager is the least of a Secret Manager. The suite in conformance/gcp has a whole one, and the tests of all that can
// go wrong.
type manager struct {
	pb.UnimplementedSecretManagerServiceServer
	mu      sync.Mutex
	secrets map[string][]string // the texts of the versions, by the secret's resource name
}

func (m *manager) AccessSecretVersion(_ context.Context, r *pb.AccessSecretVersionRequest) (*pb.AccessSecretVersionResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name, which, _ := strings.Cut(r.GetName(), "/versions/")
	if strings.HasSuffix(name, "/forbidden") {
		return nil, status.Error(codes.PermissionDenied, "canary")
	}
	n := len(m.secrets[name])
	if which != "latest" {
		if _, err := fmt.Sscan(which, &n); err != nil {
			return nil, status.Error(codes.InvalidArgument, "canary")
		}
	}
	if n == 0 || n > len(m.secrets[name]) {
		return nil, status.Error(codes.NotFound, "canary")
	}
	data := []byte(m.secrets[name][n-1])
	sum := int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	return &pb.AccessSecretVersionResponse{Name: fmt.Sprintf("%s/versions/%d", name, n),
		Payload: &pb.SecretPayload{Data: data, DataCrc32C: &sum}}, nil
}

func (m *manager) AddSecretVersion(_ context.Context, r *pb.AddSecretVersionRequest) (*pb.SecretVersion, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	texts := append(m.secrets[r.GetParent()], string(r.GetPayload().GetData()))
	m.secrets[r.GetParent()] = texts
	return &pb.SecretVersion{Name: fmt.Sprintf("%s/versions/%d", r.GetParent(), len(texts))}, nil
}

// start serves secrets and returns a source of them.
func start(t *testing.T, secrets map[string][]string, refs map[string]settings.Ref) *gcpsecrets.Source {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterSecretManagerServiceServer(g, &manager{secrets: secrets})
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
	s, err := gcpsecrets.New(gcpsecrets.Config{Project: "p", Secret: "bulletin", Refs: refs,
		Endpoint: l.Addr().String(), InsecurePlaintext: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSource(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source { return holding(t, values) })
}

func TestWriter(t *testing.T) {
	settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer { return holding(t, values) })
}

func holding(t *testing.T, values map[string]string) *gcpsecrets.Source {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, map[string][]string{"projects/p/secrets/bulletin": {"{}", string(text)}}, nil)
}

func TestForbidden(t *testing.T) {
	s := start(t, map[string][]string{"projects/p/secrets/bulletin": {`{"A": "a"}`}}, map[string]settings.Ref{"KEY": {Secret: "forbidden"}})
	got, err := s.Lookup(t.Context(), []string{"A", "KEY"})
	f, ok := errors.AsType[*settings.Fault](err)
	if !ok || f.Variable != "KEY" || f.Origin != "gcp-sm p/forbidden" || !strings.Contains(f.Remedy, "roles/secretmanager.secretAccessor") {
		t.Errorf("got %v, want a fault that names the secret and the role", err)
	}
	if len(got) != 1 || got["A"].Text != "a" || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %d values and %v, want the other one, and nothing of the server's message", len(got), err)
	}
}

func TestURLs(t *testing.T) {
	long := strings.Repeat("a", 256)
	for _, test := range []struct{ url, rule string }{
		{"gcp-sm://my-project/bulletin", ""},
		{"gcp-sm://my-project/bulletin-", ""},
		{"gcp-sm://my-project/", ""},
		{"gcp-sm://my-project", ""},
		{"gcp-sm://123456789012/Bul_letin-1", ""},
		{"gcp-sm://my-project/b?location=europe-west3", ""},
		{"gcp-sm://my-project/b?plaintext=false", ""},
		{"gcp-sm://my-project/b?endpoint=127.0.0.1:1", ""},
		{"gcp-sm://my-project/b?endpoint=[::1]:1&plaintext=true", ""},
		{"gcp-sm://my-project/b?endpoint=secretmanager-me.p.googleapis.com:443", ""},
		{"gcp-sm://my-project/b?A=x", ""},
		{"gcp-sm://my-project/b?A=x%23field&B=x/versions/3&C=x/versions/good&D=x/versions/latest", ""},
		{"gcp-sm://my-project/b?A=projects/other/secrets/x/versions/3%23f", ""},
		{"gcp-sm://my-project/b?location=l&A=projects/other/locations/l/secrets/x", ""},

		{"gcp-sm:///bulletin", "names no project"},
		{"gcp-sm://My-Project/bulletin", "names no project"},
		{"gcp-sm://my-project:443/bulletin", "names no project"},
		{"gcp-sm://my_project/bulletin", "names no project"},
		{"gcp-sm://my-project/bulletin/", "has a slash"},
		{"gcp-sm://my-project/projects/x/secrets/y", "has a slash"},
		{"gcp-sm://my-project/bul.letin", "cannot exist"},
		{"gcp-sm://my-project/bul.letin-", "cannot exist"},
		{"gcp-sm://my-project/" + long, "cannot exist"},
		{"gcp-sm://my-project/b?location=europe.west3", "has a location"},
		{"gcp-sm://my-project/b?location=evil/x", "has a location"},
		{"gcp-sm://my-project/b?plaintext=yes", "plaintext"},
		{"gcp-sm://my-project/b?plaintext=true", "without TLS to another machine"},
		{"gcp-sm://my-project/b?plaintext=true&endpoint=localhost:1", "without TLS to another machine"},
		{"gcp-sm://my-project/b?plaintext=true&endpoint=10.0.0.1:1", "without TLS to another machine"},
		{"gcp-sm://my-project/b?plaintext=true&endpoint=x.googleapis.com:443", "without TLS to another machine"},
		{"gcp-sm://my-project/b?plaintext=true&endpoint=127.0.0.1.evil.example:1", "without TLS to another machine"},
		{"gcp-sm://my-project/b?endpoint=evil.example:443", "has an endpoint"},
		{"gcp-sm://my-project/b?endpoint=evilgoogleapis.com:443", "has an endpoint"},
		{"gcp-sm://my-project/b?endpoint=googleapis.com.evil.example:443", "has an endpoint"},
		{"gcp-sm://my-project/b?endpoint=evil.example/.googleapis.com:443", "has an endpoint"},
		{"gcp-sm://my-project/b?endpoint=dns:///x.googleapis.com:443", "has an endpoint"},
		{"gcp-sm://my-project/b?endpoint=unix:/x.googleapis.com:443", "has an endpoint"},
		{"gcp-sm://my-project/b?endpoint=x.googleapis.com", "has an endpoint"},
		{"gcp-sm://my-project/b?A=", "mapped to a secret that cannot exist"},
		{"gcp-sm://my-project/b?A=%23field", "mapped to a secret that cannot exist"},
		{"gcp-sm://my-project/b?A=x.y", "mapped to a secret that cannot exist"},
		{"gcp-sm://my-project/b?A=secrets/x", "mapped to a secret that cannot exist"},
		{"gcp-sm://my-project/b?A=projects/P/secrets/x", "mapped to a secret that cannot exist"},
		{"gcp-sm://my-project/b?A=x/versions/0", "mapped to a version that cannot exist"},
		{"gcp-sm://my-project/b?A=x/versions/", "mapped to a version that cannot exist"},
		{"gcp-sm://my-project/b?A=x/versions/1/versions/2", "mapped to a version that cannot exist"},
		{"gcp-sm://my-project/b?A=x/versions/-1", "mapped to a version that cannot exist"},
		{"gcp-sm://my-project/b?A=projects/p/locations/l/secrets/x", "in another location"},
		{"gcp-sm://my-project/b?location=l&A=projects/p/secrets/x", "in another location"},
		{"gcp-sm://my-project/b?region=l", "unknown parameter"},
		{"gcp-sm://canary@my-project/b", "user information"},
	} {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		s, err := gcpsecrets.Scheme().Open(t.Context(), u, nil)
		switch {
		case test.rule == "":
			if err != nil {
				t.Errorf("%s: got %v, want a source", test.url, err)
			}
		case err == nil || s != nil:
			t.Errorf("%s: got no error, want %q", test.url, test.rule)
		default:
			f, ok := errors.AsType[*settings.Fault](err)
			if !ok || !strings.Contains(f.Error(), test.rule) || strings.Contains(f.Error(), "canary") || strings.Contains(f.Error(), "evil") {
				t.Errorf("%s: got %v, want %q, and nothing of the URL", test.url, err, test.rule)
			}
		}
	}
	_, err := gcpsecrets.New(gcpsecrets.Config{Project: "p", Secret: "a", Prefix: "b"})
	if err == nil || !strings.Contains(err.Error(), "both a secret and a prefix") {
		t.Errorf("got %v, want that both are given", err)
	}
	_, err = gcpsecrets.New(gcpsecrets.Config{Location: "X", Endpoint: "evil.example:1", Refs: map[string]settings.Ref{"A": {}}})
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 4 {
		t.Errorf("got %v, want four mistakes at once", err)
	}
}
