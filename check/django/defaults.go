package django

import (
	"encoding/json"
	"maps"
)

// defaults returns Django's values of the settings that a project does not set. Versions differ in what they have.
func defaults(r release) map[string]any {
	list := func(items ...any) []any { return append([]any{}, items...) }
	all := map[string]any{
		"ALLOWED_HOSTS": list(), "AUTH_PASSWORD_VALIDATORS": list(), "CSRF_COOKIE_DOMAIN": nil, "CSRF_COOKIE_SAMESITE": "Lax",
		"CSRF_COOKIE_SECURE": false, "CSRF_TRUSTED_ORIGINS": list(), "CSRF_USE_SESSIONS": false, "DATABASES": map[string]any{},
		"CSRF_FAILURE_VIEW": "django.views.csrf.csrf_failure",
		"CACHES": map[string]any{"default": map[string]any{
			"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": ""}},
		"DATA_UPLOAD_MAX_MEMORY_SIZE": json.Number("2621440"), "DATA_UPLOAD_MAX_NUMBER_FIELDS": json.Number("1000"),
		"DATA_UPLOAD_MAX_NUMBER_FILES": json.Number("100"), "DEBUG": false,
		"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "localhost", "EMAIL_USE_SSL": false,
		"EMAIL_USE_TLS": false, "FILE_UPLOAD_TEMP_DIR": nil, "INSTALLED_APPS": list(),
		"LOGGING": map[string]any{"handlers": map[string]any{}}, "MEDIA_ROOT": "", "MEDIA_URL": "", "MIDDLEWARE": list(),
		"PASSWORD_HASHERS": list("django.contrib.auth.hashers.PBKDF2PasswordHasher",
			"django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"),
		"SECRET_KEY": "", "SECRET_KEY_FALLBACKS": list(), "SECURE_CONTENT_TYPE_NOSNIFF": true,
		"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin", "SECURE_HSTS_INCLUDE_SUBDOMAINS": false,
		"SECURE_HSTS_PRELOAD": false, "SECURE_HSTS_SECONDS": json.Number("0"), "SECURE_PROXY_SSL_HEADER": nil,
		"SECURE_REDIRECT_EXEMPT": list(), "SECURE_REFERRER_POLICY": "same-origin", "SECURE_SSL_HOST": nil,
		"SECURE_SSL_REDIRECT": false, "SESSION_COOKIE_AGE": json.Number("1209600"), "SESSION_COOKIE_DOMAIN": nil,
		"SESSION_COOKIE_HTTPONLY": true, "SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_SECURE": false,
		"SESSION_ENGINE":         "django.contrib.sessions.backends.db",
		"SESSION_SERIALIZER":     "django.contrib.sessions.serializers.JSONSerializer",
		"SILENCED_SYSTEM_CHECKS": list(), "STATICFILES_DIRS": list(), "STATIC_ROOT": nil, "STATIC_URL": nil, "TEMPLATES": list(),
		"USE_X_FORWARDED_HOST": false, "USE_X_FORWARDED_PORT": false, "X_FRAME_OPTIONS": "DENY",
	}
	if r.before(4, 0) {
		all["DEFAULT_HASHING_ALGORITHM"] = "sha256"
		delete(all, "SECURE_CROSS_ORIGIN_OPENER_POLICY")
	}
	if r.before(4, 1) {
		delete(all, "SECRET_KEY_FALLBACKS")
	}
	if !r.before(6, 0) {
		maps.Copy(all, map[string]any{"SECURE_CSP": map[string]any{}, "SECURE_CSP_REPORT_ONLY": map[string]any{}})
	}
	return all
}
