package secretrule

import (
	"bytes"
	"regexp"

	"github.com/airworthy-go/airworthy/check"
)

// logins are names and passwords in files and headers that are made for them.
func logins() []*Rule {
	return []*Rule{
		{ID: "npmrc-auth", Name: "npm registry login", Variable: "NPM_TOKEN", Literals: []string{":_authtoken", ":_auth", ":_password"},
			Revoke: "https://docs.npmjs.com/revoking-access-tokens", Match: npmLogin},
		{ID: "docker-auth", Name: "Docker registry login", Variable: "DOCKER_AUTH_CONFIG", Literals: []string{`"auth"`}, Tests: check.Info,
			Revoke: "https://docs.docker.com/security/access-tokens/", Match: dockerLogin},
		{ID: "basic-auth", Name: "Authorization header with a password", Literals: []string{"basic "},
			Level: check.Warning, Skip: inTestCode,
			Tests: check.Info, Revoke: "https://www.rfc-editor.org/rfc/rfc7617", Match: basicAuth},
		{ID: "bearer-token", Name: "Authorization header with a token", Literals: []string{"bearer "},
			Level: check.Warning, Skip: inTestCode,
			Tests: check.Info, Revoke: "https://www.rfc-editor.org/rfc/rfc6750", Match: bearer},
		{ID: "netrc-password", Name: "login of a .netrc file", Literals: []string{"password "}, Kinds: Login, Tests: check.Info,
			Revoke: revokeLogin, Match: netrc},
		{ID: "pgpass-password", Name: "login of a .pgpass file", Variable: "PGPASSWORD", Literals: []string{":5432:", ":*:"}, Kinds: Login,
			Tests:  check.Info,
			Revoke: revokeDatabase, Match: line(`^[^:#\s]+:(?:[0-9]+|\*):[^:\s]+:[^:\s]+:([^\s]+)$`)},
		{ID: "htpasswd", Name: "password hash of a web server", Literals: []string{"$apr1$", "$2y$", "$2b$", "$2a$", "{sha}"},
			Kinds: Login, Level: check.Warning,
			Tests: check.Info, Revoke: "https://httpd.apache.org/docs/current/programs/htpasswd.html",
			Match: line(`^[^:#\s]+:(\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}|\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}|\{SHA\}[0-9A-Za-z+/]{27}=)$`)},
	}
}

const revokeLogin = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"

// npmLogin finds //registry/:_authToken=value.
func npmLogin(f *File, at int) []Match {
	start, end := f.Line(at)
	name, value, ok := bytes.Cut(f.Data[at:end], []byte("="))
	if !ok || bytes.Contains(name, []byte(" ")) || !bytes.Contains(f.Data[start:at], []byte("//")) {
		return nil
	}
	value = bytes.TrimLeft(value, " \t\"'")
	if i := bytes.IndexAny(value, " \t\"'"); i >= 0 {
		value = value[:i]
	}
	if len(value) < 16 || Placeholder(value) || bytes.ContainsAny(value, "${}") {
		return nil
	}
	from := at + bytes.Index(f.Data[at:end], value)
	return []Match{{Start: from, End: from + len(value), Name: string(name[1:])}}
}

// userAndPassword reports whether v is base64 of user:password, and the password one that counts.
func userAndPassword(v []byte) (password []byte, ok bool) {
	user, password, ok := bytes.Cut(decode64(v), []byte(":"))
	if !ok || len(user) == 0 || Placeholder(password) || weak(password, string(user)) {
		return nil, false
	}
	for _, b := range append(bytes.Clone(user), password...) {
		if b < ' ' || b > '~' {
			return nil, false
		}
	}
	return password, true
}

// base64At returns where base64 that begins at a place ends.
func base64At(data []byte, at int) (end int) {
	for end = at; end < len(data) && end-at < maxToken && (wordByte(data[end]) || bytes.IndexByte([]byte("+/=-"), data[end]) >= 0); end++ {
	}
	return end
}

// dockerLogin finds {"auths": {"registry": {"auth": "base64"}}}.
func dockerLogin(f *File, at int) []Match {
	a, ok := f.assigned(at + 1)
	if !ok || a.name != "auth" {
		return nil
	}
	v := a.values[0]
	if len(v.text) < 12 {
		return nil
	}
	if password, ok := userAndPassword(v.text); ok {
		return []Match{{Start: v.start, End: v.end, Name: a.name, Secret: bytes.Clone(password)}}
	}
	return nil
}

func basicAuth(f *File, at int) []Match {
	start := at + len("basic ")
	end := base64At(f.Data, start)
	if end-start < 12 || !authorized(f, at) {
		return nil
	}
	if password, ok := userAndPassword(f.Data[start:end]); ok {
		return []Match{{Start: start, End: end, Secret: bytes.Clone(password)}}
	}
	return nil
}

func bearer(f *File, at int) []Match {
	start := at + len("bearer ")
	end := start
	for end < len(f.Data) && end-start < 512 && (wordByte(f.Data[end]) || bytes.IndexByte([]byte("+/=-.~"), f.Data[end]) >= 0) {
		end++
	}
	v := f.Data[start:end]
	if !random(v, 20) || Placeholder(v) || !authorized(f, at) {
		return nil
	}
	if _, ok := isJWT(v); ok {
		return nil // the rule of its own judges it
	}
	return []Match{{Start: start, End: end, Name: "Authorization"}}
}

// authorized reports whether a line speaks of a header before a place.
func authorized(f *File, at int) bool {
	start, _ := f.Line(at)
	return bytes.Contains(bytes.ToLower(f.Data[start:at]), []byte("authorization"))
}

func netrc(f *File, at int) []Match {
	start, end := f.Line(at)
	from := at + len("password ")
	if from >= end || !bytes.Contains(f.Data[max(0, start-300):end], []byte("machine ")) {
		return nil
	}
	value, _, _ := bytes.Cut(f.Data[from:end], []byte(" "))
	if len(value) < 6 || Placeholder(value) || weak(value, "") {
		return nil
	}
	return []Match{{Start: from, End: from + len(value), Name: "password"}}
}

// line returns a Match that looks at the whole line; the group of the pattern is the secret.
func line(pattern string) func(f *File, at int) []Match {
	re := regexp.MustCompile(pattern)
	return func(f *File, at int) []Match {
		start, end := f.Line(at)
		m := re.FindSubmatchIndex(f.Data[start:end])
		if m == nil {
			return nil
		}
		from, to := start+m[2], start+m[3]
		if Placeholder(f.Data[from:to]) {
			return nil
		}
		return []Match{{Start: from, End: to}}
	}
}
