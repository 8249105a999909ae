package airworthy_test

import (
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/settings"
)

// TestErrorsOfOurFormsHoldNoValue is bad input 53 for the types that say what is wrong with a value in their own words:
// whatever they take from it stands in quotes, which settings leaves out.
func TestErrorsOfOurFormsHoldNoValue(t *testing.T) {
	for _, variable := range []string{
		"SECURE_CSP", "SECURE_CSP_REPORT_ONLY", "PERMISSIONS_POLICY", "SECURE_HSTS_SECONDS", "SECURE_PROXY_SSL_HEADER",
	} {
		refused := 0
		for _, value := range []string{
			"zqxj", "zqxj zqxj", "zqxj=zqxj", `zq"xj\zqxj`, "script-src zqxj;zqxj", "script-src 'zqxj'", "script-src 'nonce-zqxj zqxj'",
			"default-src https://zqxj:99999 'none' zqxj", "report-to zqxj zqxj", "sandbox zqxj", "camera=(zqxj)", "camera=(* zqxj)",
			"zqxj=(* zqxj)", "zqxj=*, zqxj=*", "zqxj=(\"https://zqxj\"", "X-zqxj=zqxj zqxj", "HTTP_zqxj zqxj,zqxj", "zqxj\n=zqxj",
		} {
			_, err := settings.Load(t.Context(), airworthy.Production(), settings.Map("test", map[string]string{variable: value}))
			if err == nil || !strings.Contains(err.Error(), variable) {
				continue // another type's form
			}
			refused++
			if strings.Contains(strings.ToLower(err.Error()), "zqxj") {
				t.Errorf("%s: the error for %q holds a part of it", variable, value)
			}
		}
		if refused < 5 {
			t.Errorf("%s: only %d values were refused", variable, refused)
		}
	}
}
