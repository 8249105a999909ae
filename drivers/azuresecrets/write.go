package azuresecrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// update is the new version that one secret is to get.
type update struct {
	secret   string
	settings []string
	whole    *string           // the text, of a secret that is one setting
	fields   map[string]string // the changes, of a secret that has several
	base     *held             // nil if the secret is not there yet
	text     string
}

// Write gives each secret that changes concern one new version, in the order in which changes first name them; several
// fields of one secret change at once. Content type and tags are kept, activation and expiry dates are not.
//
// Azure cannot compare and write in one step. All versions are compared just before the first writing, so that of two who
// write within the same fraction of a second the later one wins, and a field that the earlier one wrote is lost. What is
// replaced stays in the vault as an older version.
func (s *Source) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return s.explain("", err, writing)
	}
	updates, err := s.plan(changes)
	if err != nil {
		return err
	}
	for _, u := range updates {
		if err := s.prepare(ctx, u, changes); err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
	}
	for i, u := range updates {
		if err := s.set(ctx, u); err != nil {
			var left []string
			for _, later := range updates[i:] {
				left = append(left, later.settings...)
			}
			return fmt.Errorf("not written: %s: %w", strings.Join(left, ", "), err)
		}
	}
	return nil
}

// plan sorts changes by their secrets.
func (s *Source) plan(changes []settings.Change) ([]*update, error) {
	var updates []*update
	var faults []error
	for _, c := range changes {
		ref, ok := s.place(c.Name)
		if !ok {
			faults = append(faults, &settings.Fault{Variable: c.Name, Origin: s.origin(""), Rule: "it has no place in the vault",
				Remedy: "map it to a secret, or add it to the option only if that is given"})
			continue
		}
		text := c.Text.Reveal()
		if !utf8.ValidString(text) {
			faults = append(faults, &settings.Fault{Variable: c.Name, Origin: s.origin(ref.Secret), Rule: "the text is not Unicode",
				Remedy: "encode binary values, in base64 say"})
			continue
		}
		var u *update
		for _, known := range updates {
			if known.secret == ref.Secret {
				u = known
			}
		}
		if u == nil {
			u = &update{secret: ref.Secret, fields: map[string]string{}}
			updates = append(updates, u)
		}
		u.settings = append(u.settings, c.Name)
		if ref.Field == "" {
			u.whole = &text
		} else {
			u.fields[ref.Field] = text
		}
		if u.whole != nil && len(u.fields) > 0 {
			faults = append(faults, &settings.Fault{Variable: c.Name, Origin: s.origin(ref.Secret),
				Rule: "one setting is the whole of the secret, another a field of it", Remedy: "map them to different secrets"})
		}
	}
	return updates, errors.Join(faults...)
}

// prepare reads what is there, compares its version, and makes the text that is to be written.
func (s *Source) prepare(ctx context.Context, u *update, changes []settings.Change) (err error) {
	if u.base, err = s.read(ctx, u.secret); err != nil {
		return err
	}
	old, version := "", ""
	if u.base != nil {
		old, version = u.base.text, u.base.version
	}
	for _, c := range changes {
		if ref, _ := s.place(c.Name); ref.Secret == u.secret && c.Version != "" && c.Version != version {
			return fmt.Errorf("%s: %s: %w: read it again", s.origin(u.secret), c.Name, settings.ErrConflict)
		}
	}
	if u.whole != nil {
		u.text = *u.whole
	} else if u.text, err = fields.Set(old, u.fields); err != nil {
		return s.fault(u.secret, err.Error(), "")
	}
	if len(u.text) > maxText {
		return s.fault(u.secret, "the new text is larger than Azure allows", fmt.Sprintf("keep it below %d bytes", maxText))
	}
	return nil
}

// set writes a new version.
func (s *Source) set(ctx context.Context, u *update) error {
	p := azsecrets.SetSecretParameters{Value: &u.text}
	if u.base != nil {
		p.ContentType, p.Tags = u.base.ContentType, u.base.Tags
	}
	if json := "application/json"; p.ContentType == nil && u.whole == nil {
		p.ContentType = &json
	}
	got, err := within(ctx, s.turns, func() (azsecrets.SetSecretResponse, error) {
		return s.client.SetSecret(ctx, u.secret, p, nil)
	})
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok && r.StatusCode == http.StatusBadRequest && u.text == "" {
		return s.fault(u.secret, "the vault takes no empty text", "keep the setting in a field of a secret that has several")
	}
	if err != nil {
		return s.explain(u.secret, err, writing)
	}
	if versionOf(got.ID, u.secret) == "" {
		return s.fail(u.secret, "answers with what is not the secret", "check the address", nil)
	}
	return nil
}
