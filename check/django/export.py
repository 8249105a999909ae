"""Tell, as one line of JSON, what airworthy judges of a Django project's settings.

Run by the project's own Python, in the project's directory, with DJANGO_SETTINGS_MODULE set; see read.go for the frame
around it. Only the settings named below leave the process; of databases and caches neither names nor passwords do.
Whatever JSON does not have keeps its Python type's name and whether it is true; its text stays here.
"""

import inspect
import json
import os
import re
import sys

FORMAT = 1

SETTINGS = """
ALLOWED_HOSTS AUTH_PASSWORD_VALIDATORS CACHES CONTENT_SECURITY_POLICY CONTENT_SECURITY_POLICY_REPORT_ONLY
CSRF_COOKIE_DOMAIN CSRF_COOKIE_SAMESITE CSRF_COOKIE_SECURE CSRF_TRUSTED_ORIGINS CSRF_USE_SESSIONS DATABASES
DATA_UPLOAD_MAX_MEMORY_SIZE DATA_UPLOAD_MAX_NUMBER_FIELDS DATA_UPLOAD_MAX_NUMBER_FILES DEBUG
DEFAULT_HASHING_ALGORITHM EMAIL_BACKEND EMAIL_HOST EMAIL_USE_SSL EMAIL_USE_TLS FILE_UPLOAD_TEMP_DIR
INSTALLED_APPS LOGGING MAILERS MEDIA_ROOT MEDIA_URL MIDDLEWARE PASSWORD_HASHERS SECRET_KEY SECRET_KEY_FALLBACKS
SECURE_CONTENT_TYPE_NOSNIFF SECURE_CROSS_ORIGIN_OPENER_POLICY SECURE_CSP SECURE_CSP_REPORT_ONLY
SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_HSTS_SECONDS SECURE_PROXY_SSL_HEADER
SECURE_REDIRECT_EXEMPT SECURE_REFERRER_POLICY SECURE_SSL_HOST SECURE_SSL_REDIRECT SESSION_COOKIE_AGE
SESSION_COOKIE_DOMAIN SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE SESSION_COOKIE_SECURE SESSION_ENGINE
SESSION_SERIALIZER SILENCED_SYSTEM_CHECKS STATICFILES_DIRS STATIC_ROOT STATIC_URL TEMPLATES USE_X_FORWARDED_HOST
USE_X_FORWARDED_PORT X_FRAME_OPTIONS
""".split()

# What of a database's OPTIONS says whether its connections are encrypted.
TLS_OPTIONS = "sslmode sslrootcert ssl ssl_mode ssl_ca ssl_disabled encrypt extra_params".split()


def plain(value, depth=0):
    """Return value in the types of JSON."""
    if depth > 50:
        raise ValueError("too deep")
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v, depth + 1) for v in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(v, depth + 1) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v, depth + 1) for k, v in value.items()}
    if hasattr(value, "__fspath__"):
        return str(value)
    kind = type(value)
    return {"__python__": "%s.%s" % (kind.__module__, kind.__qualname__), "true": bool(value)}


def dicts(value):
    """Return the entries of a dictionary of dictionaries."""
    return {k: v for k, v in value.items() if isinstance(v, dict)}


def database(settings):
    options = settings.get("OPTIONS") or {}
    kept = {k: options[k] for k in TLS_OPTIONS if k in options}
    if "extra_params" in kept:
        kept["encrypt"] = bool(re.search(r"(?i)\bencrypt\s*=\s*(yes|true|mandatory|strict|1)", str(kept.pop("extra_params"))))
    if isinstance(kept.get("ssl"), dict):
        kept["ssl"] = bool(kept["ssl"])
    if "sslmode" not in kept and os.environ.get("PGSSLMODE"):
        kept["sslmode"] = os.environ["PGSSLMODE"]
    return {"ENGINE": settings.get("ENGINE", ""), "HOST": settings.get("HOST", ""), "OPTIONS": kept}


def server(location):
    """Return a cache's address without names and passwords."""
    if isinstance(location, (list, tuple)):
        return [server(v) for v in location]
    if not isinstance(location, str):
        return str(location) if hasattr(location, "__fspath__") else ""
    if "://" not in location:
        return location
    scheme, rest = location.split("://", 1)
    return scheme + "://" + rest.split("/", 1)[0].split("?", 1)[0].rsplit("@", 1)[-1]


def cache(settings):
    return {"BACKEND": settings.get("BACKEND", ""), "LOCATION": server(settings.get("LOCATION", ""))}


