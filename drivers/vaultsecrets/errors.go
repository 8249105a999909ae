package vaultsecrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
)

// problem is why something failed, in our words: the client's quote what the server said, and the URL.
type problem struct {
	rule, remedy string
	cause        error // the context's, a *bounded.Error or settings.ErrConflict; or nil
}

// failed is the error of a problem at a place: a path, or the server.
func (s *Source) failed(place string, p *problem) error {
	text := scheme + " " + place + ": " + p.rule + ": " + p.remedy
	if p.cause == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", text, p.cause)
}

// unreachable is the problem of a server that was not asked or whose answer ended.
func unreachable(ctx context.Context, err error) *problem {
	if cause := ctx.Err(); cause != nil {
		return &problem{"did not answer in time", "check that it runs, or wait longer", cause}
	}
	if b := bounded.Explain(err); b != nil {
		return &problem{b.Rule, b.Remedy, b.Unwrap()}
	}
	return unreadable()
}

func unreadable() *problem {
	return &problem{"does not answer as Vault does", "check the address and the proxy", nil}
}

func status(code int) *problem {
	p := &problem{fmt.Sprintf("answers with HTTP status %d", code), "check the address and the proxy, or try again later", nil}
	switch code {
	case http.StatusNotImplemented:
		p.rule, p.remedy = "is not initialised", "initialise it, or check the address"
	case http.StatusPreconditionFailed:
		p.rule, p.remedy = "has not heard yet of what was written", "try again later"
	}
	return p
}

// denied is the problem of a token that may not do something with a path of the API.
func denied(capability, path string) *problem {
	return &problem{"permission is denied", fmt.Sprintf("allow %q on %s in a policy of the token", capability, path), nil}
}

// noMount is the problem of a path under which there is no secrets engine.
func noMount() *problem {
	return &problem{"no secrets engine is mounted there", "check the path, and the namespace", nil}
}
