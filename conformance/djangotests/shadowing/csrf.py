"""The verdicts of CsrfViewMiddleware, its cookie, and its tokens."""

import re

from django.conf import settings
from django.http import UnreadablePostError
from django.middleware import csrf

from .link import Skip, ask, compare, watch
from .requests import allows, forwarding, hosts, sent

_REASONS = [
    (r"Origin checking failed - (?s:.*) does not match any trusted origins\.", "BAD_ORIGIN"),
    (r"Referer checking failed - no Referer\.", "NO_REFERER"),
    (r"Referer checking failed - Referer is malformed\.", "MALFORMED_REFERER"),
    (r"Referer checking failed - Referer is insecure while host is secure\.", "INSECURE_REFERER"),
    (r"Referer checking failed - (?s:.*) does not match any trusted origins\.", "BAD_REFERER"),
    (r"CSRF cookie not set\.", "NO_CSRF_COOKIE"),
    (r"CSRF cookie has incorrect length\.", "CSRF_COOKIE_INCORRECT_LENGTH"),
    (r"CSRF cookie has invalid characters\.", "CSRF_COOKIE_INVALID_CHARACTERS"),
    (r"CSRF token missing\.", "CSRF_TOKEN_MISSING"),
    (r"CSRF token from .* has incorrect length\.", "CSRF_TOKEN_INCORRECT_LENGTH"),
    (r"CSRF token from .* has invalid characters\.", "CSRF_TOKEN_INVALID_CHARACTERS"),
    (r"CSRF token from .* incorrect\.", "CSRF_TOKEN_INCORRECT"),
]


def _reason(text):
    for pattern, name in _REASONS:
        if re.fullmatch(pattern, text):
            return name
    raise ValueError(f"{text!r} is no reason")


def _site():
    return {
        "Trusted": list(settings.CSRF_TRUSTED_ORIGINS),
        "UseSessions": bool(settings.CSRF_USE_SESSIONS),
        "SessionDomain": settings.SESSION_COOKIE_DOMAIN or "",
        "HeaderName": settings.CSRF_HEADER_NAME,
        "CookieName": settings.CSRF_COOKIE_NAME,
        "CookieAge": settings.CSRF_COOKIE_AGE,
        "CookieDomain": settings.CSRF_COOKIE_DOMAIN or "",
        "CookiePath": settings.CSRF_COOKIE_PATH,
        "CookieSameSite": settings.CSRF_COOKIE_SAMESITE or "",
        "CookieSecure": bool(settings.CSRF_COOKIE_SECURE),
        "CookieHTTPOnly": bool(settings.CSRF_COOKIE_HTTPONLY),
    }


def _in_session(request):
    """Return the secret in the session, and leave no trace of having looked."""
    session = getattr(request, "session", None)
    if session is None:
        raise Skip("a secret in a session that is not there")
    accessed = session.accessed
    try:
        return session.get(csrf.CSRF_SESSION_KEY)
    finally:
        session.accessed = accessed


def _secret(request):
    """Return where the request's secret is, as what is sent."""
    if settings.CSRF_USE_SESSIONS:
        return {"InSession": _in_session(request)}
    return {"Cookie": request.COOKIES.get(settings.CSRF_COOKIE_NAME)}


def _form(request):
    """Return the form, if the test filled it in or the middleware has read it; it must not be read on our account."""
    if request.method != "POST" or not ("POST" in vars(request) or hasattr(request, "_post")):
        return {}
    try:
        fields = request.POST.lists() if hasattr(request.POST, "lists") else [(k, [v]) for k, v in request.POST.items()]
        return {"Form": [[key, value] for key, values in fields for value in values]}
    except (UnreadablePostError, OSError):
        return {"Unreadable": True}


def _pass_with(cookie, token):
    """Ask about a request with a cookie and a token in the header."""
    site = _site() | {"Trusted": [], "UseSessions": False, "HeaderName": "HTTP_X_CSRFTOKEN", "CookieName": "csrftoken"}
    request = {"Method": "POST", "Target": "/", "Host": "", "Secure": False, "Headers": [["X-CSRFToken", token]]}
    return ask("csrf", Cookie=cookie, **site, **request)


def _ascii(*texts):
    if not all(t.isascii() for t in texts):
        raise Skip("texts that no header can hold")


