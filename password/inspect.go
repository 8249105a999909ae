package password

// Info is what an encoded hash says about itself, for lists of users. It holds nothing of salt or digest.
type Info struct {
	Algorithm  string // as in Config.Hashers
	Variety    string // argon2id or argon2i; the version of bcrypt
	Parameters string // such as "m=19456 KiB, t=2, p=1"
	Salt       int    // bytes
	Weak       string // what is wrong with it, by what OWASP recommends; empty if nothing is
}

// Inspect returns what encoded says about itself. The error says why it could not be verified by any Hasher, whatever
// its Config; an encoding that is empty or not [Usable] has one too. It holds nothing of encoded.
func Inspect(encoded string) (Info, error) {
	switch {
	case encoded == "":
		return Info{}, refused("", "is empty")
	case !Usable(encoded):
		return Info{}, refused("", "is marked as unusable")
	}
	h, err := parse(encoded)
	if err != nil {
		return Info{}, err
	}
	return h.info(), nil
}
