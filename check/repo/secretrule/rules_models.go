package secretrule

// models are keys of those who sell the use of language models.
func models() []token {
	return []token{
		{id: "anthropic-key", name: "Anthropic key", variable: "ANTHROPIC_API_KEY",
			pattern:  `sk-ant-(?:api|admin|oat|ort|sid)[0-9]{2}-[0-9A-Za-z_-]{80,}`,
			literals: []string{"sk-ant-api", "sk-ant-admin", "sk-ant-oat", "sk-ant-ort", "sk-ant-sid"},
			revoke:   "https://support.claude.com/en/articles/9767949-api-key-best-practices-keeping-your-keys-safe-and-secure"},
		{id: "openai-key", name: "OpenAI key", variable: "OPENAI_API_KEY",
			pattern:  `sk-(?:proj-|svcacct-|admin-|None-)?[0-9A-Za-z_-]{16,}T3BlbkFJ[0-9A-Za-z_-]{16,}`,
			literals: []string{"t3blbkfj"}, back: 112,
			revoke: "https://help.openai.com/en/articles/5112595-best-practices-for-api-key-safety"},
		{id: "openrouter-key", name: "OpenRouter key", variable: "OPENROUTER_API_KEY", pattern: `sk-or-v1-[0-9a-f]{64}`,
			revoke: "https://openrouter.ai/docs/api/reference/authentication"},
		{id: "huggingface-token", name: "Hugging Face token", variable: "HF_TOKEN", pattern: `(?:hf_|api_org_)[A-Za-z]{34}`,
			literals: []string{"hf_", "api_org_"},
			revoke:   "https://huggingface.co/docs/hub/security-tokens"},
		{id: "replicate-token", name: "Replicate token", variable: "REPLICATE_API_TOKEN", pattern: `r8_[0-9A-Za-z]{37}`,
			revoke: "https://replicate.com/docs/topics/security/api-tokens"},
		{id: "groq-key", name: "Groq key", variable: "GROQ_API_KEY", pattern: `gsk_[0-9A-Za-z]{52}`,
			revoke: "https://console.groq.com/docs/production-readiness/security-onboarding"},
		{id: "perplexity-key", name: "Perplexity key", variable: "PERPLEXITY_API_KEY", pattern: `pplx-[0-9A-Za-z]{48}`,
			revoke: "https://docs.perplexity.ai/guides/api-key-management"},
		{id: "xai-key", name: "xAI key", variable: "XAI_API_KEY", pattern: `xai-[0-9A-Za-z]{80}`,
			revoke: "https://docs.x.ai/docs/key-information/using-management-api"},
	}
}
