package httpx

import "context"

type probeKey struct{}

// WithProbe marks the requests with which the gate asks an application in its own process. They are refused and logged
// like any other, but what they provoke on purpose, warnings of forged hosts and the like, would bury the report.
func WithProbe(ctx context.Context) context.Context { return context.WithValue(ctx, probeKey{}, true) }

// Probing reports whether ctx belongs to a request of the gate. No client can bring that about.
func Probing(ctx context.Context) bool { return ctx.Value(probeKey{}) != nil }
