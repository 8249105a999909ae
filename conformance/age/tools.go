//go:build tools

package age

// The real programs, which run.sh builds.
import (
	_ "filippo.io/age/cmd/age"
	_ "filippo.io/age/cmd/age-keygen"
)
