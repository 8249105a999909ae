package check_test

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

// rich is a report with something of everything, as the checks of a site and its repository make it.
func rich() *check.Report {
	rule := func(id string, level check.Level, needs check.Evidence, title, hint, why, see string, tags ...string) check.Check {
		return check.Check{ID: id, Level: level, Needs: needs, Title: title, Hint: hint, Why: why, See: see,
			Tags: append([]string{"security"}, tags...), Find: func(context.Context) ([]check.Finding, error) { return nil, nil }}
	}
	const rfc = "https://www.rfc-editor.org/rfc/rfc6797"
	asked := []check.Check{
		rule("security.W004", check.Warning, check.Settings, "Browsers are not told to use HTTPS only (HSTS).",
			"Set SECURE_HSTS_SECONDS to 3600 and raise it in steps to a year.",
			"Somebody between a visitor and the site can answer the first plain request and keep the visitor on HTTP.", rfc, "https"),
		rule("security.W009", check.Warning, check.Settings, "SECRET_KEY is weak.",
			"Make one with: airworthy secretkey.", "Who guesses the key signs sessions and becomes anybody.",
			"https://docs.djangoproject.com/en/5.2/ref/checks/#security", "keys"),
		rule("security.W019", check.Warning, check.Settings, "Pages may be framed.", "Set X_FRAME_OPTIONS to DENY.", "", ""),
		rule("security.W020", check.Warning, check.Settings, "ALLOWED_HOSTS is empty.", "List the names of the site.", "", ""),
		rule("probe.E001", check.Error, check.Handler, "A forged Host is answered.", "Set ALLOWED_HOSTS.",
			"Links in mails and caches can be made to point to a stranger’s site.", "https://owasp.org/www-community/attacks/Host_Header_Injection"),
		rule("probe.E002", check.Error, check.Handler, "The error page tells how the program is built.", "Set DEBUG to false.", "", ""),
		rule("probe.I007", check.Info, check.Handler, "HSTS is shorter than a year.", "Raise SECURE_HSTS_SECONDS.", "", rfc),
		rule("repo.E001", check.Critical, check.Repository, "A secret stands in the repository.",
			"Make a new one first, then take it out of the history.",
			"Everybody who ever had a copy has the secret.", "https://cwe.mitre.org/data/definitions/798.html", "secrets"),
		rule("repo.W004", check.Warning, check.Repository, "A file of settings is tracked.", "Add it to .gitignore and remove it.", "", ""),
		rule("probe.W030", check.Warning, check.URL, "The policy allows scripts of any kind.", "Use a nonce.", "", ""),
		rule("probe.E031", check.Error, check.URL, "The admin is open to everybody.", "Set ADMIN_NETWORKS.", "", ""),
	}
	return &check.Report{
		Subject: "bulletin, production", FailLevel: check.Warning, Ran: 10, Asked: asked,
		Findings: []check.Finding{
			{ID: "repo.E001", Level: check.Critical, Title: "A secret stands in the repository.", Needs: check.Repository,
				Hint: "Make a new one first, then take it out of the history.", File: "deploy/compose.yaml", Line: 14,
				Source: "deploy/compose.yaml:14", Evidence: "a password of a database, in HEAD since 4f2a1c9", Fingerprint: "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
			{ID: "repo.E001", Level: check.Critical, Title: "A secret stands in the repository.", Needs: check.Repository,
				Hint: "Make a new one first, then take it out of the history.", File: "old settings/prod 100%.py", Line: 3,
				Source: "old settings/prod 100%.py:3", Evidence: "Django’s SECRET_KEY, removed in 77b0e12", Fingerprint: "11111111111111111111111111111111"},
			{ID: "probe.E001", Level: check.Error, Title: "A forged Host is answered.", Hint: "Set ALLOWED_HOSTS.", Needs: check.Handler,
				Setting: "ALLOWED_HOSTS", Evidence: "GET / with Host: evil.example was answered with 200", Fingerprint: "22222222222222222222222222222222"},
			{ID: "security.W004", Level: check.Warning, Title: "Browsers are not told to use HTTPS only (HSTS).", Needs: check.Settings,
				Hint: "Set SECURE_HSTS_SECONDS to 3600 and raise it in steps to a year.", Setting: "SECURE_HSTS_SECONDS",
				Source: "default", Evidence: "it is 0", Fingerprint: "33333333333333333333333333333333"},
			{ID: "security.W009", Level: check.Warning, Title: "SECRET_KEY is weak.", Hint: "Make one with: airworthy secretkey.",
				Setting: "SECRET_KEY", Source: ".env:3", Evidence: "31 characters, of which 9 differ", Needs: check.Settings,
				Known: true, Fingerprint: "44444444444444444444444444444444"},
			{ID: "probe.I007", Level: check.Info, Title: "HSTS is shorter than a year.", Hint: "Raise SECURE_HSTS_SECONDS.",
				Evidence: "Strict-Transport-Security: max-age=3600", Needs: check.Handler, Fingerprint: "55555555555555555555555555555555"},
		},
		Silenced: []check.Finding{{ID: "repo.W004", Level: check.Warning, Title: "A file of settings is tracked.", Needs: check.Repository,
			Hint: "Add it to .gitignore and remove it.", File: ".env.example", Source: ".env.example", Fingerprint: "66666666666666666666666666666666",
			Silenced: "it holds no value (Ada, until 2027-01-31)"}},
		NotRun: []check.NotRun{{ID: "probe.W030", Title: "The policy allows scripts of any kind.", Needs: check.URL,
			Reason: "GET https://bulletin.example/: no answer within 10s\ndial tcp 192.0.2.7:443: i/o timeout"}},
	}
}
