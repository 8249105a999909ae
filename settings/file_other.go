//go:build !unix

package settings

import "os"

// nonblock is nothing where opening a file does not wait.
const nonblock = 0

// ofKernel knows no file systems of the kernel here.
func ofKernel(*os.File) bool { return false }
