package settings

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	fileSuffix  = "_FILE"
	maxFile     = 1 << 20
	byteOrder   = "\uFEFF" // the mark that some editors put before UTF-8
	textTooLong = "is larger than 1 MiB"
)

// readValue reads the file that NAME_FILE names.
func readValue(path string) (Value, *Fault) {
	text, mode, f := readFile(path)
	if f != nil {
		return Value{}, f
	}
	return fileValue(text, path, mode), nil
}

// ReadFileIn reads the file called name in root under the rules of NAME_FILE: a regular file of at most 1 MiB, of which
// one newline at the end does not belong to the value. No link leads out of root. The Value's Origin is left to the
// caller.
//
// The error is fs.ErrNotExist itself if there is no such file, and otherwise a *Fault without a Variable.
func ReadFileIn(root *os.Root, name string) (Value, fs.FileInfo, error) {
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Value{}, nil, fs.ErrNotExist
	}
	if err != nil {
		return Value{}, nil, unreadable(err)
	}
	if f := acceptable(info); f != nil { // opening alone can do something
		return Value{}, nil, f
	}
	file, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return Value{}, nil, fs.ErrNotExist
	}
	if err != nil {
		return Value{}, nil, unreadable(err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return Value{}, nil, unreadable(err)
	}
	if f := acceptable(info); f != nil {
		return Value{}, nil, f
	}
	text, f := readAll(file)
	if f != nil {
		return Value{}, nil, f
	}
	return fileValue(text, "", info.Mode()), info, nil
}

// fileValue makes a value of what stands in a file.
func fileValue(text, origin string, mode fs.FileMode) Value {
	v := Value{Origin: origin, Exposed: mode&0o004 != 0 && runtime.GOOS != "windows"}
	if rest, ok := strings.CutPrefix(text, byteOrder); ok {
		text = rest
		v.Warnings = append(v.Warnings, Warning{Text: "the file begins with a byte order mark, which was left out",
			Hint: "write the file without it"})
	}
	if rest, ok := strings.CutSuffix(text, "\n"); ok {
		text = strings.TrimSuffix(rest, "\r")
		v.Warnings = append(v.Warnings, Warning{Text: "the file ends with a newline, which was left out",
			Hint: "nothing, unless the newline belongs to the secret", Note: true})
	}
	v.Text = text
	return v
}

// readFile reads a regular file of bounded size. Its faults do not name the path, which is a secret where somebody put
// the secret itself into NAME_FILE.
func readFile(path string) (string, fs.FileMode, *Fault) {
	file, mode, f := openRegular(path)
	if f != nil {
		return "", 0, f
	}
	defer file.Close()
	text, f := readAll(file)
	return text, mode, f
}

// readAll reads an open regular file.
func readAll(file *os.File) (string, *Fault) {
	if ofKernel(file) {
		return "", kernelFile
	}
	b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return "", unreadable(err)
	case len(b) > maxFile:
		return "", fault(textTooLong, "give the right file")
	}
	return string(b), nil
}

// openRegular never waits: what might block, a pipe or a device, is refused before it is opened, since opening alone can
// do something, and is opened so that it cannot block and looked at again should it have changed meanwhile.
func openRegular(path string) (*os.File, fs.FileMode, *Fault) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, 0, fault("is not the path of a file", "give the path of the file that holds the value")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, unreadable(err)
	}
	if f := acceptable(info); f != nil {
		return nil, 0, f
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, 0, unreadable(err)
	}
	if abs, err := filepath.Abs(real); err != nil || strings.HasPrefix(abs, "/proc/") || strings.HasPrefix(abs, "/sys/") {
		return nil, 0, kernelFile
	}
	file, err := os.OpenFile(real, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, 0, unreadable(err)
	}
	if info, err = file.Stat(); err != nil {
		_ = file.Close()
		return nil, 0, unreadable(err)
	}
	if f := acceptable(info); f != nil {
		_ = file.Close()
		return nil, 0, f
	}
	return file, info.Mode(), nil
}

var kernelFile = fault("is a file of the kernel (/proc, /sys)", "give a regular file")

// acceptable returns a fault unless info is that of a regular file of bounded size.
func acceptable(info fs.FileInfo) *Fault {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return fault("is a directory", "give a regular file")
	case !mode.IsRegular():
		return fault("is a pipe, a socket or a device", "give a regular file")
	case info.Size() > maxFile:
		return fault(textTooLong, "give the right file")
	}
	return nil
}

// unreadable says why a file cannot be read, without the path that an *fs.PathError quotes.
func unreadable(err error) *Fault {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault("there is no such file", "give the path of the file that holds the value")
	case errors.Is(err, fs.ErrPermission):
		return fault("the file may not be read by this user", "change its owner or mode")
	}
	return fault("the file cannot be read", "look at it as the user that runs the program")
}
