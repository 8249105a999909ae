"""What sessions are stored as, and their cookie."""

import datetime
import json

from django.conf import settings
from django.contrib.sessions import middleware
from django.contrib.sessions.backends import base, signed_cookies
from django.core import signing

from .csrf import attributes
from .link import Skip, age_on_our_clock, ask, b64, compare, watch
from .requests import sent

_SIGNED = "django.contrib.sessions.backends.signed_cookies"


def _args(salt, serializer):
    if serializer is not signing.JSONSerializer:
        raise Skip("serializers other than JSON")
    return {"Keys": [b64(k) for k in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]], "Salt": salt}


def _as_json(values):
    try:
        values = json.loads(json.dumps(values))
    except TypeError:
        raise Skip("values that JSON does not have")
    if isinstance(values, dict) and isinstance(values.get("_session_expiry"), str):
        # The same moment in one spelling. Without a zone it is Django's local one, which the text does not tell.
        at = datetime.datetime.fromisoformat(values["_session_expiry"])
        values["_session_expiry"] = (at.astimezone(datetime.timezone.utc) if at.tzinfo else at).replace(tzinfo=None).isoformat()
    return json.dumps(values, sort_keys=True)


def install():
    @watch(base.SessionBase, "encode")
    def encode(self, values):
        args = _args(self.key_salt, self.serializer)
        outcome = yield
        if outcome.error is not None:
            raise Skip("values that JSON does not have")
        want = _as_json(values)
        ours = _as_json(json.loads(ask("decode session", Text=outcome.get(), **args)))
        compare("sessions", "encode", ours, want)
        text = ask("encode session", Values=json.loads(want), **args)
        compare("sessions", "encode here, decode there", want, _as_json(self.decode(text)))

    @watch(base.SessionBase, "decode")
    def decode(self, text):
        args = _args(self.key_salt, self.serializer)
        outcome = yield
        ours = _as_json(json.loads(ask("decode session", Text=text, **args)))
        compare("sessions", "decode", ours, _as_json(outcome.get()))

    @watch(signed_cookies.SessionStore, "load")
    def load(self):
        args = _args(_SIGNED, self.serializer)
        text = self.session_key
        args["MaxAge"] = age_on_our_clock(self.get_session_cookie_age())
        outcome = yield
        if text is None:
            raise Skip("sessions that did not come with the request")
        ours = _as_json(json.loads(ask("decode session", Text=text, **args)))
        compare("sessions", "signed_cookies.load", ours, _as_json(outcome.get()))

    @watch(signed_cookies.SessionStore, "_get_session_key")
    def _get_session_key(self):
        args = _args(_SIGNED, self.serializer)
        outcome = yield
        ours = _as_json(json.loads(ask("decode session", Text=outcome.get(), **args)))
        compare("sessions", "signed_cookies.save", ours, _as_json(self._session_cache))

    @watch(middleware.SessionMiddleware, "process_response")
    def process_response(self, request, response):
        name = settings.SESSION_COOKIE_NAME
        before = response.cookies.get(name)
        outcome = yield
        line = response.cookies.get(name)
        if outcome.error is not None or line is None or line is before:
            raise Skip("answers that set no session cookie")
        if line["max-age"] == 0:
            raise Skip("session cookies that are deleted")
        args = {
            "Name": name,
            "Domain": settings.SESSION_COOKIE_DOMAIN or "",
            "Path": settings.SESSION_COOKIE_PATH,
            "SameSite": settings.SESSION_COOKIE_SAMESITE or "",
            "CookieSecure": bool(settings.SESSION_COOKIE_SECURE),
            "HTTPOnly": bool(settings.SESSION_COOKIE_HTTPONLY),
            "Age": None if line["max-age"] == "" else line["max-age"],
            "Status": response.status_code,
        }
        ours = ask("session cookie", **args, **(sent(request, headers=False) | {"Host": ""}))
        django = f"{line.OutputString()}, varies: {'Cookie' in response.get('Vary', '')}"
        compare("session cookie", "process_response", _nameless(ours), _nameless(django), secure=request.is_secure())


def _nameless(line):
    """Return the attributes of a Set-Cookie line without the value, which is another session's."""
    name, _, rest = attributes(line).partition("=")
    return f"{name}; {rest.partition('; ')[2]}"
