// Package azuretest is a stand-in for Azure Key Vault, for tests of what reads secrets there. It protects from tests that
// need a subscription, or that only ever see a vault where everything works.
//
//	vault := azuretest.New("made up")
//	server := httptest.NewTLSServer(vault)
//	vault.Set("SECRET-KEY", "…")
//
// It follows the documentation of Key Vault's REST protocol for single secrets: challenge, get, set, update of
// attributes, delete, recover, purge; versions, tags, content types; names without case; what is refused, with Azure's
// codes. Its handler [Vault.Identity] gives tokens to who knows the header, as App Service does for managed identities.
//
// It is no emulator of the service: it lists nothing, knows no keys and certificates, forgets everything, does not read
// tokens but compares them with those it gave, and never slows down. What it accepts Azure may refuse.
package azuretest

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Resource is what tokens for Key Vault are for.
const Resource = "https://vault.azure.net"

const maxText = 25 * 1000 // bytes of a secret

// Vault is a vault, and an http.Handler. It may be used by several goroutines at once.
type Vault struct {
	header string

	mu       sync.Mutex
	secrets  map[string]*secret // by their names in small letters
	denied   map[string]bool    // likewise, with the permission before it: "get secret-key"
	tokens   map[string]bool
	requests []string
	broken   int // the status of all answers, if not 0
	blocked  bool
}

type secret struct {
	name     string
	versions []*version // the newest one last
	deleted  bool
}

type version struct {
	id          string
	Value       *string           `json:"value,omitempty"`
	ContentType *string           `json:"contentType,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Attributes  attributes        `json:"attributes"`
}

type attributes struct {
	Enabled   *bool  `json:"enabled,omitempty"`
	NotBefore *int64 `json:"nbf,omitempty"`
	Expires   *int64 `json:"exp,omitempty"`
	Created   int64  `json:"created,omitempty"`
	Updated   int64  `json:"updated,omitempty"`
}

// New returns a vault without secrets, whose identity's endpoint asks for header.
func New(header string) *Vault {
	return &Vault{header: header, secrets: map[string]*secret{}, denied: map[string]bool{}, tokens: map[string]bool{}}
}

// Set gives a secret a new version and returns its identifier.
func (v *Vault) Set(name, text string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.add(name, version{Value: &text}).id
}

// Text returns the newest text of a secret, and how many versions it has; zero if there is none.
func (v *Vault) Text(name string) (text string, versions int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[strings.ToLower(name)]
	if s == nil {
		return "", 0
	}
	return *s.versions[len(s.versions)-1].Value, len(s.versions)
}

// Attributes sets the newest version's: whether it is enabled, and its activation and expiry dates unless they are zero.
func (v *Vault) Attributes(name string, enabled bool, notBefore, expires time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[strings.ToLower(name)]
	a := &s.versions[len(s.versions)-1].Attributes
	*a = attributes{Enabled: &enabled, Created: a.Created, Updated: a.Updated}
	if !notBefore.IsZero() {
		at := notBefore.Unix()
		a.NotBefore = &at
	}
	if !expires.IsZero() {
		at := expires.Unix()
		a.Expires = &at
	}
}

// Deny refuses a permission, "get" or "set", on a secret, whether it exists or not.
func (v *Vault) Deny(permission, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.denied[permission+" "+strings.ToLower(name)] = true
}

// Delete deletes a secret, whose name stays taken.
func (v *Vault) Delete(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets[strings.ToLower(name)].deleted = true
}

// Break answers every request with status, 0 for none; Block refuses all as the vault's firewall does.
func (v *Vault) Break(status int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.broken = status
}

// Block refuses every request as the vault's firewall does.
func (v *Vault) Block() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.blocked = true
}

// Requests returns the requests that had a token, such as "GET SECRET-KEY".
func (v *Vault) Requests() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.requests...)
}

// Token returns a token that the vault accepts.
func (v *Vault) Token() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	token := rand.Text()
	v.tokens[token] = true
	return token
}

// Identity gives tokens for Key Vault, as App Service does at IDENTITY_ENDPOINT to who sends IDENTITY_HEADER.
func (v *Vault) Identity(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("X-IDENTITY-HEADER") != v.header:
		reply(w, http.StatusUnauthorized, map[string]string{"message": "the header is not the one that was given"})
	case strings.TrimSuffix(r.FormValue("resource"), "/") != Resource:
		reply(w, http.StatusBadRequest, map[string]string{"message": "no such resource"})
	default:
		reply(w, http.StatusOK, map[string]string{"access_token": v.Token(), "token_type": "Bearer", "resource": Resource,
			"expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "client_id": r.FormValue("client_id")})
	}
}

var path = regexp.MustCompile(`^/(deleted)?secrets/([0-9a-zA-Z-]{1,127})(?:/([0-9a-zA-Z]*))?$`)

// ServeHTTP answers as a vault does.
func (v *Vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !v.tokens[token] {
		w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000", resource="`+Resource+`"`)
		refuse(w, http.StatusUnauthorized, "Unauthorized", "", "AKV10000: Request is missing a Bearer or PoP token.")
		return
	}
	parts := path.FindStringSubmatch(r.URL.Path)
	if parts == nil || r.FormValue("api-version") == "" {
		refuse(w, http.StatusBadRequest, "BadParameter", "", "The request URI contains an invalid name: "+r.URL.Path)
		return
	}
	name := parts[2]
	v.requests = append(v.requests, r.Method+" "+name)
	switch {
	case v.broken != 0:
		refuse(w, v.broken, "InternalError", "", "broken")
		return
	case v.blocked:
		refuse(w, http.StatusForbidden, "Forbidden", "ForbiddenByFirewall", "Client address is not authorized and caller is not a trusted service.")
		return
	case v.denied[permission(r.Method)+" "+strings.ToLower(name)]:
		refuse(w, http.StatusForbidden, "Forbidden", "ForbiddenByRbac", "Caller is not authorized to perform action on resource.")
		return
	}
	v.act(w, r, name, parts[3], parts[1] != "")
}