def _verdicts():
    reasons = {}
    reject = csrf.CsrfViewMiddleware._reject

    def noting(self, request, reason):
        reasons[id(request)] = reason
        return reject(self, request, reason)

    csrf.CsrfViewMiddleware._reject = noting

    @watch(csrf.CsrfViewMiddleware, "process_view")
    def process_view(self, request, callback, callback_args, callback_kwargs):
        if type(self)._reject is not csrf.CsrfViewMiddleware._reject:
            raise Skip("decorators that refuse nothing")
        if getattr(request, "csrf_processing_done", False):
            raise Skip("a request that is judged a second time")
        if request.method is None:
            raise Skip("requests without a method")
        exempt = bool(getattr(callback, "csrf_exempt", False))
        safe = request.method in ("GET", "HEAD", "OPTIONS", "TRACE")
        if getattr(request, "_dont_enforce_csrf_checks", False) and not safe and not exempt:
            raise Skip("requests that the test client excuses from the check")
        args = _site() | forwarding() | hosts() | sent(request) | _secret(request) | {"Exempt": exempt}
        reasons.pop(id(request), None)
        outcome = yield
        if outcome.error is not None:
            django = f"raises {type(outcome.error).__name__}"
        elif outcome.value is None:
            django = "pass"
        else:
            django = _reason(reasons.pop(id(request)))
        args |= _form(request) if not exempt else {}
        domain = settings.SESSION_COOKIE_DOMAIN if settings.CSRF_USE_SESSIONS else settings.CSRF_COOKIE_DOMAIN
        facts = {"host": args["Host"], "allowed": not args["Host"] or allows(request), "unreadable": "Unreadable" in args}
        facts |= {"origin": request.META.get("HTTP_ORIGIN"), "referer": request.META.get("HTTP_REFERER")}
        facts |= {"domain": domain, "port": str(request.META.get("SERVER_PORT", ""))}
        compare("csrf", "process_view", ask("csrf", **args), django, **facts)


def _cookie():
    @watch(csrf.CsrfViewMiddleware, "_set_csrf_cookie")
    def _set_csrf_cookie(self, request, response):
        if settings.CSRF_USE_SESSIONS:
            raise Skip("the secret that is put into the session, which sets no cookie")
        args = _site() | sent(request, headers=False) | {"Show": True, "Method": "GET", "Host": "", "Cookie": request.META["CSRF_COOKIE"]}
        outcome = yield
        outcome.get()
        line = response.cookies[settings.CSRF_COOKIE_NAME].OutputString()
        django = f"{line}, varies: {'Cookie' in response.get('Vary', '')}"
        compare("csrf cookie", "_set_csrf_cookie", attributes(ask("csrf", **args)), attributes(django), secure=args["Secure"])


def attributes(line):
    """Return what a Set-Cookie line says, in order. The date says what Max-Age says; case does not matter there."""
    line, _, varies = line.partition(", varies: ")
    if line == "nothing":
        return line
    pair, *rest = line.split("; ")
    rest = sorted(a.partition("=")[0].lower() + "=" + a.partition("=")[2] for a in rest if not a.lower().startswith("expires"))
    rest = [a.replace("domain=.", "domain=") for a in rest]  # browsers drop the dot (RFC 6265, 5.2.3)
    return "; ".join([pair, *rest, "varies " + varies.lower()])


def _tokens():
    secret = "a" * 32

    @watch(csrf, "_mask_cipher_secret")
    def _mask_cipher_secret(value):
        outcome = yield
        compare("csrf tokens", "_mask_cipher_secret", _pass_with(value, outcome.get()), "pass")

    @watch(csrf, "_unmask_cipher_token")
    def _unmask_cipher_token(token):
        outcome = yield
        compare("csrf tokens", "_unmask_cipher_token", _pass_with(str(token), outcome.get()), "pass")

    @watch(csrf, "_check_token_format")
    def _check_token_format(token):
        outcome = yield
        _ascii(token)
        ours = _pass_with(secret, token)
        ours = "ok" if ours in ("pass", "CSRF_TOKEN_INCORRECT") else ours
        django = "ok" if outcome.error is None else _reason(f"CSRF token from POST {outcome.error.reason}.")
        compare("csrf tokens", "_check_token_format", ours, django)

    @watch(csrf, "_does_token_match")
    def _does_token_match(token, value):
        outcome = yield
        _ascii(token, value)
        django = "CSRF_TOKEN_INCORRECT"
        if isinstance(outcome.error, AssertionError):
            django = "CSRF_TOKEN_INCORRECT_LENGTH"
        elif outcome.get():
            django = "pass"
        compare("csrf tokens", "_does_token_match", _pass_with(value, token), django)


def install():
    _verdicts()
    _cookie()
    _tokens()
