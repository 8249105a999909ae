package secretrule

import "github.com/airworthy-go/airworthy/check"

// services are keys of what an application calls: mail, money, messages, monitoring.
func services() []token {
	return []token{
		{id: "slack-token", name: "Slack token", variable: "SLACK_BOT_TOKEN",
			pattern:  `xox[bp]-(?:[0-9]{8,14}-){1,3}[0-9A-Za-z]{18,64}|xox[aors]-(?:[0-9]-)?[0-9A-Za-z-]{20,}|xapp-[0-9]-[0-9A-Z]{8,14}-[0-9]{8,16}-[0-9a-f]{64}|xoxe(?:\.xox[bp])?-[0-9]-[0-9A-Za-z]{140,}`,
			literals: []string{"xoxb-", "xoxp-", "xoxa-", "xoxo-", "xoxr-", "xoxs-", "xapp-", "xoxe-", "xoxe."}, revoke: "https://docs.slack.dev/authentication/best-practices-for-security"},
		{id: "slack-webhook", name: "Slack webhook", variable: "SLACK_WEBHOOK_URL", pattern: `hooks\.slack\.com/(?:services|workflows|triggers)/[TE][0-9A-Z]{8,12}/[0-9A-Z]{8,20}/([0-9A-Za-z]{20,48})`,
			literals: []string{"hooks.slack.com/"}, revoke: "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"},
		{id: "discord-webhook", name: "Discord webhook", variable: "DISCORD_WEBHOOK_URL", pattern: `discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{17,20}/([0-9A-Za-z_-]{60,72})`,
			literals: []string{"discord.com/api/", "discordapp.com/api/"}, revoke: "https://support.discord.com/hc/en-us/articles/228383668"},
		{id: "teams-webhook", name: "Microsoft Teams webhook", variable: "TEAMS_WEBHOOK_URL",
			pattern:  `webhook\.office\.com/webhookb2/[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/([0-9a-f]{32})/[0-9a-f-]{36}`,
			literals: []string{"webhook.office.com/webhookb2/"}, revoke: "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook"},
		{id: "telegram-token", name: "Telegram bot token", variable: "TELEGRAM_BOT_TOKEN", pattern: `(?:bot)?[0-9]{8,10}:(AA[0-9A-Za-z_-]{33})`, literals: []string{":aa"}, back: 13,
			revoke: "https://core.telegram.org/bots/features#botfather"},
		{id: "stripe-key", name: "Stripe key", variable: "STRIPE_SECRET_KEY", pattern: `[sr]k_live_[0-9A-Za-z]{24,}`, literals: []string{"sk_live_", "rk_live_"},
			revoke: "https://docs.stripe.com/keys#rolling-keys"},
		{id: "stripe-test-key", name: "Stripe test key", variable: "STRIPE_SECRET_KEY", pattern: `[sr]k_test_[0-9A-Za-z]{24,}`, literals: []string{"sk_test_", "rk_test_"},
			level: check.Info, revoke: "https://docs.stripe.com/keys#rolling-keys"},
		{id: "stripe-webhook-secret", name: "Stripe webhook secret", variable: "STRIPE_WEBHOOK_SECRET", pattern: `whsec_[0-9A-Za-z+/]{32,64}={0,2}`,
			revoke: "https://docs.stripe.com/webhooks#roll-endpoint-secrets"},
		{id: "square-token", name: "Square token", variable: "SQUARE_ACCESS_TOKEN", pattern: `EAAA[EFlm][0-9A-Za-z_-]{59}|sq0(?:atp-[0-9A-Za-z_-]{22}|csp-[0-9A-Za-z_-]{43})`,
			literals: []string{"eaaae", "eaaaf", "eaaal", "eaaam", "sq0atp-", "sq0csp-"}, revoke: "https://developer.squareup.com/docs/build-basics/access-tokens"},
		{id: "braintree-token", name: "PayPal Braintree access token", variable: "BRAINTREE_ACCESS_TOKEN", pattern: `access_token\$production\$[0-9a-z]{16}\$([0-9a-f]{32})`,
			literals: []string{"access_token$production$"}, revoke: "https://developer.paypal.com/braintree/docs/guides/authorization/overview"},
		{id: "shopify-token", name: "Shopify token", variable: "SHOPIFY_API_SECRET", pattern: `shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{32}`,
			literals: []string{"shpat_", "shpca_", "shppa_", "shpss_", "shpua_"}, revoke: "https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets/rotate-revoke-client-credentials"},
		{id: "sendgrid-key", name: "SendGrid key", variable: "SENDGRID_API_KEY", pattern: `SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}`,
			revoke: "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys"},
		{id: "mailgun-key", name: "Mailgun key", variable: "MAILGUN_API_KEY", pattern: `key-[0-9a-f]{32}`,
			revoke: "https://documentation.mailgun.com/docs/mailgun/user-manual/get-started/"},
		{id: "mailchimp-key", name: "Mailchimp key", variable: "MAILCHIMP_API_KEY", pattern: `[0-9a-f]{32}-us[0-9]{1,2}`, literals: usCentres(), back: 32,
			revoke: "https://mailchimp.com/help/about-api-keys/"},
		{id: "brevo-key", name: "Brevo key", variable: "BREVO_API_KEY", pattern: `x(?:keysib|smtpsib)-[0-9a-f]{64}-[0-9A-Za-z]{16}`, literals: []string{"xkeysib-", "xsmtpsib-"},
			revoke: "https://help.brevo.com/hc/en-us/articles/209467485"},
		{id: "resend-key", name: "Resend key", variable: "RESEND_API_KEY", pattern: `re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}`, revoke: "https://resend.com/docs/dashboard/api-keys/introduction"},
		{id: "grafana-token", name: "Grafana service account token", variable: "GRAFANA_TOKEN", pattern: `glsa_[0-9A-Za-z]{32}_[0-9a-f]{8}`, valid: hasGrafanaSum, sure: true,
			revoke: "https://grafana.com/docs/grafana/latest/administration/service-accounts/"},
		{id: "grafana-cloud-token", name: "Grafana Cloud token", variable: "GRAFANA_CLOUD_API_KEY", pattern: `glc_eyJ[0-9A-Za-z+/]{40,}={0,2}`, valid: decodesTo("glc_", 1, `{"`),
			revoke: "https://grafana.com/docs/grafana-cloud/security-and-account-management/authentication-and-permissions/access-policies/"},
		{id: "newrelic-key", name: "New Relic key", variable: "NEW_RELIC_API_KEY", pattern: `NRAK-[0-9A-Z]{27}`,
			revoke: "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/"},
		{id: "linear-key", name: "Linear key", variable: "LINEAR_API_KEY", pattern: `lin_(?:api_[0-9A-Za-z]{40}|oauth_[0-9a-f]{64})`, literals: []string{"lin_api_", "lin_oauth_"},
			revoke: "https://linear.app/docs/api-and-webhooks"},
		{id: "notion-token", name: "Notion token", variable: "NOTION_TOKEN", pattern: `ntn_[0-9A-Za-z]{40,50}`, revoke: "https://developers.notion.com/guides/get-started/authorization"},
		{id: "figma-token", name: "Figma token", variable: "FIGMA_TOKEN", pattern: `fig[doru]_[0-9A-Za-z_-]{40,48}`, literals: []string{"figd_", "figo_", "figr_", "figu_"},
			revoke: "https://developers.figma.com/docs/rest-api/personal-access-tokens/"},
		{id: "mapbox-token", name: "Mapbox secret token", variable: "MAPBOX_SECRET_TOKEN", pattern: `sk\.eyJ1[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,30}`, valid: decodesTo(".", 1, `{"u"`),
			revoke: "https://docs.mapbox.com/accounts/guides/tokens/"},
		{id: "dropbox-token", name: "Dropbox token", variable: "DROPBOX_ACCESS_TOKEN", literals: []string{"sl."}, pattern: `sl\.(?:u\.)?[0-9A-Za-z_-]{130,}`, level: check.Warning,
			revoke: "https://developers.dropbox.com/oauth-guide"},
	}
}

func usCentres() (all []string) {
	for d := range 9 {
		all = append(all, "-us"+string(rune('1'+d)))
	}
	return all
}
