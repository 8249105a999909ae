package django

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// FindPython returns the Python of the project in dir: the one that is named, if one is, a path or a name in PATH; else
// that of a virtual environment in dir or above it, in the same repository; of the active one; of Poetry's or Pipenv's for
// dir; and python3 or python in PATH. The error says what was tried.
func FindPython(dir, named string) (string, error) {
	if named != "" {
		at, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("django: no program %q: name the project's Python with --python", named)
		}
		return filepath.Abs(at)
	}
	var tried []string
	for _, at := range environments(dir) {
		program := filepath.Join(at, "bin", "python")
		if runtime.GOOS == "windows" {
			program = filepath.Join(at, "Scripts", "python.exe")
		}
		tried = append(tried, program)
		if info, err := os.Stat(program); err == nil && !info.IsDir() {
			return program, nil
		}
	}
	for _, name := range []string{"python3", "python"} {
		if at, err := exec.LookPath(name); err == nil {
			return filepath.Abs(at)
		}
		tried = append(tried, name)
	}
	return "", fmt.Errorf("django: no Python was found; tried %s: name the project's with --python", strings.Join(tried, ", "))
}

// environments returns where the virtual environment of a project may be.
func environments(dir string) (at []string) {
	for above, height := dir, 0; ; above, height = filepath.Dir(above), height+1 {
		for _, name := range []string{".venv", "venv", "env"} {
			if place := filepath.Join(above, name); above == dir || trusted(place, dir) {
				at = append(at, place)
			}
		}
		if _, err := os.Stat(filepath.Join(above, ".git")); err == nil || filepath.Dir(above) == above || height == 3 {
			break
		}
	}
	for _, variable := range []string{"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "CONDA_PREFIX"} {
		if v := os.Getenv(variable); filepath.IsAbs(v) {
			at = append(at, v)
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return at
	}
	for _, kept := range []struct{ file, dir, hashed string }{
		{"pyproject.toml", filepath.Join(home, ".cache", "pypoetry", "virtualenvs"), dir},
		{"Pipfile", filepath.Join(home, ".local", "share", "virtualenvs"), filepath.Join(dir, "Pipfile")},
	} {
		if _, err := os.Stat(filepath.Join(dir, kept.file)); err != nil {
			continue
		}
		sum := sha256.Sum256([]byte(kept.hashed))
		found, err := filepath.Glob(filepath.Join(kept.dir, "*-"+base64.URLEncoding.EncodeToString(sum[:])[:8]+"*"))
		if err == nil {
			at = append(at, found...)
		}
	}
	return at
}
