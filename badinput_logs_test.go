package airworthy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/logs"
)

// TestBadInputLogged sends what plays with the reader of a log, in every place of a request that is logged.
func TestBadInputLogged(t *testing.T) {
	const forged = `{"level":"ERROR","msg":"forged"}`
	for _, format := range []logs.Format{logs.JSON, logs.Text} {
		app := prey()
		var logger func() func(msg string, args ...any)
		app.HandleFunc("GET /say", func(_ http.ResponseWriter, r *http.Request) {
			user := r.URL.Query().Get("user")
			logger()("login failed for "+user, "user", user, user, "as a key", "error", errors.New(user), "list", []string{user})
		})
		s := strict(func(s *airworthy.Settings) { s.Logs.Format = format })
		s.Proxy.Identity = nil
		direct, err := airworthy.New(s, app)
		if err != nil {
			t.Fatal(err)
		}
		logger = func() func(string, ...any) { return direct.Logger().Warn }
		v := overTLS(t, s, app)
		for _, row := range []struct{ name, send string }{
			{"52: a line break in the path", get("/a%0a" + forged)},
			{"52: both line breaks in the path", get("/a%0d%0a" + forged)},
			{"52: a terminal's escape in the path", get("/a%1b%5b2J%1b%5d0;title%07")},
			{"52: bidirectional controls in the path", get("/a%e2%80%ae%e2%81%a6moc.elpmaxe")},
			{"52: line separators of Unicode in the path", get("/a%e2%80%a8%e2%80%a9%c2%85" + forged)},
			{"52: invalid UTF-8 in the path", get("/a%ff%fe%c0%80")},
			{"52: NUL in the path", get("/a%00b")},
			{"52: a terminal's escape of eight bits in the user agent", get("/", "User-Agent: a\x9b2J\xc2\x9b2J")},
			{"52: bidirectional controls in the user agent", get("/", "User-Agent: a\u202e\u2066b\u200bc\ufeff")},
			{"52: a tag of invisible letters in the user agent", get("/", "User-Agent: a\U000e0041b")},
			{"52: a user name with a line break", get("/say?user=ada%0a" + forged)},
			{"52: a user name with a terminal's escape", get("/say?user=%1b%5b31mada%1b%5b0m")},
			{"52: a user name with bidirectional controls", get("/say?user=%e2%80%aeada")},
			{"52: a method", ask("GET!%1b~", "/", "", own)},
			{"52: a foreign host", get("/", "Host: evil%1b%5b2J.example")},
			{"52: a foreign Origin", post("/act", "", "Origin: https://evil.example/\x9b2J\u202e")},
			{"52: a foreign Referer", post("/act", "", "Referer: https://evil\x9b.example/\u202e")},
			{"52: a cookie", get("/user", "Cookie: __Host-sessionid=\u202ea; __Host-sessionid=\x9b")},
			{"52: a panic", get("/panic?%1b[2J", "User-Agent: \u202e")},
		} {
			t.Run(row.name+", as "+string(format), func(t *testing.T) {
				before := len(v.log.String())
				_ = v.send(t, row.send)
				waitForLog(v, before)
				lines := strings.Split(strings.TrimSuffix(v.log.String()[before:], "\n"), "\n")
				for _, line := range lines {
					judgeLine(t, line, format)
				}
				if got := lines[len(lines)-1]; got == "" {
					t.Error("nothing was logged")
				}
			})
		}
		if strings.Contains(v.log.String(), "\n"+forged) {
			t.Error("a client wrote a line of its own into the log")
		}
	}
}

// waitForLog waits for the access line, which is written when the answer has gone out.
func waitForLog(v *victim, before int) {
	for range 200 {
		if strings.Contains(v.log.String()[before:], "airworthy.access") {
			return
		}
		pause()
	}
}

// judgeLine demands one record of characters that print.
func judgeLine(t *testing.T, line string, format logs.Format) {
	t.Helper()
	for _, c := range line {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			t.Errorf("%U stands in the log: %q", c, line)
			break
		}
	}
	if format == logs.JSON {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil || record["msg"] == "forged" {
			t.Errorf("the line is no record of ours: %q: %v", line, err)
		}
	} else if !strings.HasPrefix(line, "time=") {
		t.Errorf("the line is no record of ours: %q", line)
	}
}
