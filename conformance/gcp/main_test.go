package gcp_test

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/conformance/gcp/standin"
	"github.com/airworthy-go/airworthy/drivers/gcpsecrets"
	"github.com/airworthy-go/airworthy/settings"
)

const (
	project = "my-project"
	number  = "123456789012"
	canary  = "canary-4711-never-to-be-seen" // stands in every secret and every message of the server
)

// start serves a stand-in on loopback, in plain text, and returns its address.
func start(t *testing.T, s *standin.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Serve(l).Stop)
	return l.Addr().String()
}

// open opens the URL's path and query at a stand-in.
func open(t *testing.T, address, pathAndQuery string) *gcpsecrets.Source {
	t.Helper()
	join := "?"
	if strings.Contains(pathAndQuery, "?") {
		join = "&"
	}
	u, err := url.Parse("gcp-sm://" + project + "/" + pathAndQuery + join + "plaintext=true&endpoint=" + address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gcpsecrets.Scheme().Open(t.Context(), u, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.(*gcpsecrets.Source).Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*gcpsecrets.Source)
}

// new starts a stand-in and opens it.
func begin(t *testing.T, pathAndQuery string) (*standin.Server, *gcpsecrets.Source) {
	t.Helper()
	s := standin.New(project, number)
	return s, open(t, start(t, s), pathAndQuery)
}

// faults returns the faults in err, by variable, and fails if there is anything else in it.
func faults(t *testing.T, err error) map[string]*settings.Fault {
	t.Helper()
	found := map[string]*settings.Fault{}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want faults", err)
	}
	for _, e := range joined.Unwrap() {
		f, ok := errors.AsType[*settings.Fault](e)
		if !ok {
			t.Fatalf("got %v, want a fault", e)
		}
		found[f.Variable] = f
	}
	clean(t, err)
	return found
}

// clean fails if there is something of a secret or of a server's message in err.
func clean(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "canary") {
		t.Errorf("the error holds what it must not: %v", err)
	}
}
