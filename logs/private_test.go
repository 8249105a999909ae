package logs_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/logs"
)

// TestWhatFollowsAPrivatePathIsInNoRecord: a reset link in a log opens the account to whoever reads the log first.
func TestWhatFollowsAPrivatePathIsInNoRecord(t *testing.T) {
	const token = "c9wj2x-0123456789abcdef0123456789abcdef"
	for _, format := range []logs.Format{logs.JSON, logs.Text} {
		var out bytes.Buffer
		private := []string{"/account/reset/"}
		l := mustNew(t, logs.Config{Format: format, Output: &out, Private: private})
		private[0] = "/x/"
		r := httptest.NewRequest("GET", "/account/reset/MQ/"+token+"/", nil)
		l.Handler(answer).ServeHTTP(httptest.NewRecorder(), r)
		l.Handler(answer).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/account/reset/", nil))
		link := "https://example.com/account/reset/MQ/" + token + "/"
		l.Logger().Warn("mailing "+link+" and "+link+" failed", "event", "airworthy.security.Some", "path", r.URL.Path, "request", r,
			"error", errors.New(`mail "`+link+`": refused`), "list", []string{link})
		for _, text := range []string{out.String(), fmt.Sprint(l.Events(1))} {
			if strings.Contains(text, token) || strings.Contains(text, "/MQ/") {
				t.Errorf("%s: a reset link is in the log: %s", format, text)
			}
		}
		for _, want := range []string{"/account/reset/[redacted] and https://example.com/account/reset/[redacted] failed", "[redacted]", ": refused"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in the log: %s", format, want, out.String())
			}
		}
		if strings.Contains(out.String(), "[redacted]]") && format == logs.Text {
			t.Errorf("redacted twice: %s", out.String())
		}
	}
	if _, err := logs.New(logs.Config{Private: []string{"reset"}}); err == nil || !strings.Contains(err.Error(), "logs: Private: ") {
		t.Errorf("a private path that is none: %v", err)
	}
}
