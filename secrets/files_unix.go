//go:build unix

package secrets

import (
	"io/fs"
	"strconv"
	"syscall"
)

const readOnly = syscall.EROFS

// stamp returns a version for a file: it changes when the file is replaced or written, and says nothing of what it holds,
// its length included.
func stamp(info fs.FileInfo) string {
	text := strconv.FormatInt(info.ModTime().UnixNano(), 36)
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		text += "-" + strconv.FormatUint(uint64(s.Ino), 36)
	}
	return text
}
