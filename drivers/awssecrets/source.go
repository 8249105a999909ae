package awssecrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// place is what the two services differ in. An id is a secret's or a parameter's name or ARN.
type place interface {
	// read returns what stands under the ids; one that does not exist is absent. An error is one of all ids.
	read(ctx context.Context, ids []string) (map[string]held, *problem)

	// examine completes what read returned of id, before it is written.
	examine(ctx context.Context, id string, h held) (held, *problem)

	// write replaces h, what stands under id, or creates it if h is the zero held.
	write(ctx context.Context, id string, h held, text string) *problem
}

// held is what stands under an id.
type held struct {
	text, version string
	problem       *problem // why it cannot be read; the rest is empty then

	key, tier string // of a parameter, after examine
}

// source is what the two kinds have in common.
type source struct {
	scheme, region, path, role string
	refs                       map[string]settings.Ref
	credentials                aws.CredentialsProvider
	place                      place
	insecure                   bool
}

// Name returns "aws-sm" or "aws-ssm".
func (s *source) Name() string { return s.scheme }

// Weakness reports InsecureHTTP to the gate.
func (s *source) Weakness() string {
	if !s.insecure {
		return ""
	}
	return "InsecureHTTP: the service may be asked in the clear, and whoever is on the way reads all secrets"
}

// Lookup reads all names, with as few calls as the service allows. It may be called by several goroutines at once.
func (s *source) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := s.read(ctx, s.ids(names))
	if err != nil {
		return nil, err
	}
	values := map[string]settings.Value{}
	decoded := map[string]map[string]string{}
	var faults []error
	for _, name := range names {
		ref, ok := s.ref(name)
		h, found := all[ref.Secret]
		if !ok || !found {
			continue
		}
		origin := s.origin(ref)
		if h.problem != nil {
			faults = append(faults, &settings.Fault{Variable: name, Origin: origin, Rule: h.problem.rule, Remedy: h.problem.remedy})
			continue
		}
		if ref.Field == "" {
			values[name] = settings.Value{Text: h.text, Origin: origin, Version: h.version}
			continue
		}
		if decoded[ref.Secret] == nil {
			if decoded[ref.Secret], err = fields.Decode(h.text); err != nil {
				faults = append(faults, s.undecodable(name, ref, err))
				continue
			}
		}
		if text, ok := decoded[ref.Secret][ref.Field]; ok {
			values[name] = settings.Value{Text: text, Origin: origin, Version: h.version}
		}
	}
	return values, errors.Join(faults...)
}

// undecodable makes a Fault of an error of package fields: "what is wrong: what to do".
func (s *source) undecodable(name string, ref settings.Ref, err error) error {
	rule, remedy, _ := strings.Cut(err.Error(), ": ")
	return &settings.Fault{Variable: name, Origin: s.origin(ref), Rule: rule, Remedy: remedy}
}

// ref returns where the value of a setting stands, and whether it can stand here.
func (s *source) ref(name string) (settings.Ref, bool) {
	switch ref, ok := s.refs[name]; {
	case ok:
		return ref, true
	case s.path == "" || name == "":
		return ref, false
	case strings.HasSuffix(s.path, "/"):
		return settings.Ref{Secret: s.path + name}, true
	}
	return settings.Ref{Secret: s.path, Field: name}, true
}

func (s *source) origin(ref settings.Ref) string {
	text := s.where(ref.Secret)
	if ref.Field != "" {
		text += "#" + ref.Field
	}
	return text
}

// where returns the place of a secret or parameter; an ARN has the region itself.
func (s *source) where(id string) string {
	if isARN(id) {
		return s.scheme + " " + id
	}
	return s.scheme + " " + s.region + "/" + strings.TrimPrefix(id, "/")
}

func isARN(id string) bool { return strings.HasPrefix(id, "arn:") }

// ids returns the secrets that the names stand in, each once.
func (s *source) ids(names []string) []string {
	var ids []string
	for _, name := range names {
		if ref, ok := s.ref(name); ok && !slices.Contains(ids, ref.Secret) {
			ids = append(ids, ref.Secret)
		}
	}
	return ids
}

