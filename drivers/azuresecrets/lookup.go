package azuresecrets

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// held is the newest version of a secret.
type held struct {
	azsecrets.Secret
	text, version string
}

// read is what came of one secret: at most one of held and err, and neither if it is not there.
type read struct {
	held *held
	err  error // a *settings.Fault without a variable, or a *failure
}

// Lookup reads the secrets of names, each once, eight at a time. The value of a secret that is disabled, expired or not
// valid yet is a fault, as is one that may not be read; Azure itself gives out expired ones.
func (s *Source) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.explain("", err, reading)
	}
	places := map[string]settings.Ref{}
	var secrets []string
	for _, one := range names {
		if ref, ok := s.place(one); ok {
			places[one] = ref
			if !slices.Contains(secrets, ref.Secret) {
				secrets = append(secrets, ref.Secret)
			}
		}
	}
	found := s.readAll(ctx, secrets)
	values, faults := map[string]settings.Value{}, []error{}
	decoded := map[string]map[string]string{}
	for _, one := range names {
		ref, ok := places[one]
		if !ok {
			continue
		}
		delete(places, one) // a name may be given twice
		r := found[ref.Secret]
		if r.err == nil && r.held != nil {
			r.err = s.usable(ref.Secret, r.held, time.Now())
		}
		if r.err == nil && r.held != nil && ref.Field != "" && decoded[ref.Secret] == nil {
			all, err := fields.Decode(r.held.text)
			if decoded[ref.Secret] = all; err != nil {
				r.err = s.fault(ref.Secret, err.Error(), "")
			}
		}
		if r.err != nil {
			f, single := errors.AsType[*settings.Fault](r.err)
			if !single || ref.Secret == s.cfg.Secret { // which all names concern
				return nil, r.err
			}
			faults = append(faults, &settings.Fault{Variable: one, Origin: f.Origin, Rule: f.Rule, Remedy: f.Remedy})
			continue
		}
		if r.held == nil {
			continue
		}
		v := settings.Value{Text: r.held.text, Origin: s.origin(ref.Secret), Version: r.held.version}
		if ref.Field != "" {
			if v.Text, ok = decoded[ref.Secret][ref.Field]; !ok {
				continue
			}
			v.Origin += "#" + ref.Field
		}
		values[one] = v
	}
	return values, errors.Join(faults...)
}

// readAll reads secrets. A failure that is not one secret's ends it, and the others have the same error.
func (s *Source) readAll(ctx context.Context, secrets []string) map[string]read {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var whole error
	found := map[string]read{}
	for _, secret := range secrets {
		wg.Go(func() {
			h, err := s.read(inner, secret)
			mu.Lock()
			defer mu.Unlock()
			found[secret] = read{h, err}
			if _, single := errors.AsType[*settings.Fault](err); err != nil && !single && whole == nil {
				whole = err
				cancel()
			}
		})
	}
	wg.Wait()
	if whole != nil {
		for secret := range found {
			found[secret] = read{nil, whole}
		}
	}
	return found
}

// read reads the newest version of a secret, nil if there is none.
func (s *Source) read(ctx context.Context, secret string) (*held, error) {
	got, err := within(ctx, s.turns, func() (azsecrets.GetSecretResponse, error) {
		return s.client.GetSecret(ctx, secret, "", nil)
	})
	if err != nil {
		if codeOf(err) == codeNotFound {
			return nil, nil
		}
		return nil, s.explain(secret, err, reading)
	}
	h := &held{Secret: got.Secret}
	if h.version = versionOf(got.ID, secret); h.version == "" || got.Value == nil {
		return nil, s.fail(secret, "answers with what is not the secret", "check the address", nil)
	}
	h.text = *got.Value
	return h, nil
}

// versionOf returns the version in the identifier of a secret, empty if it is not that secret's.
func versionOf(id *azsecrets.ID, secret string) string {
	if id == nil {
		return ""
	}
	u, err := url.Parse(string(*id))
	if err != nil {
		return ""
	}
	parts := strings.Split(u.Path, "/") // /secrets/SECRET-KEY/0123…
	if len(parts) != 4 || parts[1] != "secrets" || !strings.EqualFold(parts[2], secret) || !secretName.MatchString(parts[3]) {
		return ""
	}
	return parts[3]
}

// usable returns a fault if the secret is not meant to be used now.
func (s *Source) usable(secret string, h *held, now time.Time) error {
	a := h.Attributes
	switch {
	case a == nil:
	case a.Enabled != nil && !*a.Enabled:
		return s.disabled(secret)
	case a.Expires != nil && !now.Before(*a.Expires):
		return s.fault(secret, "the secret has expired", "write a new version, or change its expiry date")
	case a.NotBefore != nil && now.Before(*a.NotBefore):
		return s.fault(secret, "the secret is not valid yet", "wait for its activation date, or change it")
	}
	return nil
}

// within calls and waits for a turn and for the result, both no longer than ctx: the SDK, where one request waits for the
// token that another is getting, does not look at the context of the one that waits.
func within[T any](ctx context.Context, turns chan struct{}, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case turns <- struct{}{}:
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-turns }()
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case r := <-done:
		return r.value, r.err
	}
}
