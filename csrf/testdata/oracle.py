"""Ask a real Django what its CSRF middleware says of generated requests; write one JSON object per line.

    pip install Django==5.2.19
    python3 oracle.py 400 > django.jsonl

The requests are the same in every run with the same number. Nothing here is stricter or laxer than Django: rows on
which the Go package differs are told apart by its test, not left out.
"""

import io
import json
import random
import sys

import django
from django.conf import settings
from django.test.utils import override_settings

settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50, LOGGING_CONFIG=None)
django.setup()

from django.core.handlers.wsgi import WSGIRequest  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.middleware import csrf  # noqa: E402

SECRET = "abcdefghijklmnopqrstuvwxyzABCDEF"
MASKED = "0123456789ABCDEFGHIJKLMNOPQRSTUV02468acegiKMOQSUWY02468acegikmoq"
TRUSTED = ["https://trusted.com", "https://*.wild.com", "https://*.ported.com:8443", "http://plain.com"]
TOKENS = [SECRET, MASKED, MASKED[:-1] + "r", SECRET[:-1] + "x", SECRET[:-1], "-" * 32, MASKED + "a", "", "é" * 32]
HOSTS = ["victim.com", "www.victim.com", "victim.com:8443", "victim.com:443", "Victim.com", "[::1]:8000"]
SITES = [
    "victim.com", "www.victim.com", "victim.com:443", "victim.com:8443", "VICTIM.com", "evil.com", "[::1]:8000",
    "trusted.com", "trusted.com:443", "wild.com", "a.wild.com", "b.a.wild.com", "evilwild.com", "A.Wild.com",
    "a.ported.com:8443", "a.ported.com", "ported.com:8443", "plain.com", "evil@victim.com", "evil@a.wild.com",
    "a.wild.com.evil.com", "victim.com.",
]
TYPES = {
    "urlencoded": "application/x-www-form-urlencoded",
    "charset": "Application/X-WWW-Form-URLEncoded; charset=utf-8",
    "multipart": "multipart/form-data; boundary=BoUnDaRy",
    "json": "application/json",
    "text": "text/plain",
}


def site_of(rnd, own):
    kind = rnd.random()
    if kind < 0.55:
        return own
    if kind < 0.6:
        return rnd.choice(["null", "", "https://", "victim.com", "https//victim.com", "//victim.com", "about:blank"])
    scheme = rnd.choice(["https", "https", "https", "http", "HTTPS", "ftp"])
    return scheme + "://" + rnd.choice(SITES[:2] * 8 + SITES)


def body_of(rnd, kind, tokens):
    pairs = [("title", "a b")] + [("csrfmiddlewaretoken", t) for t in tokens]
    rnd.shuffle(pairs)
    if kind == "multipart":
        parts = [f'--BoUnDaRy\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in pairs]
        return "".join(parts) + "--BoUnDaRy--\r\n"
    if kind == "json":
        return json.dumps(dict(pairs))
    escaped = rnd.random() < 0.2
    return "&".join((k.replace("m", "%6D") if escaped else k) + "=" + v.replace(" ", "+") for k, v in pairs)


def generate(rnd):
    weighted = [MASKED] * 8 + [SECRET] * 2 + TOKENS
    config = {
        "CSRF_TRUSTED_ORIGINS": rnd.choice([[], TRUSTED, TRUSTED]),
        "CSRF_COOKIE_DOMAIN": rnd.choice([None, None, None, "victim.com", ".victim.com"]),
        "CSRF_USE_SESSIONS": rnd.random() < 0.2,
        "CSRF_HEADER_NAME": rnd.choice(["HTTP_X_CSRFTOKEN"] * 5 + ["HTTP_X_XSRF_TOKEN"]),
    }
    secure, host = rnd.random() < 0.7, rnd.choice(HOSTS[:1] * 8 + HOSTS)
    own = ("https://" if secure else "http://") + host
    headers, kind = [], rnd.choice(list(TYPES)[:3] * 3 + list(TYPES))
    if rnd.random() < 0.5:
        headers.append(["Origin", site_of(rnd, own)])
    if rnd.random() < 0.8:
        referer = site_of(rnd, own)
        headers.append(["Referer", referer + rnd.choice(["", "/", "/form?x=1", "?x", "#y"]) if "//" in referer else referer])
    cookie = rnd.choice([None] + [SECRET] * 20 + [MASKED] * 3 + TOKENS[:-1])
    session = None
    if config["CSRF_USE_SESSIONS"]:
        session = rnd.choice([None] + [SECRET] * 6 + [MASKED])
    elif cookie is not None:
        headers.append(["Cookie", rnd.choice(["", "a=b; "]) + "csrftoken=" + cookie])
    if rnd.random() < 0.5:
        name = rnd.choice(["X-CSRFToken"] * 6 + ["X-XSRF-Token", "X-CSRF-Token"])
        headers.append([name, rnd.choice(weighted[:-1])])
    body = ""
    if rnd.random() < 0.7:
        tokens = [rnd.choice(weighted) for _ in range(rnd.choice([0, 1, 1, 1, 1, 2]))]
        headers.append(["Content-Type", TYPES[kind]])
        body = body_of(rnd, kind, tokens)
    return {
        "settings": config, "session": session, "secure": secure, "headers": headers, "body": body,
        "method": rnd.choice(["POST"] * 12 + ["PUT", "DELETE", "PATCH", "PROPFIND", "GET", "HEAD", "OPTIONS", "TRACE"]),
        "host": host,
    }


def judge(row):
    body = row["body"].encode()
    scheme = "https" if row["secure"] else "http"
    _, _, port = row["host"].rpartition(":") if not row["host"].endswith("]") else ("", "", "")
    environ = {
        "REQUEST_METHOD": row["method"], "PATH_INFO": "/", "SERVER_NAME": "server", "HTTP_HOST": row["host"],
        "SERVER_PORT": port if port.isdigit() else ("443" if row["secure"] else "80"),
        "wsgi.url_scheme": scheme, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in row["headers"]:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else "HTTP_" + key] = value.encode().decode("latin-1")
    request = WSGIRequest(environ)
    request.session = {} if row["session"] is None else {"_csrftoken": row["session"]}
    said = []
    csrf._get_failure_view = lambda: lambda _, reason="": said.append(reason) or HttpResponse(status=403)
    with override_settings(**row["settings"]):
        middleware = csrf.CsrfViewMiddleware(lambda _: HttpResponse())
        middleware.process_request(request)
        middleware.process_view(request, lambda _: None, (), {})
        response = middleware.process_response(request, HttpResponse())
    return {"reason": said[0] if said else "", "sets_cookie": "csrftoken" in response.cookies}


def main():
    rnd = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[1])):
        row = generate(rnd)
        print(json.dumps(row | judge(row), ensure_ascii=False, separators=(",", ":")))


main()
