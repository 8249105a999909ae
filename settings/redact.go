package settings

import (
	"context"
	"errors"

	"github.com/airworthy-go/airworthy/secret"
)

type learnKey struct{}

// WithSecrets returns a context under which each Load calls learn with every secret that it has read, also if it
// refuses them: for a program that prints errors of others, whatever becomes of the settings. Learn may be called by
// several goroutines at once.
func WithSecrets(ctx context.Context, learn func([]secret.Text)) context.Context {
	return context.WithValue(ctx, learnKey{}, learn)
}

type commandKey struct{}

// ForCommand returns a context under which Load notes, in [Loaded], that what it loads is for a command of a person's and
// not for serving: package airworthy then logs briefly.
func ForCommand(ctx context.Context) context.Context {
	return context.WithValue(ctx, commandKey{}, true)
}

// learner returns what ctx wants to be called with the secrets.
func learner(ctx context.Context) func([]secret.Text) {
	if learn, ok := ctx.Value(learnKey{}).(func([]secret.Text)); ok {
		return learn
	}
	return func([]secret.Text) {}
}

// refusal returns err, which joins all faults, without the secrets that a validator or a source may have put there, and
// has them learnt.
func (l *load) refusal(err error, known []secret.Text) error {
	for _, f := range l.reg.fields {
		if v, ok := l.values[f.variable]; ok && f.sensitive() {
			known = append(known, SecretsIn(v.Text)...)
		}
		for _, p := range f.parts {
			if v, ok := l.values[p.variable]; ok && p.secret() {
				known = append(known, secret.New(v.Text))
			}
		}
	}
	for _, need := range l.needs {
		if v, ok := l.values[need.Name]; ok && need.Secret {
			known = append(known, secret.New(v.Text))
		}
	}
	l.learn(known)
	mask := secret.NewMask(known...)
	var all []error
	for _, e := range split(err) {
		all = append(all, hide(e, mask))
	}
	return errors.Join(all...)
}

// hide returns err, or if a secret stands in its text, an error of the same kind without it.
func hide(err error, mask secret.Mask) error {
	text := mask.String(err.Error())
	if text == err.Error() {
		return err
	}
	switch err := err.(type) {
	case *Fault:
		return &Fault{mask.String(err.Variable), mask.String(err.Origin), mask.String(err.Rule), mask.String(err.Remedy)}
	case *Located:
		return &Located{mask.String(err.Origin), hide(err.Err, mask)}
	}
	return &hidden{text, err}
}

// hidden is an error whose text held a secret. It does not unwrap, because what it wraps would be printed.
type hidden struct {
	text string
	err  error
}

func (h *hidden) Error() string { return h.text }

// Is reports what the error itself would.
func (h *hidden) Is(target error) bool { return errors.Is(h.err, target) }

// GoString keeps %#v from printing the error itself.
func (h *hidden) GoString() string { return h.text }
