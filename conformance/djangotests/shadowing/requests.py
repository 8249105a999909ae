"""Django's requests as those of a client."""

from django.conf import settings
from django.http import HttpRequest

from .link import Skip, latin1



def _named(request):
    """Return the Host header, or what Django takes where there is none, which is what the server is called."""
    meta = request.META
    if "HTTP_HOST" in meta:
        return meta["HTTP_HOST"]
    if "SERVER_NAME" not in meta:
        return ""
    default = "443" if request.is_secure() else "80"
    port = str(meta.get("SERVER_PORT", default))
    return meta["SERVER_NAME"] if port == default else f"{meta['SERVER_NAME']}:{port}"


def target(request):
    """Return path and query as they stood in the request."""
    path = request.get_full_path() if request.path else "/"
    if path.startswith("//"):
        raise Skip("targets that begin with two slashes")
    return path if path.startswith("/") else "/" + path


def sent(request, secure=None, headers=True):
    """Return the request without its body and its cookies."""
    return {
        "Method": request.method or "GET",
        "Target": target(request),
        "Host": latin1(_named(request)),
        "Secure": request.is_secure() if secure is None else secure,
        "Headers": [
            [key[5:].replace("_", "-"), latin1(value)]
            for key, value in request.META.items()
            if headers and key.startswith("HTTP_") and key not in ("HTTP_HOST", "HTTP_COOKIE", "HTTP_X_FORWARDED_PROTO")
        ],
    }


def forwarding():
    return {"UseHost": bool(settings.USE_X_FORWARDED_HOST), "UsePort": bool(settings.USE_X_FORWARDED_PORT)}


def hosts():
    return {"Allowed": list(settings.ALLOWED_HOSTS), "Debug": bool(settings.DEBUG)}


def allows(request):
    """Say whether Django lets the request name its host."""
    try:
        HttpRequest.get_host(request)
    except Exception:
        return False
    return True