func permission(method string) string {
	return map[string]string{http.MethodGet: "get", http.MethodPut: "set", http.MethodPatch: "set", http.MethodDelete: "delete", http.MethodPost: "recover"}[method]
}

// act does what was asked for.
func (v *Vault) act(w http.ResponseWriter, r *http.Request, name, id string, deleted bool) {
	s := v.secrets[strings.ToLower(name)]
	if r.Method == http.MethodPut && !deleted {
		v.put(w, r, name, s)
		return
	}
	if s == nil || s.deleted != deleted {
		missing(w, name)
		return
	}
	found := s.versions[len(s.versions)-1]
	if id != "" && id != "recover" {
		found = nil
		for _, one := range s.versions {
			if one.id == id {
				found = one
			}
		}
	}
	switch {
	case found == nil:
		missing(w, name)
	case r.Method == http.MethodPost && deleted && id == "recover":
		s.deleted = false
		reply(w, http.StatusOK, found.bundle(r, s.name, false))
	case r.Method == http.MethodDelete && deleted:
		delete(v.secrets, strings.ToLower(name))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		s.deleted = true
		reply(w, http.StatusOK, found.bundle(r, s.name, false))
	case r.Method == http.MethodPatch:
		var change version
		if json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&change) != nil {
			refuse(w, http.StatusBadRequest, "BadParameter", "", "The body is no JSON.")
			return
		}
		if change.Attributes.Enabled != nil {
			found.Attributes.Enabled = change.Attributes.Enabled
		}
		if change.Attributes.Expires != nil {
			found.Attributes.Expires = change.Attributes.Expires
		}
		reply(w, http.StatusOK, found.bundle(r, s.name, false))
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "", "")
	case found.Attributes.Enabled != nil && !*found.Attributes.Enabled:
		refuse(w, http.StatusForbidden, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret.")
	default:
		reply(w, http.StatusOK, found.bundle(r, s.name, true))
	}
}

func (v *Vault) put(w http.ResponseWriter, r *http.Request, name string, s *secret) {
	var given version
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&given)
	switch {
	case err != nil || given.Value == nil || len(*given.Value) > maxText:
		refuse(w, http.StatusBadRequest, "BadParameter", "", "The value is missing or too long.")
	case s != nil && s.deleted:
		refuse(w, http.StatusConflict, "Conflict", "ObjectIsDeletedButRecoverable", "Secret "+name+" is currently in a deleted but recoverable state.")
	default:
		made := v.add(name, given)
		reply(w, http.StatusOK, made.bundle(r, v.secrets[strings.ToLower(name)].name, true))
	}
}

func (v *Vault) add(name string, made version) *version {
	s := v.secrets[strings.ToLower(name)]
	if s == nil {
		s = &secret{name: name}
		v.secrets[strings.ToLower(name)] = s
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	made.id = hex.EncodeToString(id[:])
	made.Attributes.Created, made.Attributes.Updated = time.Now().Unix(), time.Now().Unix()
	if yes := true; made.Attributes.Enabled == nil {
		made.Attributes.Enabled = &yes
	}
	s.versions = append(s.versions, &made)
	return &made
}

// bundle is how a version is answered, with or without its value.
func (ver *version) bundle(r *http.Request, name string, withValue bool) any {
	b := struct {
		version
		ID string `json:"id"`
	}{*ver, "https://" + r.Host + "/secrets/" + name + "/" + ver.id}
	if !withValue {
		b.Value = nil
	}
	return b
}

func missing(w http.ResponseWriter, name string) {
	refuse(w, http.StatusNotFound, "SecretNotFound", "", "A secret with (name/id) "+name+" was not found in this key vault.")
}

func refuse(w http.ResponseWriter, status int, code, inner, message string) {
	type detail struct {
		Code    string  `json:"code"`
		Message string  `json:"message,omitempty"`
		Inner   *detail `json:"innererror,omitempty"`
	}
	d := detail{Code: code, Message: message}
	if inner != "" {
		d.Inner = &detail{Code: inner}
	}
	reply(w, status, map[string]any{"error": d})
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
