package logs

import "log/slog"

// Format is how a record is written.
type Format string

// The formats. Empty means Text.
const (
	Text Format = "text"
	JSON Format = "json"
)

// Choices returns the formats by name.
func (Format) Choices() []string { return []string{string(Text), string(JSON)} }

// Access says which answers get a line in the access log.
type Access string

// The choices. Empty means AccessAll.
const (
	AccessAll    Access = "all"
	AccessErrors Access = "errors" // status 500 and above, and answers that were cut off
	AccessOff    Access = "off"
)

// Choices returns the choices by name.
func (Access) Choices() []string {
	return []string{string(AccessAll), string(AccessErrors), string(AccessOff)}
}

// Level is the least level that is logged, by Django's words.
type Level string

// The levels. Empty means Info.
const (
	Debug   Level = "DEBUG"
	Info    Level = "INFO"
	Warning Level = "WARNING"
	Error   Level = "ERROR"
)

// Choices returns the levels by name.
func (Level) Choices() []string {
	return []string{string(Debug), string(Info), string(Warning), string(Error)}
}

var levels = map[Level]slog.Level{
	"": slog.LevelInfo, Debug: slog.LevelDebug, Info: slog.LevelInfo, Warning: slog.LevelWarn, Error: slog.LevelError,
}
