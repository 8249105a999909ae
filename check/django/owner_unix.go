//go:build unix

package django

import (
	"os"
	"syscall"
)

// trusted reports whether a directory above a project belongs to who runs this, to root or to the owner of the project. In
// /tmp, or another place where anybody may write, a stranger's Python may lie in wait.
func trusted(place, project string) bool {
	owner, ok := ownerOf(place)
	if !ok {
		return true // there is none
	}
	mine, known := ownerOf(project)
	return owner == 0 || int(owner) == os.Getuid() || known && owner == mine
}

func ownerOf(name string) (uint32, bool) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return stat.Uid, true
}
