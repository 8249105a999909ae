package logs

import (
	"fmt"
	"log/slog"
	"strings"
)

// Format is how a record is written.
type Format string

// The formats. Empty means Text.
const (
	Text Format = "text"
	JSON Format = "json"
)

// UnmarshalText accepts the names of the formats, in any case.
func (f *Format) UnmarshalText(b []byte) error {
	v := Format(strings.ToLower(string(b)))
	if v != Text && v != JSON {
		return fmt.Errorf("unknown format: use text or json")
	}
	*f = v
	return nil
}

// Access says which answers get a line in the access log.
type Access string

// The choices. Empty means AccessAll.
const (
	AccessAll    Access = "all"
	AccessErrors Access = "errors" // status 500 and above, and answers that were cut off
	AccessOff    Access = "off"
)

// UnmarshalText accepts the names of the choices, in any case.
func (a *Access) UnmarshalText(b []byte) error {
	v := Access(strings.ToLower(string(b)))
	if v != AccessAll && v != AccessErrors && v != AccessOff {
		return fmt.Errorf("unknown choice: use all, errors or off")
	}
	*a = v
	return nil
}

// Level is a [slog.Level] that reads Django's words too. The zero Level is Info.
type Level slog.Level

// UnmarshalText accepts DEBUG, INFO, WARNING, WARN, ERROR and CRITICAL, in any case. CRITICAL, which slog does not
// have, stands for ERROR.
func (l *Level) UnmarshalText(b []byte) error {
	switch strings.ToUpper(string(b)) {
	case "DEBUG":
		*l = Level(slog.LevelDebug)
	case "INFO":
		*l = Level(slog.LevelInfo)
	case "WARNING", "WARN":
		*l = Level(slog.LevelWarn)
	case "ERROR", "CRITICAL":
		*l = Level(slog.LevelError)
	default:
		return fmt.Errorf("unknown level: use DEBUG, INFO, WARNING or ERROR")
	}
	return nil
}

// String returns Django's word for the level.
func (l Level) String() string {
	if l == Level(slog.LevelWarn) {
		return "WARNING"
	}
	return slog.Level(l).String()
}

// MarshalText returns what String does.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
