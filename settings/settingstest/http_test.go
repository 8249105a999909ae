package settingstest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// careful is the smallest source that passes. Its manager answers {"found": {NAME: value}, "absent": [NAME]}.
type careful struct {
	url    string
	client *http.Client
	limit  int64
	flaw   string // what it does wrong, in a test of the kit
}

type reply struct {
	Found  map[string]string `json:"found"`
	Absent []string          `json:"absent"`

	Version string `json:"version"`
}

func (c *careful) Name() string { return "careful" }

func (c *careful) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if c.flaw == "deaf" {
		ctx = context.WithoutCancel(ctx)
	}
	body, err := json.Marshal(names)
	if err != nil {
		return nil, errors.New("careful: the names cannot be sent")
	}
	got, err := c.ask(ctx, body)
	if err != nil {
		return nil, err
	}
	if c.flaw == "tearing" { // reads the values of a later time under the first version
		later, err := c.ask(ctx, body)
		if err != nil {
			return nil, err
		}
		got.Found[names[0]] = later.Found[names[0]]
	}
	values := map[string]settings.Value{}
	for _, name := range names {
		if text, ok := got.Found[name]; ok {
			values[name] = settings.Value{Text: text, Origin: "careful " + name, Version: got.Version}
		}
	}
	if len(got.Found)+len(got.Absent) != len(names) && c.flaw != "trusting" {
		return nil, errors.New("careful: the answer leaves out what was asked for: check the address")
	}
	return values, nil
}

func (c *careful) ask(ctx context.Context, body []byte) (got reply, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/lookup", bytes.NewReader(body))
	if err != nil {
		return got, errors.New("careful: the address is no URL")
	}
	r.Header.Set("X-Careful-Token", "made up")
	resp, err := c.client.Do(r)
	if err != nil {
		return got, c.failed(ctx, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		if c.flaw == "terse" {
			return got, errors.New("careful: it did not work")
		}
		return got, errors.New("careful: the token was refused: set CAREFUL_TOKEN to one that may read")
	case resp.StatusCode == http.StatusServiceUnavailable && c.flaw == "patient":
		time.Sleep(5 * time.Second)
		return got, errors.New("careful: the manager asks for patience")
	case resp.StatusCode == http.StatusNotFound && c.flaw == "trusting":
		return got, nil
	case resp.StatusCode != http.StatusOK:
		return got, fmt.Errorf("careful: the manager answers with status %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, c.limit))
	if err != nil {
		return got, c.failed(ctx, err)
	}
	if err := json.Unmarshal(text, &got); err != nil && c.flaw == "talkative" {
		return got, fmt.Errorf("careful: cannot read %.60s", text)
	} else if err != nil && c.flaw != "trusting" {
		return got, errors.New("careful: the answer is not JSON as it should be: check the address")
	}
	return got, nil
}

// failed keeps the context's error and drops the rest: it quotes what is not HTTP.
func (c *careful) failed(ctx context.Context, err error) error {
	switch {
	case c.flaw == "wrapping":
		return fmt.Errorf("careful: the manager does not answer: %w", err)
	case c.flaw == "forgetful":
		return errors.New("careful: the manager does not answer")
	case c.flaw == "nameless":
		return errors.Join(errors.New("the manager does not answer"), ctx.Err())
	case ctx.Err() != nil:
		return fmt.Errorf("careful: the manager did not answer: %w", ctx.Err())
	}
	return errors.New("careful: the manager cannot be reached or does not speak HTTP: check the address")
}

func newCareful(baseURL, flaw string) *careful {
	c := &careful{url: baseURL, limit: 1 << 20, flaw: flaw, client: &http.Client{
		Transport: &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
	switch flaw {
	case "greedy":
		c.limit = 1 << 40
	case "unpacking":
		c.limit, c.client.Transport = 1<<40, &http.Transport{}
	case "obedient":
		c.client.CheckRedirect = nil
	}
	return c
}

func TestCareful(t *testing.T) {
	settingstest.TestHTTP(t, func(_ *testing.T, baseURL string) settings.Source { return newCareful(baseURL, "") })
}

// serveCareful speaks the protocol of careful.
func serveCareful(_ *testing.T, current func() (map[string]string, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var names []string
		values, version := current()
		got := reply{Found: map[string]string{}, Version: version}
		if err := json.NewDecoder(r.Body).Decode(&names); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, name := range names {
			if text, ok := values[name]; ok {
				got.Found[name] = text
			} else {
				got.Absent = append(got.Absent, name)
			}
		}
		if text, err := json.Marshal(got); err == nil {
			_, _ = w.Write(text)
		}
	})
}

func TestCarefulAnswers(t *testing.T) {
	settingstest.TestAnswers(t, serveCareful, func(_ *testing.T, baseURL string) settings.Source { return newCareful(baseURL, "") })
}

// flaws says of each kind of bad source which of the kit's cases must fail, as they are in a subtest's name.
var flaws = map[string][]string{
	"deaf":      {"ends_with_its_context_if_nothing", "ends_with_its_context_if_a_byte"},
	"greedy":    {"reads_no_answer_without_end", "reads_no_answer_of_10_GB"},
	"unpacking": {"10_GB_that_were_compressed"},
	"obedient":  {"another_host_by_a_301", "another_host_by_a_302", "another_host_by_a_307", "another_host_by_a_308"},
	"talkative": {"a_page_of_HTML_is_no_answer", "JSON_that_is_cut_off", "half_of_an_answer"},
	"trusting":  {"a_page_of_HTML_is_no", "page_that_is_not_found", "empty_body", "without_its_end", "no_answer:_{}", "no_answer:_null"},
	"terse":     {"a_401_says", "a_403_says", "a_401_of_HTML", "a_403_of_HTML"},
	"patient":   {"at_a_503"},
	"wrapping":  {"what_is_not_HTTP_is_not_repeated"},
	"forgetful": {"ends_with_its_context_if_nothing"},
	"tearing":   {"change_while_they_are_read"},
	"nameless":  {"bears_a_server_that_hangs_up"},
}

// TestHTTPFindsFlaws runs this program again with a bad source, for each flaw: the kit must find it.
func TestHTTPFindsFlaws(t *testing.T) {
	if flaw := os.Getenv("SETTINGSTEST_FLAW"); flaw != "" {
		open := func(_ *testing.T, baseURL string) settings.Source { return newCareful(baseURL, flaw) }
		settingstest.TestHTTP(t, open)
		settingstest.TestAnswers(t, serveCareful, open)
		return
	}
	for flaw, cases := range flaws {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel() // each is a process of its own, with a heap of its own
			run := "-test.run=^TestHTTPFindsFlaws$/(" + strings.ReplaceAll(strings.Join(cases, "|"), "{}", `\{\}`) + ")"
			cmd := exec.CommandContext(t.Context(), os.Args[0], run, "-test.v")
			cmd.Env = append(os.Environ(), "SETTINGSTEST_FLAW="+flaw)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("the kit finds nothing wrong\n%s", out)
			}
			for _, name := range cases {
				if !failed(string(out), name) {
					t.Errorf("no case like %q failed", name)
				}
			}
		})
	}
}

func failed(out, name string) bool {
	for line := range strings.Lines(out) {
		if strings.Contains(line, "--- FAIL: ") && strings.Contains(line, name) {
			return true
		}
	}
	return false
}

// ExampleTestHTTP shows the whole test of a source that asks over HTTP.
func ExampleTestHTTP() {
	test := func(t *testing.T) {
		settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source { return newCareful(baseURL, "") })
	}
	fmt.Println(test != nil)
	// Output: true
}
