package policy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "passwords"}

// fewCommon is how many entries a list of common passwords has that is too short to replace ours. Django's has 19,640.
const fewCommon = 10000

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	return append([]check.Check{{
		ID: "policy.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title:   "Passwords may be shorter than NIST SP 800-63B-4 allows.",
		Hint:    "Leave PASSWORD_MIN_LENGTH unset: 15 characters, or 8 where everybody needs a second factor.",
		Why:     "Short passwords are found by trying: slowly at the login, and much faster once the hashes are stolen.",
		See:     "https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver",
		Setting: "PASSWORD_MIN_LENGTH",
		Find: func(context.Context) ([]check.Finding, error) {
			least := Config{SecondFactor: c.SecondFactor}.minLength()
			return check.When(c.minLength() < least, check.Finding{
				Evidence: fmt.Sprintf("%d, less than %d", c.minLength(), least)})
		},
	}, {
		ID: "policy.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A rule about passwords is left out: guessable ones are accepted.",
		Hint:  "Remove the field of policy.Config that the evidence names, unless another rule of yours does what it did.",
		Why: "Attackers try common words, the user's own name and plain numbers first. Each rule that is missing " +
			"gives them the accounts of those who chose such a password.",
		See:  "https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver",
		Find: func(context.Context) ([]check.Finding, error) { return c.leftOut(), nil },
	}, {
		ID: "policy.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Passwords may resemble the user's name or address more than Django allows.",
		Hint:  "Leave PASSWORD_MAX_SIMILARITY unset, or set it to 0.7 or less.",
		Why: "A user's name and address are known to whoever attacks the account; variations of them are the first " +
			"guesses.",
		See:     "https://docs.djangoproject.com/en/stable/topics/auth/passwords/#django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
		Setting: "PASSWORD_MAX_SIMILARITY",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.MaxSimilarity > defaultSimilarity, check.Finding{
				Evidence: fmt.Sprint(c.MaxSimilarity)})
		},
	}, {
		ID: "policy.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "The list of common passwords cannot be used.",
		Hint:  "Set PASSWORD_COMMON_FILE to a list with one password on each line, in lower case, as text or gzip.",
		Why: "Without the list nobody could say whether a password is a common one, so that the application does " +
			"not start.",
		See:     "https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver",
		Setting: "PASSWORD_COMMON_FILE",
		Find: func(context.Context) ([]check.Finding, error) {
			_, err := c.commonWords()
			return failed(err)
		},
	}, {
		ID: "policy.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A short list of common passwords has taken the place of the built-in one.",
		Hint:  "Unset PASSWORD_COMMON_FILE_ONLY, so that both count, or give a longer list such as Django's.",
		Why: "What attackers try first is some ten thousand passwords. Those that the list lacks are accepted, and " +
			"found within minutes.",
		See:     "https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver",
		Setting: "PASSWORD_COMMON_FILE_ONLY",
		Find: func(context.Context) ([]check.Finding, error) {
			words, err := c.commonWords()
			return check.When(err == nil && c.InsecureCommonFileOnly && len(words) < fewCommon, check.Finding{
				Evidence: fmt.Sprintf("%d passwords", len(words))})
		},
	}}, c.breachedChecks()...)
}

// breachedChecks are those about breached passwords.
func (c Config) breachedChecks() []check.Check {
	some := c.BreachedFile != "" || c.BreachedURL != ""
	return []check.Check{{
		ID: "policy.I001", Level: check.Info, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Passwords are not compared with those that were found in breaches.",
		Hint:  "Build a filter with the command \"password filter\" and set PASSWORD_BREACHED_FILE to it; it needs no outbound call.",
		Why: "Names and passwords from other sites' breaches are tried on every login. Users who use one password " +
			"everywhere lose this account with the others.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Credential_Stuffing_Prevention_Cheat_Sheet.html#identifying-leaked-passwords",
		Setting: "PASSWORD_BREACHED_FILE",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(!some, check.Finding{})
		},
	}, {
		ID: "policy.E002", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "The filter of breached passwords cannot be used.",
		Hint:  "Build it again, and set PASSWORD_BREACHED_FILE to where it is.",
		Why: "Without the filter nobody could say whether a password is known from a breach, so that the " +
			"application does not start.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Credential_Stuffing_Prevention_Cheat_Sheet.html#identifying-leaked-passwords",
		Setting: "PASSWORD_BREACHED_FILE",
		Find: func(context.Context) ([]check.Finding, error) {
			b, err := openBreached(Config{BreachedFile: c.BreachedFile})
			return failed(errors.Join(err, b.close()))
		},
	}, {
		ID: "policy.E003", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "The service for breached passwords is not named by an https URL.",
		Hint:  "Set PASSWORD_BREACHED_URL to " + PwnedPasswords + ", to a copy of it, or to nothing.",
		Why: "The first digits of the hash of each new password go to this address: over http, everybody on the " +
			"way learns them and can say that a breached password is none.",
		See:     "https://haveibeenpwned.com/API/v3#PwnedPasswords",
		Setting: "PASSWORD_BREACHED_URL",
		Find: func(context.Context) ([]check.Finding, error) {
			_, err := newService(Config{BreachedURL: c.BreachedURL, InsecureBreachedHTTP: c.InsecureBreachedHTTP})
			return failed(err)
		},
	}, {
		ID: "policy.W005", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The service for breached passwords may be plain http: digits of hashes can be read, and answers forged.",
		Hint:  "Use https, unless the service is on the same machine.",
		Why: "Five digits of a hash and the time at which an account was made narrow down a weak password; and a " +
			"forged answer lets breached ones pass.",
		See:     "https://haveibeenpwned.com/API/v3#PwnedPasswords",
		Setting: "PASSWORD_BREACHED_URL",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.InsecureBreachedHTTP, check.Finding{})
		},
	}, {
		ID: "policy.W006", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Breached passwords are accepted while the filter or the service cannot be asked.",
		Hint:  "Unset PASSWORD_BREACHED_FAIL_OPEN; a filter file is there whenever the site is.",
		Why: "Whoever can keep the service from answering, or waits for an outage, can choose a password that is " +
			"on every attacker's list; later logins do not ask again.",
		See:     "https://cwe.mitre.org/data/definitions/636.html",
		Setting: "PASSWORD_BREACHED_FAIL_OPEN",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(some && c.InsecureBreachedFailOpen, check.Finding{})
		},
	}}
}

