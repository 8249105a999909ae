package secretrule

import "github.com/airworthy-go/airworthy/check"

// webTokens are JSON Web Tokens (RFC 7519) that are secrets: those that do not expire.
func webTokens() (all []*Rule) {
	for _, t := range []struct {
		rule  Rule
		valid func(claims map[string]any) bool
	}{
		{Rule{ID: "supabase-service-role", Name: "Supabase service_role key", Variable: "SUPABASE_SERVICE_ROLE_KEY", Tests: check.Info,
			Revoke: "https://supabase.com/docs/guides/api/api-keys"}, serviceRole},
		{Rule{ID: "kubernetes-token", Name: "Kubernetes service account token", Tests: check.Info,
			Revoke: "https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets"}, kubernetesAccount},
		{Rule{ID: "jwt", Name: "JSON Web Token", Level: check.Info, Revoke: "https://www.rfc-editor.org/rfc/rfc8725"}, lasting},
	} {
		t.rule.Literals = []string{"eyj"}
		t.rule.Match = func(f *File, at int) []Match {
			end := endOfJWT(f, at)
			if end == 0 || Published(f.Data[at:end]) {
				return nil
			}
			if claims, ok := isJWT(f.Data[at:end]); !ok || !t.valid(claims) {
				return nil
			}
			return []Match{{Start: at, End: end}}
		}
		all = append(all, &t.rule)
	}
	return all
}

// endOfJWT returns where what has the form of a token ends, 0 if nothing at the place has.
func endOfJWT(f *File, at int) int {
	if !f.begins(at) {
		return 0
	}
	dots, limit := 0, min(len(f.Data), at+maxToken)
	for i := at; ; i++ {
		if i < limit && (wordByte(f.Data[i]) || f.Data[i] == '-') {
			continue
		}
		if i < limit && f.Data[i] == '.' && dots < 2 && i+20 < limit {
			if dots++; dots == 2 || f.Data[i+1] == 'e' && f.Data[i+2] == 'y' && f.Data[i+3] == 'J' {
				continue
			}
			return 0
		}
		if dots < 2 || f.Data[i-1] == '.' {
			return 0
		}
		return i
	}
}

// lasting reports whether a token does not expire, or only after a year: others are of no use for long, and stand in many
// documents.
func lasting(claims map[string]any) bool {
	const year = 365 * 24 * 3600
	exp, expires := claims["exp"].(float64)
	iat, _ := claims["iat"].(float64)
	subject, _ := claims["sub"].(string)
	name, _ := claims["name"].(string)
	return subject != "1234567890" && name != "John Doe" && !demo(claims) && claims["role"] != "anon" && (!expires || iat > 0 && exp-iat >= year)
}

// serviceRole reports whether a token is the legacy key of Supabase that passes all rules of its database.
func serviceRole(claims map[string]any) bool {
	return claims["role"] == "service_role" && !demo(claims)
}

// demo reports whether claims are those that everybody who runs Supabase at home begins with.
func demo(claims map[string]any) bool { return claims["iss"] == "supabase-demo" }

// kubernetesAccount reports whether a token is that of a service account, of the kind that does not expire.
func kubernetesAccount(claims map[string]any) bool {
	_, expires := claims["exp"]
	return claims["iss"] == "kubernetes/serviceaccount" && !expires
}
