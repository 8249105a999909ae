package secretrule

import (
	"bytes"
	"regexp"

	"github.com/airworthy-go/airworthy/check"
)

// context is a kind of secret that looks like many things, and is known by the name that it is given to.
type context struct {
	id, name, variable, revoke string
	literals                   []string
	names, values              string // patterns
	level                      check.Level
}

// named are secrets that only their names tell.
func named() (all []*Rule) {
	for _, c := range contexts() {
		all = append(all, &Rule{ID: c.id, Name: c.name, Variable: c.variable, Revoke: c.revoke, Literals: c.literals, Level: c.level, Tests: check.Info,
			Match: given(c.names, c.values)})
	}
	return append(all, &Rule{ID: "aws-secret-beside-key", Name: "AWS secret access key", Variable: "AWS_SECRET_ACCESS_KEY", Literals: []string{"akia"}, Tests: check.Info,
		Revoke: revokeAWS, Match: besideKey()})
}

const (
	revokeAWS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"
	hex32     = `^[0-9a-f]{32}$`
	uuid      = `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`
)

func contexts() []context {
	return []context{
		{id: "aws-secret-key", name: "AWS secret access key", variable: "AWS_SECRET_ACCESS_KEY", revoke: revokeAWS,
			literals: []string{"secret_access_key", "secretaccesskey", "secret_key", "secretkey", "secret-access-key", "secret-key", "aws_secret", "access_key_secret"},
			names:    `(?i)(aws|s3|amazon|ses_|access).*secret|secret.{0,2}access|^secret_?key$`, values: `^[0-9A-Za-z+/]{40}$`},
		{id: "aws-session-token", name: "AWS session token", variable: "AWS_SESSION_TOKEN", level: check.Warning,
			revoke:   "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
			literals: []string{"session_token", "sessiontoken", "security_token"}, names: `(?i)(aws|session|security).{0,9}token$`,
			values: `^(FwoG|IQoJ|FQoG|AQo)[0-9A-Za-z+/=]{100,}$`},
		{id: "azure-key", name: "Azure account key", variable: "AZURE_STORAGE_KEY", revoke: revokeAzure,
			literals: []string{"account_key", "accountkey", "storage_key", "account-key", "cosmos", "primarykey"},
			names:    `(?i)key`, values: `^[0-9A-Za-z+/]{86}==$`},
		{id: "heroku-key", name: "Heroku key", variable: "HEROKU_API_KEY", revoke: "https://devcenter.heroku.com/articles/authentication",
			literals: []string{"heroku"},
			names:    `(?i)heroku.*(key|token|secret)$`, values: uuid},
		{id: "twilio-auth-token", name: "Twilio auth token", variable: "TWILIO_AUTH_TOKEN",
			revoke: "https://www.twilio.com/docs/iam/api/authtoken", literals: []string{"twilio", "auth_token", "authtoken"},
			names: `(?i)(twilio.*(token|secret)|^auth_?token)$`, values: hex32},
		{id: "datadog-key", name: "Datadog key", variable: "DD_API_KEY",
			revoke:   "https://docs.datadoghq.com/account_management/api-app-keys/",
			literals: []string{"datadog", "dd_api_key", "dd_app_key", "dd_application_key", "dd-api-key"},
			names:    `(?i)(datadog|dd).*key$`, values: `^([0-9a-f]{32}|[0-9a-f]{40})$`},
		{id: "algolia-admin-key", name: "Algolia admin key", variable: "ALGOLIA_ADMIN_KEY",
			revoke: "https://www.algolia.com/doc/guides/security/api-keys", literals: []string{"algolia"},
			names: `(?i)algolia.*(admin|write).*key$`, values: hex32},
		{id: "cloudflare-key", name: "Cloudflare key", variable: "CLOUDFLARE_API_TOKEN",
			revoke: "https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/", literals: []string{"cloudflare", "cf_api"},
			names: `(?i)(cloudflare|cf).*(key|token)$`, values: `^([0-9a-f]{37}|[0-9A-Za-z_-]{40})$`},
		{id: "discord-token", name: "Discord bot token", variable: "DISCORD_TOKEN",
			revoke: "https://docs.discord.com/developers/topics/oauth2#bots", literals: []string{"token"},
			names: `(?i)token$`, values: `^[MNO][0-9A-Za-z_-]{23,27}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,40}$`},
		{id: "facebook-secret", name: "Facebook app secret", variable: "FACEBOOK_APP_SECRET",
			revoke: "https://developers.facebook.com/docs/facebook-login/security/", literals: []string{"facebook", "fb_"},
			names: `(?i)(facebook|fb).*secret$`, values: hex32},
		{id: "twitter-secret", name: "X (Twitter) secret", variable: "TWITTER_CONSUMER_SECRET",
			revoke: "https://docs.x.com/resources/fundamentals/authentication/api-key-and-secret", literals: []string{"twitter"},
			names: `(?i)twitter.*secret$`, values: `^[0-9A-Za-z]{40,50}$`},
		{id: "github-oauth-secret", name: "GitHub OAuth client secret", variable: "GITHUB_CLIENT_SECRET",
			revoke:   "https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/modifying-an-oauth-app",
			literals: []string{"github"},
			names:    `(?i)github.*secret$`, values: `^[0-9a-f]{40}$`},
		{id: "paypal-secret", name: "PayPal client secret", variable: "PAYPAL_CLIENT_SECRET",
			revoke: "https://developer.paypal.com/api/rest/", literals: []string{"paypal"},
			names: `(?i)paypal.*secret`, values: `^E[0-9A-Za-z_-]{79}$`},
		{id: "airtable-token", name: "Airtable token", variable: "AIRTABLE_TOKEN",
			revoke: "https://airtable.com/developers/web/guides/personal-access-tokens", literals: []string{"airtable"},
			names: `(?i)airtable`, values: `^(pat[0-9A-Za-z]{14}\.[0-9a-f]{64}|key[0-9A-Za-z]{14})$`},
		{id: "recaptcha-secret", name: "reCAPTCHA secret", variable: "RECAPTCHA_PRIVATE_KEY",
			revoke: "https://developers.google.com/recaptcha/docs/settings", literals: []string{"recaptcha"},
			names: `(?i)recaptcha.*(secret|private)`, values: `^6L[0-9A-Za-z_-]{38}$`},
		{id: "snyk-token", name: "Snyk token", variable: "SNYK_TOKEN", revoke: "https://docs.snyk.io/snyk-api/authentication-for-api",
			literals: []string{"snyk"}, names: `(?i)snyk.*(token|key)$`, values: uuid},
		{id: "codecov-token", name: "Codecov token", variable: "CODECOV_TOKEN", revoke: "https://docs.codecov.com/docs/codecov-tokens",
			literals: []string{"codecov"}, names: `(?i)codecov.*token$`, values: uuid, level: check.Warning},
		{id: "postmark-token", name: "Postmark token", variable: "POSTMARK_SERVER_TOKEN",
			revoke:   "https://postmarkapp.com/support/article/1008-what-are-the-account-and-server-api-tokens",
			literals: []string{"postmark"},
			names:    `(?i)postmark.*(token|key)$`, values: uuid},
	}
}

// besideKey finds the secret of a key of AWS in the arguments or fields that follow the key.
func besideKey() func(f *File, at int) []Match {
	pair := regexp.MustCompile(`\AAKIA[2-7A-Z]{16}["']?[ \t]*[,:][ \t\r\n]*["']?([0-9A-Za-z+/]{40})(?:["'\s,)]|\z)`)
	return func(f *File, at int) []Match {
		m := pair.FindSubmatchIndex(f.Data[at:min(len(f.Data), at+200)])
		if m == nil || !f.begins(at) {
			return nil
		}
		value := f.Data[at+m[2] : at+m[3]]
		if Placeholder(value) || Published(value) || randomness(value) < 0.4 || bytes.IndexByte(value, '/') == 0 {
			return nil
		}
		return []Match{{Start: at + m[2], End: at + m[3], Name: "AWS_SECRET_ACCESS_KEY"}}
	}
}