// leftOut returns a finding for each rule that is left out.
func (c Config) leftOut() (found []check.Finding) {
	for _, rule := range []struct {
		out  bool
		name string
	}{
		{c.InsecureNoSimilarity, "InsecureNoSimilarity"},
		{c.InsecureNoCommon, "InsecureNoCommon"},
		{c.InsecureNoNumeric, "InsecureNoNumeric"},
	} {
		if rule.out {
			found = append(found, check.Finding{Evidence: rule.name})
		}
	}
	return found
}

func (c Config) commonWords() (map[string]struct{}, error) {
	if c.CommonFile == "" {
		return nil, nil
	}
	words, err := readCommon(c.CommonFile)
	if err != nil {
		return nil, commonFault(err)
	}
	return words, nil
}

// failed makes a finding of an error.
func failed(err error) ([]check.Finding, error) {
	if err == nil {
		return nil, nil
	}
	return []check.Finding{{Evidence: err.Error()}}, nil
}

// Checks returns the checks that try p with passwords.
func (p *Policy) Checks() []check.Check {
	return []check.Check{{
		ID: "policy.W007", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Handler,
		Title: "A weak password is accepted.",
		Hint:  "Hold passwords to the rules that the evidence says are missing.",
		Why: "The password that was tried is on the list of everybody who guesses. Users will choose it, and lose " +
			"their accounts.",
		See:  "https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver",
		Find: p.acceptsWeak,
	}, {
		ID: "policy.E004", Level: check.Error, Tags: tags, Needs: check.Handler,
		Title: "Good passwords are refused: nobody can choose one.",
		Hint:  "Look for a rule that refuses everything: in policy.Config.Validators, and in the list or the filter of passwords.",
		Why:   "Nobody can register or change a password, also not one who must because the old one has leaked.",
		See:   "https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver",
		Find:  p.refusesGood,
	}}
}

// weak are passwords that no site should take, and why. Those about a user are of the user with these attributes.
var (
	weakUser = []Attribute{{"username", "margaret.hamilton"}, {"email address", "mhamilton@apollo.example"}}
	weak     = []struct{ password, why string }{
		{"", "an empty password"},
		{"password", "a password that many people use"},
		{"12345678", "a password that many people use"},
		{"qwertyuiop", "a password that many people use"},
		{"passwordpassword", "a password that many people use, twice"},
		{"740193652718405", "a password of digits only"},
		{"margaret.hamilton", "the user's own name"},
		{"Margaret.Hamilton1", "the user's own name with a digit"},
		{"mhamilton@apollo.example", "the user's own address"},
	}
)

// acceptsWeak looks for a weak password that is accepted. None of them reaches the service unless nothing else refuses it.
func (p *Policy) acceptsWeak(ctx context.Context) (found []check.Finding, err error) {
	for _, w := range weak {
		refused, err := p.refuses(ctx, w.password)
		if err != nil {
			return nil, err
		}
		if !refused {
			found = append(found, check.Finding{Evidence: w.why + " is accepted"})
		}
	}
	return found, nil
}

// refusesGood tries passwords that nobody has. A filter takes one in many for a breached one, but not three in a row.
func (p *Policy) refusesGood(ctx context.Context) ([]check.Finding, error) {
	for range 3 {
		refused, err := p.refuses(ctx, "kx-"+rand.Text()+rand.Text())
		if err != nil || !refused {
			return nil, err
		}
	}
	return []check.Finding{{Evidence: "three random passwords of 55 characters were refused"}}, nil
}

// refuses reports whether a password is refused. An error means that it could not be judged.
func (p *Policy) refuses(ctx context.Context, password string) (bool, error) {
	err := p.Validate(ctx, password, weakUser...)
	if _, ok := errors.AsType[*Refusal](err); ok {
		return true, nil
	}
	return false, err
}
