"""Django's signed values."""

import contextlib
import json
import time
from unittest import mock

from django.core import signing
from django.http import HttpResponse, HttpRequest
from django.http.cookie import parse_cookie
from django.test import override_settings


@contextlib.contextmanager
def _site(settings, ago=0):
    """Be a site with these settings whose clock is behind."""
    now = time.time
    with override_settings(**settings), mock.patch("time.time", lambda: now() - ago):
        yield


def _signer(case):
    made = signing.TimestampSigner if case["kind"] == "timestamp" else signing.Signer
    return made(sep=case["sep"], salt=case["salt"] or None)


def _cookie_request(case):
    request = HttpRequest()
    request.COOKIES = parse_cookie(f"{case['name']}={case['token']}".encode().decode("utf-8"))
    return request


def sign(settings, case, value, ago):
    """Sign the value as the case says; objects and cookies come as JSON and as what stands in Set-Cookie."""
    with _site(settings, ago):
        if case["kind"] == "object":
            return signing.dumps(json.loads(value), salt=case["salt"] or "django.core.signing", compress=case["compress"])
        if case["kind"] == "cookie":
            if case["legacy"]:
                return signing.get_cookie_signer(salt=case["name"] + case["salt"]).sign(value)
            response = HttpResponse()
            response.set_signed_cookie(case["name"], value, salt=case["salt"])
            return response.cookies[case["name"]].OutputString().split("; ")[0].partition("=")[2]
        return _signer(case).sign(value)


def unsign(settings, case):
    """Return what was signed, or the kind of error."""
    age = None if case["max_age"] < 0 else case["max_age"]
    with _site(settings):
        try:
            return "ok: " + _unsign(case, age)
        except signing.SignatureExpired:
            return "expired"
        except signing.BadSignature:
            return "bad signature"
        except Exception:
            return "unreadable"


def _unsign(case, age):
    if case["kind"] == "object":
        return json.dumps(signing.loads(case["token"], salt=case["salt"] or "django.core.signing", max_age=age))
    if case["kind"] == "cookie":
        return _cookie_request(case).get_signed_cookie(case["name"], salt=case["salt"], max_age=age)
    if case["kind"] == "timestamp":
        return _signer(case).unsign(case["token"], max_age=age)
    return _signer(case).unsign(case["token"])


def separator(sep):
    """Say whether a signer may have this separator."""
    try:
        signing.Signer(sep=sep)
    except ValueError:
        return False
    return True
