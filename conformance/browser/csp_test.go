package browser_test

import "github.com/airworthy-go/airworthy/csp"

var nonceOnly = []csp.Source{csp.NonceSource}
