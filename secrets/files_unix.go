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

// owner returns whom a file belongs to.
func owner(info fs.FileInfo) (uid, gid int, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}
