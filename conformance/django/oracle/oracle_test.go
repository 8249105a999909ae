package oracle_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
)

func TestCall(t *testing.T) {
	o := oracle.ForTest(t)
	var version struct{ Django string }
	if err := o.Call("version", nil, &version); err != nil || strings.Count(version.Django, ".") != 2 {
		t.Errorf("version = %q, %v, want one such as 5.2.19", version.Django, err)
	}
	var raised oracle.Error
	if err := o.Call("no such op", nil, nil); !errors.As(err, &raised) || !strings.HasPrefix(string(raised), "KeyError") {
		t.Errorf("error = %v, want the KeyError that an unknown op raises", err)
	}
	if err := o.Call("version", map[string]any{"x": 1}, nil); !errors.As(err, &raised) {
		t.Errorf("error = %v, want the TypeError that an unknown argument raises", err)
	}
	if err := o.Call("version", nil, &version); err != nil {
		t.Errorf("after errors: %v, want an answer", err)
	}
}

func TestStartFails(t *testing.T) {
	if _, err := oracle.Start("/no/such/python"); err == nil {
		t.Error("a Python that is not there was started")
	}
}
