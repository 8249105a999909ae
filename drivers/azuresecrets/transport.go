package azuresecrets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
)

// transport is what the SDK sends its requests with. Of an answer that is an error it lets through the status and a code
// that it knows: the SDK would put all of it into errors and logs.
type transport struct {
	client *http.Client
	host   string // the vault's, without the port
	local  bool
	plain  bool // HTTP without TLS, to which the SDK would send no token
}

const codeHeader = "X-Ms-Error-Code" // the SDK reads it first

// The codes that explain knows.
const (
	codeNotFound = "SecretNotFound"
	codeDisabled = "SecretDisabled"
	codeFirewall = "ForbiddenByFirewall"
	codeDeleted  = "ObjectIsDeletedButRecoverable"
)

// known are codes of Key Vault. What is none of them might be anything.
var known = []string{codeNotFound, codeDisabled, codeFirewall, codeDeleted, "ForbiddenByRbac", "ForbiddenByPolicy",
	"ForbiddenByConnection", "AccessDenied", "ObjectIsBeingDeleted", "ObjectIsBeingRecovered"}

var errChallenge = errors.New("asks for a token that is not for it")

// Do sends the request.
func (t *transport) Do(r *http.Request) (*http.Response, error) {
	if t.plain {
		r = r.Clone(r.Context())
		r.URL.Scheme = "http"
	}
	resp, err := t.client.Do(r) //nolint:bodyclose // the SDK does
	if err != nil {
		if e := bounded.Explain(err); e != nil {
			return nil, e // without http.Client's URL
		}
		return nil, r.Context().Err()
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	code := ""
	if body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10)); err == nil {
		code = t.code(resp.StatusCode, body)
	}
	_ = resp.Body.Close()
	resp.Body, resp.ContentLength = http.NoBody, 0
	resp.Status = fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	resp.Header.Del(codeHeader)
	if code != "" {
		resp.Header.Set(codeHeader, code)
	}
	if resp.StatusCode == http.StatusUnauthorized && !t.wellAsked(resp.Header) {
		return nil, errChallenge
	}
	return resp, nil
}

// code returns the code of an error's body, the innermost that is known.
func (t *transport) code(status int, body []byte) string {
	type inner struct {
		Code string `json:"code"`
	}
	var answer struct {
		Error struct {
			inner
			Inner inner `json:"innererror"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, code := range []string{answer.Error.Inner.Code, answer.Error.Code} {
		if slices.Contains(known, code) {
			return code
		}
	}
	if t.local && status == http.StatusNotFound && answer.Error.Code != "" {
		return codeNotFound // emulators have codes of their own
	}
	return ""
}

// wellAsked reports whether a refusal asks for a token for this vault, and in a form that the SDK reads without panic.
// It is the SDK's reading of the header, word by word, with the host compared without its port.
func (t *transport) wellAsked(h http.Header) bool {
	challenge := h.Get("WWW-Authenticate")
	if challenge == "" {
		return true // there is nothing to be read, and no token is sent
	}
	said := map[string]string{}
	for word := range strings.SplitSeq(strings.ReplaceAll(challenge, "Bearer ", ""), " ") {
		if parts := strings.Split(word, "="); len(parts) == 2 {
			said[parts[0]] = strings.TrimSuffix(strings.ReplaceAll(parts[1], `"`, ""), ",")
		}
	}
	if a := said["authorization"]; a != "" && strings.Count(a, "/") < 3 {
		return false
	}
	if t.local {
		return true
	}
	resource, ok := said["scope"]
	if !ok {
		resource, ok = said["resource"]
	}
	if !ok {
		return true // the SDK refuses it, unless it only wants a newer token for what it has asked for before
	}
	u, err := url.Parse(resource)
	return err == nil && u.Scheme == "https" && strings.Contains(u.Host, ".") && strings.HasSuffix(t.host, "."+u.Host)
}

// retriable reports whether another attempt may help.
func retriable(r *http.Response, err error) bool {
	if err != nil {
		e := bounded.Explain(err)
		return e != nil && e.Temporary()
	}
	switch r.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
