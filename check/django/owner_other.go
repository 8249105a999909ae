//go:build !unix

package django

// trusted reports whether a directory above a project may hold its Python. Here the system's own rules say who may write.
func trusted(string, string) bool { return true }
