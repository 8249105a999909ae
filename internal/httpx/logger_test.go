package httpx_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

func TestLogger(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var first, second, own bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&first, nil)))
	httpx.Logger(nil).Warn("one")
	slog.SetDefault(slog.New(slog.NewTextHandler(&second, nil)))
	httpx.Logger(nil).Warn("two")
	httpx.Logger(slog.New(slog.NewTextHandler(&own, nil))).Warn("three")
	for name, c := range map[string]struct {
		log  *bytes.Buffer
		want string
	}{
		"the default at the time": {&first, "msg=one"}, "a default that was set later": {&second, "msg=two"}, "one's own": {&own, "msg=three"},
	} {
		if got := c.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want one line with %s", name, got, c.want)
		}
	}
}
