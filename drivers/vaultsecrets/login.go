package vaultsecrets

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// session is a token in use.
type session struct {
	client    client
	token     string
	own       bool // we have logged in for it
	batch     bool // it can be neither renewed nor revoked
	renewable bool
	full      time.Duration // what it had at first; 0 if that is unknown, or without end
	until     time.Time     // zero if full is
}

func (s *session) left(now time.Time) time.Duration { return s.until.Sub(now) }

// ended, due and short say that there is nothing left, that a third has passed, and that less than a third is left.
func (s *session) ended(now time.Time) bool { return s.full > 0 && s.left(now) <= 0 }
func (s *session) due(now time.Time) bool   { return s.full > 0 && s.left(now) < s.full*2/3 }
func (s *session) short(now time.Time) bool { return s.full > 0 && s.left(now) < s.full/3 }

// signedIn returns a session that lasts for the Lookup, as far as its times tell.
func (s *Source) signedIn(ctx context.Context) (*session, *problem) {
	sess, token := s.session, ""
	if s.cfg.Auth == AuthToken {
		var p *problem
		if token, p = s.given(); p != nil {
			return nil, p
		}
		if sess != nil && sess.token != token {
			sess = nil
		}
	}
	if sess == nil || sess.own && sess.ended(s.now()) {
		return s.signIn(ctx, token)
	}
	if sess.due(s.now()) {
		s.renew(ctx, sess)
	}
	if sess.own && sess.short(s.now()) { // it comes to the end that no renewal moves
		return s.signIn(ctx, token)
	}
	return sess, nil
}

// renew asks for more time. That it failed is seen by what is asked next, or by the time that is left.
func (s *Source) renew(ctx context.Context, sess *session) {
	if !sess.renewable || s.cfg.TokenFile != "" {
		return
	}
	start := s.now()
	r, p := s.put(ctx, sess.client, "auth/token/renew-self", nil)
	if p == nil && r.status == http.StatusOK && r.Auth != nil && r.Auth.LeaseDuration > 0 {
		sess.until = start.Add(time.Duration(r.Auth.LeaseDuration) * time.Second)
		sess.renewable = r.Auth.Renewable
	}
}

// replace is for a session that Vault has refused something. If its token is still good it returns nil; if it is not, a
// new session, or the problem that there is none.
func (s *Source) replace(ctx context.Context, sess *session) (*session, *problem) {
	r, p := s.get(ctx, sess.client, "auth/token/lookup-self")
	switch {
	case p != nil:
		return nil, p
	case r.status == http.StatusOK:
		return nil, nil
	case sess.own:
		return s.signIn(ctx, "")
	}
	s.session = nil
	return nil, &problem{"the token is refused", "give a new one: it has expired or was revoked, or its policies allow neither this nor auth/token/lookup-self", nil}
}

// signIn begins a session.
func (s *Source) signIn(ctx context.Context, token string) (*session, *problem) {
	var sess *session
	var p *problem
	s.session = nil
	switch s.cfg.Auth {
	case AuthToken:
		sess, p = s.withToken(ctx, token)
	case AuthAppRole:
		sess, p = s.byAppRole(ctx)
	default:
		sess, p = s.byKubernetes(ctx)
	}
	if p != nil {
		return nil, p
	}
	s.session = sess
	s.mu.Lock()
	clear(s.leases) // they end with the token before
	s.mu.Unlock()
	return sess, nil
}

// given returns the token that somebody else has made.
func (s *Source) given() (string, *problem) {
	if s.cfg.TokenFile != "" {
		return readFile("token_file", s.cfg.TokenFile)
	}
	if !s.cfg.Token.IsZero() {
		return s.cfg.Token.Reveal(), nil
	}
	if token := os.Getenv(tokenVariable); token != "" {
		return token, nil
	}
	none := &problem{"there is no token", "set VAULT_TOKEN, or give token_file, auth=approle or auth=kubernetes", nil}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", none
	}
	path := filepath.Join(home, ".vault-token") // where the vendor's command keeps it
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", none
	}
	return readFile("the token", path)
}

