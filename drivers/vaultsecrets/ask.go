package vaultsecrets

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/hashicorp/vault/api"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
)

// client is the vendor's, for one token. Its answers are taken apart here: the vendor's functions take a page that is not found,
// and a mount that is not there, for a secret that is not there.
type client struct{ api *api.Client }

// reply is an answer of Vault.
type reply struct {
	status int

	Errors        []json.RawMessage `json:"errors"` // nil if there are none; an empty list is what a 404 of Vault has
	Warnings      []json.RawMessage `json:"warnings"`
	LeaseID       string            `json:"lease_id"`
	LeaseDuration int64             `json:"lease_duration"` // in seconds
	Renewable     bool              `json:"renewable"`
	Data          json.RawMessage   `json:"data"`
	Auth          *auth             `json:"auth"`
	Sealed        bool              `json:"sealed"` // of sys/seal-status
}

// auth is what Vault says of a token that it has made or renewed.
type auth struct {
	ClientToken   string `json:"client_token"`
	LeaseDuration int64  `json:"lease_duration"`
	Renewable     bool   `json:"renewable"`
	TokenType     string `json:"token_type"`
}

// get reads path. The problem is one of the way there, of an answer that is not Vault's, or of a server that cannot serve;
// refusals are a reply.
func (s *Source) get(ctx context.Context, c client, path string) (reply, *problem) {
	resp, err := c.api.Logical().ReadRawWithContext(ctx, path)
	return s.read(ctx, resp, err)
}

// put writes body to path, once.
func (s *Source) put(ctx context.Context, c client, path string, body any) (reply, *problem) {
	if body == nil {
		body = struct{}{}
	}
	text, ok := body.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return reply{}, unreadable()
		}
	}
	writer, err := s.newClient(c.api.Token(), 0)
	if err != nil {
		return reply{}, unreadable()
	}
	resp, err := writer.api.Logical().WriteRawWithContext(ctx, path, text)
	return s.read(ctx, resp, err)
}

// read takes an answer apart.
func (s *Source) read(ctx context.Context, resp *api.Response, err error) (reply, *problem) {
	if resp == nil {
		return reply{}, unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if err != nil && bounded.Explain(err) != nil {
		return reply{}, unreachable(ctx, err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, unreachable(ctx, err)
	}
	r := reply{status: resp.StatusCode}
	isJSON := json.Unmarshal(text, &r) == nil && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
	switch {
	case r.status == http.StatusNoContent && len(text) == 0:
		return r, nil
	case r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		r.status = http.StatusForbidden
		return r, nil
	case r.status == http.StatusServiceUnavailable:
		return r, s.unavailable(ctx)
	case r.status == http.StatusTooManyRequests:
		return r, &problem{"asks for fewer requests", "ask less often, or raise the quota", nil}
	case r.status != http.StatusOK && r.status != http.StatusBadRequest && r.status != http.StatusNotFound:
		return r, status(r.status)
	case !isJSON:
		return r, unreadable()
	}
	return r, nil
}

// unavailable asks why a server does not serve: it says without a login whether it is sealed.
func (s *Source) unavailable(ctx context.Context) *problem {
	p := &problem{"does not serve: it may be sealed, or a standby without an active node", "look at sys/seal-status and sys/leader", nil}
	c, err := s.newClient("", 0)
	if err != nil {
		return p
	}
	resp, err := c.api.Logical().ReadRawWithContext(ctx, "sys/seal-status")
	if err != nil || resp == nil {
		return p
	}
	defer resp.Body.Close()
	var r reply
	if text, err := io.ReadAll(resp.Body); err == nil && json.Unmarshal(text, &r) == nil && r.Sealed {
		return &problem{"is sealed", "unseal it", nil}
	}
	return p
}

// retry says whether a reading is tried again: when the network failed, or the server for a moment.
func retry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ended := ctx.Err(); ended != nil {
		return false, ended
	}
	if err != nil {
		e := bounded.Explain(err)
		return e != nil && e.Temporary() && !e.Timeout(), nil
	}
	switch resp.StatusCode {
	case http.StatusPreconditionFailed, // a standby has not heard yet of what was written
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}
