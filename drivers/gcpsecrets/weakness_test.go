package gcpsecrets_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/drivers/gcpsecrets"
)

func TestWeakness(t *testing.T) {
	for _, insecure := range []bool{true, false} {
		s, err := gcpsecrets.New(gcpsecrets.Config{Project: "my-project", Secret: "site", Endpoint: "127.0.0.1:8443", InsecurePlaintext: insecure})
		if err != nil {
			t.Fatal(err)
		}
		if (s.Weakness() != "") != insecure {
			t.Errorf("InsecurePlaintext %t: the gate is told %q", insecure, s.Weakness())
		}
	}
}
