package awssecrets_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/drivers/awssecrets"
	"github.com/airworthy-go/airworthy/settings"
)

func TestWeakness(t *testing.T) {
	for _, insecure := range []bool{true, false} {
		cfg := awssecrets.Config{Region: "eu-central-1", Path: "site", InsecureHTTP: insecure}
		manager, err := awssecrets.NewManager(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		parameters, err := awssecrets.NewParameters(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []settings.Weakened{manager, parameters} {
			if (s.Weakness() != "") != insecure {
				t.Errorf("%s, InsecureHTTP %t: the gate is told %q", s.Name(), insecure, s.Weakness())
			}
		}
	}
}