// read asks for the credentials first, so that their absence is not taken for a failure of the service.
func (s *source) read(ctx context.Context, ids []string) (map[string]held, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if _, err := s.credentials.Retrieve(ctx); err != nil {
		return nil, s.failed("", withoutCredentials(ctx, s.role, err))
	}
	all, p := s.place.read(ctx, ids)
	if p != nil {
		id := ""
		if len(ids) == 1 {
			id = ids[0]
		}
		return nil, s.failed(id, p)
	}
	return all, nil
}

// failed is the error of a problem with id, or with all of the source if id is empty.
func (s *source) failed(id string, p *problem) error {
	where := s.scheme + " " + s.region
	if id != "" {
		where = s.where(id)
	}
	text := where + ": " + p.rule + ": " + p.remedy
	if p.cause == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", text, p.cause)
}

// change is what is to be written of one secret.
type change struct {
	id    string
	names []string
	held  held
	text  string
}

// Write replaces values. The changes of one secret are one change of it; secrets and parameters are written in the order
// in which the changes first name them, and the first failure ends it. All versions are compared before anything is written;
// what somebody else writes between that and our writing is lost, because AWS has nothing to prevent it.
//
// What does not exist is created, with the account's default key: create it before, where it is to have another.
func (s *source) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	planned, err := s.plan(ctx, changes)
	if err != nil {
		return err
	}
	for i, c := range planned {
		if p := s.place.write(ctx, c.id, c.held, c.text); p != nil {
			if i > 0 && errors.Is(p.cause, settings.ErrConflict) {
				p.cause = nil // it would say that nothing was written
			}
			var left []string
			for _, later := range planned[i:] {
				left = append(left, later.names...)
			}
			return fmt.Errorf("%w (not written: %s)", s.failed(c.id, p), strings.Join(left, ", "))
		}
	}
	return nil
}

// plan reads what is to be changed, compares versions, and makes the new texts.
func (s *source) plan(ctx context.Context, changes []settings.Change) ([]change, error) {
	var names []string
	for _, c := range changes {
		if _, ok := s.ref(c.Name); !ok {
			return nil, fmt.Errorf("%s: %s: has no place here: map it in the URL, %s=secret (nothing is written)", s.scheme, c.Name, c.Name)
		}
		names = append(names, c.Name)
	}
	ids := s.ids(names)
	all, err := s.read(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("%w (not written: %s)", err, strings.Join(names, ", "))
	}
	var planned []change
	for _, id := range ids {
		c := change{id: id, held: all[id]}
		_, exists := all[id]
		if p := c.held.problem; p != nil {
			return nil, fmt.Errorf("%w (not written: %s)", s.failed(id, p), strings.Join(names, ", "))
		}
		if exists {
			var p *problem
			if c.held, p = s.place.examine(ctx, id, c.held); p != nil {
				return nil, fmt.Errorf("%w (not written: %s)", s.failed(id, p), strings.Join(names, ", "))
			}
		} else if isARN(id) {
			return nil, fmt.Errorf("%s: does not exist: create it, or name it rather than give its ARN (not written: %s)", s.where(id), strings.Join(names, ", "))
		}
		if err := s.merge(&c, changes); err != nil {
			return nil, err
		}
		planned = append(planned, c)
	}
	return planned, nil
}

// merge lays those of the changes that concern c.id over what is held.
func (s *source) merge(c *change, changes []settings.Change) error {
	c.text = c.held.text
	set := map[string]string{}
	for _, one := range changes {
		ref, _ := s.ref(one.Name)
		switch text := one.Text.Reveal(); {
		case ref.Secret != c.id:
			continue
		case one.Version != "" && one.Version != c.held.version:
			return fmt.Errorf("%s: %s: %w: read it again (nothing is written)", s.where(c.id), one.Name, settings.ErrConflict)
		case ref.Field != "":
			set[ref.Field] = text
		case text == "":
			return fmt.Errorf("%s: %s: AWS cannot keep the empty text: delete it instead (nothing is written)", s.where(c.id), one.Name)
		default:
			c.text = text
		}
		c.names = append(c.names, one.Name)
	}
	if len(set) == 0 {
		return nil
	}
	text, err := fields.Set(c.text, set)
	if err != nil {
		return fmt.Errorf("%s: %w (nothing is written)", s.where(c.id), err)
	}
	c.text = text
	return nil
}
