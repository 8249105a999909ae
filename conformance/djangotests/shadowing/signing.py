"""Signed values."""

import json

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import crypto

from .link import Skip, age_on_our_clock, ask, b64, compare, watch

_RAISE = object()
_json = signing.JSONSerializer


def _signer(self):
    """Return what a signer is made of."""
    if type(self) not in (signing.Signer, signing.TimestampSigner):
        raise Skip("signers of a class of their own")
    if self.algorithm != "sha256":
        raise Skip("signatures with another algorithm than SHA-256")
    if not isinstance(self.fallback_keys, (list, tuple)):
        self.fallback_keys = list(self.fallback_keys)  # an iterator would be used up here
    return {
        "Keys": [b64(k) for k in [self.key, *self.fallback_keys]],
        "Sep": self.sep,
        "Salt": self.salt,
        "Timed": type(self) is signing.TimestampSigner,
    }


def _verdict(outcome):
    """Return the value that was signed, or the kind of error."""
    if outcome.error is None:
        return f"ok: {outcome.value}"
    if isinstance(outcome.error, signing.SignatureExpired):
        return "expired"
    if isinstance(outcome.error, signing.BadSignature):
        return "bad signature"
    return "unreadable"


def _normal(verdict):
    """Return a verdict with the JSON in it as Python writes it."""
    kind, colon, text = verdict.partition(": ")
    return f"{kind}: {json.dumps(json.loads(text), sort_keys=True)}" if colon else verdict


def _jsonly(serializer):
    if serializer is not _json:
        raise Skip("serializers other than JSON")


def _texts(cls):
    @watch(cls, "__init__")
    def __init__(self, *, key=None, sep=":", salt=None, algorithm=None, fallback_keys=None):
        outcome = yield
        if sep == ":" or cls is not signing.Signer:
            return
        if sep == "":
            raise Skip("an empty separator, which with us is the usual one")
        ours = ask("separator", Keys=[b64("x")], Sep=sep)
        compare("signing", "separator", ours, str(outcome.error is None).lower())

    @watch(cls, "sign")
    def sign(self, value):
        args = _signer(self)
        outcome = yield
        token, value = outcome.get(), str(value)
        if not args["Timed"]:
            compare("signing", "sign", ask("sign", Value=value, **args), token)
            return
        compare("signing", "sign", ask("unsign", Token=token, MaxAge=None, **args), f"ok: {value}")
        compare("signing", "sign here, unsign there", f"ok: {value}", f"ok: {self.unsign(ask('sign', Value=value, **args))}")

    @watch(cls, "unsign")
    def unsign(self, token, **kwargs):
        args = _signer(self)
        age = kwargs.get("max_age")
        args["MaxAge"] = age_on_our_clock(age)
        outcome = yield
        compare("signing", "unsign", ask("unsign", Token=token, **args), _verdict(outcome))


def _objects():
    @watch(signing.Signer, "sign_object")
    def sign_object(self, obj, serializer=_json, compress=False):
        args = _signer(self)
        _jsonly(serializer)
        outcome = yield
        if not args["Timed"]:
            raise Skip("objects that are signed without a time")
        value = json.dumps(obj)
        ours = _normal(ask("loads", Token=outcome.get(), **args))
        compare("signing", "sign_object", ours, _normal(f"ok: {value}"))
        back = self.unsign_object(ask("dumps", Value=value, Compress=compress, **args))
        compare("signing", "sign here, unsign there", json.dumps(json.loads(value)), json.dumps(back))

    @watch(signing.Signer, "unsign_object")
    def unsign_object(self, token, serializer=_json, **kwargs):
        args = _signer(self)
        _jsonly(serializer)
        args["MaxAge"] = age_on_our_clock(kwargs.get("max_age"))
        outcome = yield
        if not args["Timed"]:
            raise Skip("objects that are signed without a time")
        if outcome.error is None:
            outcome.value, value = json.dumps(outcome.value), outcome.value
        verdict = _normal(_verdict(outcome))
        if outcome.error is None:
            outcome.value = value
        compare("signing", "unsign_object", _normal(ask("loads", Token=token, **args)), verdict)


def _for_cookies(name, salt):
    if settings.SIGNING_BACKEND != "django.core.signing.TimestampSigner":
        raise Skip("a SIGNING_BACKEND of one's own")
    return {
        "Keys": [b64(k) for k in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]],
        "Name": name,
        "Salt": salt,
        "Legacy": bool(settings.SIGNED_COOKIE_LEGACY_SALT_FALLBACK),
    }


def _cookies():
    @watch(HttpResponse, "set_signed_cookie")
    def set_signed_cookie(self, key, value, salt="", **kwargs):
        args = _for_cookies(key, salt)
        outcome = yield
        outcome.get()
        token = self.cookies[key].value
        compare("signed cookies", "set_signed_cookie", ask("unsign cookie", Token=token, **args), f"ok: {value}")
        request = HttpRequest()
        request.COOKIES[key] = ask("sign cookie", Value=str(value), **args)
        compare("signed cookies", "sign here, unsign there", str(value), request.get_signed_cookie(key, salt=salt))

    @watch(HttpRequest, "get_signed_cookie")
    def get_signed_cookie(self, key, default=_RAISE, salt="", max_age=None):
        args = _for_cookies(key, salt)
        args["MaxAge"] = age_on_our_clock(max_age)
        token = self.COOKIES.get(key)
        outcome = yield
        if token is None:
            raise Skip("cookies that did not come with the request")
        django = _verdict(outcome)
        if default is not _RAISE and outcome.value is default:
            django = "bad signature"
        compare("signed cookies", "get_signed_cookie", ask("unsign cookie", Token=token, **args), django)


def _primitives():
    @watch(crypto, "salted_hmac")
    def salted_hmac(key_salt, value, secret=None, *, algorithm="sha1"):
        outcome = yield
        if algorithm != "sha256":
            raise Skip("MACs with another algorithm than SHA-256")
        key = settings.SECRET_KEY if secret is None else secret
        ours = ask("mac", Keys=[b64(key)], Salt=b64(key_salt), Value=b64(value))
        compare("crypto", "salted_hmac", ours, outcome.get().hexdigest())

    @watch(crypto, "constant_time_compare")
    def constant_time_compare(val1, val2):
        outcome = yield
        compare("crypto", "constant_time_compare", ask("equal", A=b64(val1), B=b64(val2)), str(outcome.get()).lower())

    @watch(crypto, "pbkdf2")
    def pbkdf2(*args, **kwargs):
        yield
        raise Skip("passwords")


def install():
    for cls in (signing.TimestampSigner, signing.Signer):
        _texts(cls)
    _objects()
    _cookies()
    _primitives()
