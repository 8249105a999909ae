package azuresecrets_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/drivers/azuresecrets"
)

func TestWeakness(t *testing.T) {
	for _, insecure := range []bool{true, false} {
		s, err := azuresecrets.New(azuresecrets.Config{Vault: "127.0.0.1:8443", InsecureHTTP: insecure})
		if err != nil {
			t.Fatal(err)
		}
		if (s.Weakness() != "") != insecure {
			t.Errorf("InsecureHTTP %t: the gate is told %q", insecure, s.Weakness())
		}
	}
}
