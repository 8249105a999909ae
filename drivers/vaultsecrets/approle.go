package vaultsecrets

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

func (s *Source) byAppRole(ctx context.Context) (*session, *problem) {
	roleID := s.cfg.RoleID
	if s.cfg.RoleIDFile != "" {
		var p *problem
		if roleID, p = readFile("role_id_file", s.cfg.RoleIDFile); p != nil {
			return nil, p
		}
	}
	secretID, p := s.secretID(ctx)
	if p != nil {
		return nil, p
	}
	return s.login(ctx, map[string]string{"role_id": roleID, "secret_id": secretID},
		"check VAULT_ROLE_ID and VAULT_SECRET_ID, or their files: the secret id may have expired, be used up, or be meant for other addresses")
}

// unwrapped is what a wrapping token, which works once, had in it.
type unwrapped struct{ token, secretID string }

// secretID returns the secret id for AppRole, out of its wrapping.
func (s *Source) secretID(ctx context.Context) (string, *problem) {
	text := s.cfg.SecretID.Reveal()
	if s.cfg.SecretIDFile != "" {
		var p *problem
		if text, p = readFile("secret_id_file", s.cfg.SecretIDFile); p != nil {
			return "", p
		}
	}
	if !s.cfg.Wrapped {
		return text, nil
	}
	if s.unwrapped.token == text {
		return s.unwrapped.secretID, nil
	}
	secretID, p := s.unwrap(ctx, text)
	if p != nil {
		return "", p
	}
	s.unwrapped = unwrapped{text, secretID}
	return secretID, nil
}

// unwrap opens a wrapping token, if it was made for a secret id: somebody who has opened ours could have put another in
// its place.
func (s *Source) unwrap(ctx context.Context, token string) (string, *problem) {
	used := &problem{"the wrapping token of the secret id is refused",
		"wrap a new one: it has expired or was opened; if not by this site, destroy the secret id that was in it", nil}
	c, err := s.newClient(token, 0)
	if err != nil {
		return "", unreadable()
	}
	r, p := s.put(ctx, c, "sys/wrapping/lookup", map[string]string{"token": token})
	if p != nil {
		return "", p
	}
	var made struct {
		Path string `json:"creation_path"`
	}
	if r.status != http.StatusOK {
		return "", used
	}
	if json.Unmarshal(r.Data, &made) != nil || !strings.HasPrefix(made.Path, "auth/"+s.cfg.AuthMount+"/role/") || !strings.HasSuffix(made.Path, "/secret-id") {
		return "", &problem{"the wrapping token was not made for a secret id", "find out who has put it there, and wrap a new one", nil}
	}
	if r, p = s.put(ctx, c, "sys/wrapping/unwrap", nil); p != nil {
		return "", p
	}
	var in struct {
		SecretID string `json:"secret_id"`
	}
	if r.status != http.StatusOK {
		return "", used
	}
	if json.Unmarshal(r.Data, &in) != nil || in.SecretID == "" {
		return "", unreadable()
	}
	return in.SecretID, nil
}
