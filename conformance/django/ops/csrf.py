"""A Django site with forms behind CsrfViewMiddleware, asked by way of WSGI."""

import base64
import io
import logging
import sys

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import override_settings
from django.urls import re_path

# Refusals are what is asked for.
logging.getLogger("django").setLevel(logging.CRITICAL)


def _page(request):
    """Show a token at /token, nothing elsewhere."""
    return HttpResponse(get_token(request) if request.path == "/token" else "")


def _failure(request, reason=""):
    return HttpResponse(reason, status=403)


urlpatterns = [re_path("", _page)]

_SITE = {
    "ROOT_URLCONF": __name__,
    "CSRF_FAILURE_VIEW": f"{__name__}._failure",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
}


def request(settings, environ, body):
    """Answer a request with status, body and Set-Cookie lines."""
    raw = base64.b64decode(body)
    environ = environ | {
        "SERVER_NAME": "server",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": sys.stderr,
    }
    answer = {}

    def start(status, headers):
        answer["status"] = int(status.split()[0])
        answer["cookies"] = [value.strip() for name, value in headers if name == "Set-Cookie"]

    with override_settings(**(_SITE | settings)):
        try:
            response = WSGIHandler()(environ, start)
        except Exception:  # which a server answers with 500
            return {"status": 500, "body": "", "cookies": []}
        answer["body"] = b"".join(response).decode()
        response.close()
    return answer
