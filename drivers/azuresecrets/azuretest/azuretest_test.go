package azuretest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/azuresecrets/azuretest"
)

// Example serves a vault, and reads a secret of it by hand.
func Example() {
	vault := azuretest.New("made up")
	vault.Set("SECRET-KEY", "the key")
	r := httptest.NewRequest(http.MethodGet, "https://myvault.vault.azure.net/secrets/secret-key?api-version=7.4", nil)
	r.Header.Set("Authorization", "Bearer "+vault.Token())
	w := httptest.NewRecorder()
	vault.ServeHTTP(w, r)
	var got struct{ Value string }
	fmt.Println(w.Code, json.Unmarshal(w.Body.Bytes(), &got), got.Value)
	// Output: 200 <nil> the key
}

// TestProtocol follows the examples of the REST documentation, step by step.
func TestProtocol(t *testing.T) {
	v := azuretest.New("made up")
	token := "Bearer " + v.Token()
	steps := []struct {
		method, path, body, token string
		status                    int
		want                      string
	}{
		{"GET", "/secrets/a/", "", "", 401, "AKV10000"},
		{"GET", "/secrets/a/", "", "Bearer other", 401, "AKV10000"},
		{"GET", "/secrets/a", "", token, 404, `"code":"SecretNotFound"`},
		{"GET", "/secrets/a_b", "", token, 400, "BadParameter"},
		{"PUT", "/secrets/a", `{}`, token, 400, "BadParameter"},
		{"PUT", "/secrets/a", `{"value": "` + strings.Repeat("x", 25001) + `"}`, token, 400, "BadParameter"},
		{"PUT", "/secrets/a", `{"value": "1", "contentType": "text/plain", "tags": {"k": "v"}}`, token, 200, `"contentType":"text/plain","tags":{"k":"v"}`},
		{"GET", "/secrets/A", "", token, 200, `"value":"1"`},
		{"GET", "/secrets/a/00", "", token, 404, "SecretNotFound"},
		{"PATCH", "/secrets/a/", `{"attributes": {"enabled": false, "exp": 7}}`, token, 200, `"exp":7`},
		{"GET", "/secrets/a", "", token, 403, `"innererror":{"code":"SecretDisabled"}`},
		{"DELETE", "/secrets/a", "", token, 200, `"id":"https://example.com/secrets/a/`},
		{"GET", "/secrets/a", "", token, 404, "SecretNotFound"},
		{"PUT", "/secrets/a", `{"value": "2"}`, token, 409, "ObjectIsDeletedButRecoverable"},
		{"POST", "/deletedsecrets/a/recover", "", token, 200, `"enabled":false`},
		{"DELETE", "/secrets/a", "", token, 200, ""},
		{"DELETE", "/deletedsecrets/a", "", token, 204, ""},
		{"PUT", "/secrets/a", `{"value": "3"}`, token, 200, `"value":"3"`},
	}
	for _, s := range steps {
		r := httptest.NewRequest(s.method, "https://example.com"+s.path+"?api-version=7.4", strings.NewReader(s.body))
		if s.token != "" {
			r.Header.Set("Authorization", s.token)
		}
		w := httptest.NewRecorder()
		v.ServeHTTP(w, r)
		if w.Code != s.status || !strings.Contains(w.Body.String(), s.want) {
			t.Errorf("%s %s: got %d %s, want %d %s", s.method, s.path, w.Code, w.Body, s.status, s.want)
		}
		if (w.Code == 401) != strings.Contains(w.Header().Get("WWW-Authenticate"), azuretest.Resource) {
			t.Errorf("%s %s: the challenge is %q", s.method, s.path, w.Header().Get("WWW-Authenticate"))
		}
	}
	if text, n := v.Text("A"); text != "3" || n != 1 {
		t.Errorf("got %q with %d versions", text, n)
	}
}

func TestRefusals(t *testing.T) {
	v := azuretest.New("made up")
	id := v.Set("a", "1")
	if again := v.Set("A", "2"); again == id || len(id) != 32 {
		t.Errorf("the versions are %q and %q", id, again)
	}
	get := func() string {
		r := httptest.NewRequest(http.MethodGet, "https://example.com/secrets/a/"+id+"?api-version=7.4", nil)
		r.Header.Set("Authorization", "Bearer "+v.Token())
		w := httptest.NewRecorder()
		v.ServeHTTP(w, r)
		return fmt.Sprint(w.Code, w.Body)
	}
	if got := get(); !strings.Contains(got, `"value":"1"`) {
		t.Errorf("the older version: got %s", got)
	}
	now := time.Now()
	v.Attributes("a", true, now, now)
	v.Deny("get", "A")
	if got := get(); !strings.Contains(got, "ForbiddenByRbac") {
		t.Errorf("got %s", got)
	}
	v.Block()
	if got := get(); !strings.Contains(got, "ForbiddenByFirewall") {
		t.Errorf("got %s", got)
	}
	v.Break(503)
	if got := get(); !strings.HasPrefix(got, "503") {
		t.Errorf("got %s", got)
	}
	if got := v.Requests(); len(got) != 4 || got[0] != "GET a" {
		t.Errorf("got %q", got)
	}
	v.Delete("a")
}

func TestIdentity(t *testing.T) {
	v := azuretest.New("made up")
	s := httptest.NewServer(http.HandlerFunc(v.Identity))
	defer s.Close()
	for _, test := range []struct {
		header, resource string
		status           int
	}{{"", azuretest.Resource, 401}, {"made up", "https://graph.microsoft.com", 400}, {"made up", azuretest.Resource, 200}, {"made up", azuretest.Resource + "/", 200}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"?resource="+test.resource, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-IDENTITY-HEADER", test.header)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != test.status || strings.Contains(string(body), "access_token") != (test.status == 200) {
			t.Errorf("%q %q: got %d %s", test.header, test.resource, resp.StatusCode, body)
		}
	}
}
