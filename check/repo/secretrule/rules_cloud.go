package secretrule

import (
	"bytes"

	"github.com/airworthy-go/airworthy/check"
)

// clouds are keys of those who run servers, networks and the secrets of others.
func clouds() []token {
	return []token{
		{id: "aws-access-key", name: "AWS access key", variable: "AWS_ACCESS_KEY_ID", pattern: `AKIA[2-7A-Z]{16}`, valid: calm,
			revoke: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"},
		{id: "aws-temporary-key", name: "AWS temporary access key", variable: "AWS_ACCESS_KEY_ID", pattern: `ASIA[2-7A-Z]{16}`,
			level: check.Warning,
			valid: calm, revoke: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html"},
		{id: "google-api-key", name: "Google API key", variable: "GOOGLE_API_KEY", pattern: `AIza[0-9A-Za-z_-]{35}`, level: check.Warning,
			revoke: "https://cloud.google.com/docs/authentication/api-keys"},
		{id: "google-oauth-secret", name: "Google OAuth client secret", variable: "GOOGLE_CLIENT_SECRET",
			pattern: `GOCSPX-[0-9A-Za-z_-]{28}`,
			revoke:  "https://support.google.com/cloud/answer/15549257"},
		{id: "google-access-token", name: "Google access token", pattern: `ya29\.[0-9A-Za-z_-]{60,}`, level: check.Warning,
			revoke: "https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke"},
		{id: "azure-client-secret", name: "Azure client secret", variable: "AZURE_CLIENT_SECRET",
			pattern:  `[0-9A-Za-z_~.-]{3}[0-9]Q~[0-9A-Za-z_~.-]{31,34}`,
			literals: digitsBefore("q~"), back: 3,
			revoke: "https://learn.microsoft.com/en-us/entra/identity-platform/how-to-add-credentials"},
		{id: "digitalocean-token", name: "DigitalOcean token", variable: "DIGITALOCEAN_TOKEN", pattern: `do[opr]_v1_[0-9a-f]{64}`,
			literals: []string{"dop_v1_", "doo_v1_", "dor_v1_"},
			revoke:   "https://docs.digitalocean.com/reference/api/create-personal-access-token/"},
		{id: "heroku-token", name: "Heroku token", variable: "HEROKU_API_KEY", pattern: `HRKU-AA[0-9A-Za-z_-]{58}`,
			revoke: "https://devcenter.heroku.com/articles/authentication"},
		{id: "cloudflare-token", name: "Cloudflare token", variable: "CLOUDFLARE_API_TOKEN",
			pattern:  `cf(?:k|ut|at)_[0-9A-Za-z_-]{40}[0-9A-Za-z]{4,12}`,
			literals: []string{"cfk_", "cfut_", "cfat_"}, revoke: "https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/"},
		{id: "cloudflare-origin-key", name: "Cloudflare origin CA key", variable: "CLOUDFLARE_ORIGIN_CA_KEY",
			pattern: `v1\.0-[0-9a-f]{24}-[0-9a-f]{146}`,
			revoke:  "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/"},
		{id: "fly-token", name: "Fly.io token", variable: "FLY_API_TOKEN",
			pattern:  `fo1_[0-9A-Za-z_-]{43}|fm(?:1[ar]|2)_[0-9A-Za-z+/]{100,}={0,3}`,
			literals: []string{"fo1_", "fm1a_", "fm1r_", "fm2_"}, revoke: "https://fly.io/docs/security/tokens/"},
		{id: "vault-token", name: "Vault token", variable: "VAULT_TOKEN", pattern: `hv[sbr]\.[0-9A-Za-z_-]{24,}`,
			literals: []string{"hvs.", "hvb.", "hvr."},
			revoke:   "https://developer.hashicorp.com/vault/docs/commands/token/revoke"},
		{id: "doppler-token", name: "Doppler token", variable: "DOPPLER_TOKEN",
			pattern:  `dp\.(?:pt|ct|sa|scim|audit)\.[0-9A-Za-z]{40,44}|dp\.st\.(?:[0-9a-z_-]{2,35}\.)?[0-9A-Za-z]{40,44}`,
			literals: []string{"dp.pt.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit.", "dp.st."},
			revoke:   "https://docs.doppler.com/docs/service-tokens"},
		{id: "onepassword-token", name: "1Password service account", variable: "OP_SERVICE_ACCOUNT_TOKEN",
			pattern: `ops_eyJ[0-9A-Za-z+/_-]{250,}={0,3}`,
			revoke:  "https://developer.1password.com/docs/service-accounts/manage-service-accounts/"},
		{id: "tailscale-key", name: "Tailscale key", variable: "TS_AUTHKEY",
			pattern:  `tskey-(?:auth|api|client|scim|webhook)-[0-9A-Za-z]{8,24}-[0-9A-Za-z]{24,40}`,
			literals: []string{"tskey-auth-", "tskey-api-", "tskey-client-", "tskey-scim-", "tskey-webhook-"},
			revoke:   "https://tailscale.com/kb/1085/auth-keys"},
		{id: "planetscale-password", name: "PlanetScale password or token", variable: "DATABASE_URL",
			pattern:  `pscale_(?:pw|tkn|oauth)_[0-9A-Za-z_.=-]{32,64}`,
			literals: []string{"pscale_pw_", "pscale_tkn_", "pscale_oauth_"},
			revoke:   "https://planetscale.com/docs/concepts/connection-strings"},
		{id: "supabase-key", name: "Supabase key", variable: "SUPABASE_SECRET_KEY",
			pattern:  `sb_secret_[0-9A-Za-z_-]{30,40}|sbp_[0-9a-f]{40}`,
			literals: []string{"sb_secret_", "sbp_"}, revoke: "https://supabase.com/docs/guides/api/api-keys"},
		{id: "vercel-token", name: "Vercel token", variable: "VERCEL_TOKEN", pattern: `vc[piark]_[0-9A-Za-z]{24,64}`,
			literals: []string{"vcp_", "vci_", "vca_", "vcr_", "vck_"},
			revoke:   "https://vercel.com/changelog/new-token-formats-and-secret-scanning"},
		{id: "netlify-token", name: "Netlify token", variable: "NETLIFY_AUTH_TOKEN", pattern: `nf[pcoub]_[0-9A-Za-z_-]{36}`,
			literals: []string{"nfp_", "nfc_", "nfo_", "nfu_", "nfb_"},
			revoke:   "https://docs.netlify.com/api/get-started/"},
		{id: "databricks-token", name: "Databricks token", variable: "DATABRICKS_TOKEN", pattern: `(?:dapi|dose)[0-9a-f]{32}(?:-[0-9])?`,
			literals: []string{"dapi", "dose"},
			revoke:   "https://docs.databricks.com/aws/en/dev-tools/auth/pat"},
	}
}

// calm refuses keys of AWS that stand in a longer text of capitals, and those of the documentation.
func calm(key []byte) bool { return !bytes.Contains(key, []byte("EXAMPLE")) && distinct(key) >= 10 }

func digitsBefore(text string) (all []string) {
	for d := range 10 {
		all = append(all, string(rune('0'+d))+text)
	}
	return all
}
