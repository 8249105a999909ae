"""Print, as one line of JSON, what airworthy judges of a Django project's settings.

Run by the project's own Python, in the project's directory, with DJANGO_SETTINGS_MODULE set. Only the settings named
below leave the process, and of databases only the engines. Whatever JSON does not have keeps its Python type's name
and whether it is true; its text stays here.
"""

import inspect
import json
import sys

FORMAT = 1

SETTINGS = """
ALLOWED_HOSTS AUTH_PASSWORD_VALIDATORS CONTENT_SECURITY_POLICY CONTENT_SECURITY_POLICY_REPORT_ONLY
CSRF_COOKIE_DOMAIN CSRF_COOKIE_SAMESITE CSRF_COOKIE_SECURE CSRF_TRUSTED_ORIGINS CSRF_USE_SESSIONS DATABASES
DATA_UPLOAD_MAX_MEMORY_SIZE DATA_UPLOAD_MAX_NUMBER_FIELDS DATA_UPLOAD_MAX_NUMBER_FILES DEBUG EMAIL_BACKEND
INSTALLED_APPS MEDIA_ROOT MIDDLEWARE PASSWORD_HASHERS SECRET_KEY SECRET_KEY_FALLBACKS
SECURE_CONTENT_TYPE_NOSNIFF SECURE_CROSS_ORIGIN_OPENER_POLICY SECURE_CSP SECURE_CSP_REPORT_ONLY
SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_HSTS_SECONDS SECURE_PROXY_SSL_HEADER
SECURE_REDIRECT_EXEMPT SECURE_REFERRER_POLICY SECURE_SSL_HOST SECURE_SSL_REDIRECT SESSION_COOKIE_AGE
SESSION_COOKIE_DOMAIN SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE SESSION_COOKIE_SECURE SESSION_ENGINE
SESSION_SERIALIZER SILENCED_SYSTEM_CHECKS STATIC_ROOT TEMPLATES USE_X_FORWARDED_HOST USE_X_FORWARDED_PORT
X_FRAME_OPTIONS
""".split()


def plain(value):
    """Return value in the types of JSON."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "__fspath__"):
        return str(value)
    kind = type(value)
    return {"__python__": f"{kind.__module__}.{kind.__qualname__}", "true": bool(value)}


def trimmed(name, value):
    """Return value without what is nobody's business."""
    if name == "DATABASES" and isinstance(value, dict):
        return {k: {"ENGINE": v.get("ENGINE", "")} for k, v in value.items() if isinstance(v, dict)}
    if name == "TEMPLATES" and isinstance(value, (list, tuple)):
        found = [t.get("OPTIONS", {}).get("context_processors", []) for t in value if isinstance(t, dict)]
        return [{"context_processors": p} for p in found]
    if name == "AUTH_PASSWORD_VALIDATORS" and isinstance(value, (list, tuple)):
        return [v.get("NAME", "") for v in value if isinstance(v, dict)]
    return value


def failure_view(settings):
    """Say whether CSRF_FAILURE_VIEW can be imported and called as (request, reason=...)."""
    from django.core.exceptions import ViewDoesNotExist
    from django.urls import get_callable

    try:
        view = get_callable(settings.CSRF_FAILURE_VIEW)
    except (ImportError, ViewDoesNotExist):
        return "missing"
    try:
        inspect.signature(view).bind(None, reason=None)
    except TypeError:
        return "uncallable"
    return "ok"


def admin_path():
    """Return the path of the admin site, or nothing."""
    from django.urls import NoReverseMatch, reverse

    try:
        return reverse("admin:index")
    except NoReverseMatch:
        return ""


def attempt(find, *args):
    """Return what find returns, or None if the project's code cannot be run so far."""
    try:
        return find(*args)
    except Exception:  # whatever the project's code raises
        return None


def export(settings):
    """Return what Parse of package django reads. A setting that cannot be had is left out."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    values = {}
    for name in SETTINGS:
        try:
            values[name] = plain(trimmed(name, getattr(settings, name)))
        except (AttributeError, ImproperlyConfigured):
            pass
    if django.VERSION < (4, 1):
        values.setdefault("SECRET_KEY_FALLBACKS", [])
    return {
        "airworthy": FORMAT,
        "django": django.get_version(),
        "failure_view": attempt(failure_view, settings),
        "admin": attempt(admin_path),
        "settings": values,
    }


if __name__ == "__main__":
    import django
    from django.conf import settings

    attempt(django.setup)
    json.dump(export(settings), sys.stdout)
