"""Django's verdict on hosts."""

import io

from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.test import override_settings


def hosts(allowed, debug, hosts):
    """Say of each Host header, given as bytes in Latin-1, whether get_host() returns it."""
    with override_settings(ALLOWED_HOSTS=allowed, DEBUG=debug):
        return [_allowed(host) for host in hosts]


def _allowed(host):
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "SERVER_NAME": "server",
            "SERVER_PORT": "80",
            "HTTP_HOST": host,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
    )
    try:
        if request.get_host() != host:
            raise AssertionError(f"get_host() changed {host!r}")
    except DisallowedHost:
        return False
    return True