// withToken asks how long a given token lives. One that may not even ask that is used as it is.
func (s *Source) withToken(ctx context.Context, token string) (*session, *problem) {
	c, err := s.newClient(token, retries)
	if err != nil {
		return nil, unreadable()
	}
	sess := &session{client: c, token: token}
	start := s.now()
	r, p := s.get(ctx, c, "auth/token/lookup-self")
	if p != nil {
		return nil, p
	}
	var self struct {
		TTL       *int64 `json:"ttl"`
		Full      int64  `json:"creation_ttl"`
		Renewable bool   `json:"renewable"`
		Type      string `json:"type"`
	}
	switch {
	case r.status == http.StatusForbidden:
		return sess, nil
	case r.status != http.StatusOK || json.Unmarshal(r.Data, &self) != nil || self.TTL == nil:
		return nil, unreadable()
	}
	if *self.TTL > 0 {
		sess.full, sess.until = time.Duration(max(self.Full, *self.TTL))*time.Second, start.Add(time.Duration(*self.TTL)*time.Second)
		sess.renewable = self.Renewable
	}
	return sess, nil
}

// byKubernetes reads the pod's token anew each time: Kubernetes replaces it before it expires.
func (s *Source) byKubernetes(ctx context.Context) (*session, *problem) {
	jwt, p := readFile("jwt_file", s.cfg.JWTFile)
	if p != nil {
		return nil, p
	}
	return s.login(ctx, map[string]string{"role": s.cfg.Role, "jwt": jwt},
		"check role, and that it allows the pod's service account, namespace and audience")
}

func (s *Source) login(ctx context.Context, proof map[string]string, remedy string) (*session, *problem) {
	c, err := s.newClient("", 0)
	if err != nil {
		return nil, unreadable()
	}
	start := s.now()
	r, p := s.put(ctx, c, "auth/"+s.cfg.AuthMount+"/login", proof)
	switch {
	case p != nil:
		return nil, p
	case r.status == http.StatusNotFound:
		return nil, &problem{"no login is mounted at auth/" + s.cfg.AuthMount, "check auth and auth_mount, and the namespace", nil}
	case r.status == http.StatusForbidden, r.status == http.StatusBadRequest:
		return nil, &problem{"the login at auth/" + s.cfg.AuthMount + " is refused", remedy, nil}
	case r.status != http.StatusOK || r.Auth == nil || r.Auth.ClientToken == "":
		return nil, unreadable()
	}
	if c, err = s.newClient(r.Auth.ClientToken, retries); err != nil {
		return nil, unreadable()
	}
	sess := &session{client: c, token: r.Auth.ClientToken, own: true, batch: r.Auth.TokenType == "batch", renewable: r.Auth.Renewable}
	if r.Auth.LeaseDuration > 0 {
		sess.full = time.Duration(r.Auth.LeaseDuration) * time.Second
		sess.until = start.Add(sess.full)
	}
	return sess, nil
}

// maxFile is the size of the largest file that is read: tokens are small.
const maxFile = 64 << 10

// readFile reads what stands in a file, without the blanks around it.
func readFile(what, path string) (string, *problem) {
	bad := func(rule string) (string, *problem) {
		return "", &problem{what + ": the file " + path + " " + rule, "check the path and who may read it", nil}
	}
	info, err := os.Stat(path)
	if err != nil {
		return bad("cannot be read")
	}
	if !info.Mode().IsRegular() {
		return bad("is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return bad("cannot be read")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch token := strings.TrimSpace(string(text)); {
	case err != nil:
		return bad("cannot be read")
	case len(text) > maxFile:
		return bad("is too large")
	case token == "":
		return bad("is empty")
	default:
		return token, nil
	}
}