def trimmed(name, value):
    """Return value without what is nobody's business."""
    if name == "DATABASES" and isinstance(value, dict):
        return {k: database(v) for k, v in dicts(value).items()}
    if name == "CACHES" and isinstance(value, dict):
        return {k: cache(v) if isinstance(v, dict) else {} for k, v in value.items()}
    if name == "MAILERS" and isinstance(value, dict):
        return {k: {"BACKEND": v["BACKEND"]} if "BACKEND" in v else {} for k, v in dicts(value).items()}
    if name == "LOGGING":
        handlers = value.get("handlers") if isinstance(value, dict) else None
        keep = ("class", "include_html")
        return {"handlers": {k: {n: str(v[n]) for n in keep if v.get(n)} for k, v in dicts(handlers or {}).items()}}
    if name == "TEMPLATES" and isinstance(value, (list, tuple)):
        found = [t.get("OPTIONS", {}).get("context_processors", []) for t in value if isinstance(t, dict)]
        return [{"context_processors": p} for p in found]
    if name == "AUTH_PASSWORD_VALIDATORS" and isinstance(value, (list, tuple)):
        return [v.get("NAME", "") for v in value if isinstance(v, dict)]
    if name == "EMAIL_HOST" and isinstance(value, str):
        return value
    return value


def callable_with(view, *args, **kwargs):
    try:
        inspect.signature(view).bind(*args, **kwargs)
    except TypeError:
        return "uncallable"
    return "ok"


def failure_view(settings):
    """Say whether CSRF_FAILURE_VIEW can be imported and called as (request, reason=...)."""
    from django.core.exceptions import ViewDoesNotExist
    from django.urls import get_callable

    try:
        view = get_callable(settings.CSRF_FAILURE_VIEW)
    except (ImportError, ViewDoesNotExist):
        return "missing"
    return callable_with(view, None, reason=None)


def error_handlers(settings):
    """Say of the views for 400, 403, 404 and 500 whether they can be imported and called."""
    from django.core.exceptions import ViewDoesNotExist
    from django.urls import get_resolver

    found = {}
    if getattr(settings, "ROOT_URLCONF", None):
        resolver = get_resolver()
        find = getattr(resolver, "resolve_error_handler", None) or (lambda code: resolver.resolve_error_handler(code)[0])
        for code, args in ((400, 2), (403, 2), (404, 2), (500, 1)):
            try:
                found[str(code)] = callable_with(find(code), *([None] * args))
            except (ImportError, ViewDoesNotExist):
                found[str(code)] = "missing"
    return found


def admin_path():
    """Return the path of the admin site, or nothing."""
    from django.urls import NoReverseMatch, reverse

    try:
        return reverse("admin:index")
    except NoReverseMatch:
        return ""


def login_required(settings):
    """Say whether LoginRequiredMiddleware has what it needs before it; Django 5.1 and later."""
    from django.utils.module_loading import import_string

    try:
        login = import_string("django.contrib.auth.middleware.LoginRequiredMiddleware")
    except ImportError:
        return "ok"
    auth = import_string("django.contrib.auth.middleware.AuthenticationMiddleware")

    def first(parent):
        for index, name in enumerate(settings.MIDDLEWARE):
            try:
                if issubclass(import_string(name), parent):
                    return index
            except (ImportError, TypeError):  # as Django's check
                continue
        return -1

    at, before = first(login), first(auth)
    return "missing" if at >= 0 and (before < 0 or before > at) else "ok"


def resolved(path):
    import pathlib

    return str(pathlib.Path(path).resolve())


def directories(settings):
    """Return the directories that a cache must keep out of, and those of caches in files."""
    import pathlib

    from django.core.cache.backends.filebased import FileBasedCache
    from django.utils.module_loading import import_string

    roots, files = {}, {}
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        if getattr(settings, name, None):
            roots[name] = [resolved(getattr(settings, name))]
    listed = getattr(settings, "STATICFILES_DIRS", None) or []
    if listed:
        roots["STATICFILES_DIRS"] = [resolved(d[1] if isinstance(d, (list, tuple)) else d) for d in listed]
    for alias, config in settings.CACHES.items():
        try:
            found = import_string(config.get("BACKEND", ""))
        except ImportError:
            continue
        if inspect.isclass(found) and issubclass(found, FileBasedCache):
            location = config.get("LOCATION", "")
            files[alias] = {"path": resolved(os.path.abspath(location)), "absolute": pathlib.Path(location).is_absolute()}
    return {"roots": roots, "caches": files}


def upload_directory(settings):
    at = getattr(settings, "FILE_UPLOAD_TEMP_DIR", None)
    return "missing" if at and not os.path.isdir(at) else "ok"


def attempt(find, *args):
    """Return what find returns, or None if the project's code cannot be run so far."""
    try:
        return find(*args)
    except (Exception, SystemExit):  # whatever the project's code raises
        return None


def export(settings):
    """Return what Parse of package django reads. A setting that cannot be had is left out."""
    import django

    values = {}
    for name in SETTINGS:
        try:
            value = plain(trimmed(name, getattr(settings, name)))
            json.dumps(value)
            values[name] = value
        except Exception:  # not set, or an object that objects to being looked at
            pass
    return {
        "airworthy": FORMAT,
        "django": django.get_version(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "async_unsafe": bool(os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")),
        "failure_view": attempt(failure_view, settings),
        "handlers": attempt(error_handlers, settings),
        "admin": attempt(admin_path),
        "login_required": attempt(login_required, settings),
        "directories": attempt(directories, settings),
        "upload_directory": attempt(upload_directory, settings),
        "settings": values,
    }


if __name__ == "__main__":
    import django
    from django.conf import settings

    attempt(django.setup)
    json.dump(export(settings), sys.stdout)
