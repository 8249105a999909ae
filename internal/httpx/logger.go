package httpx

import "log/slog"

// Logger returns l, or slog.Default() for nil. Ask for it when there is something to log, not before: a program may set
// the default after it has made the parts, and a default that was kept would go on writing where the old one did.
func Logger(l *slog.Logger) *slog.Logger {
	if l != nil {
		return l
	}
	return slog.Default()
}
