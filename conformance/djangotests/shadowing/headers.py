"""Redirects to HTTPS, and the headers of SecurityMiddleware and XFrameOptionsMiddleware."""

import json

from django.conf import settings
from django.middleware import clickjacking, security

from .link import Skip, ask, compare, watch
from .requests import sent

_SECURITY = ["Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"]
_FRAME = ["X-Frame-Options"]


def _own(response, names):
    return {n: response.headers[n] for n in names if n in response.headers}


def install():
    @watch(security.SecurityMiddleware, "process_request")
    def process_request(self, request):
        args = sent(request, headers=False)
        args |= {"On": bool(self.redirect), "To": self.redirect_host or "", "Exempt": [p.pattern for p in self.redirect_exempt]}
        outcome = yield
        answer = outcome.get()
        django = "pass" if answer is None else f"{answer.status_code} {answer['Location']}"
        compare("redirects", "process_request", ask("redirect", **args), django, method=request.method)

    @watch(security.SecurityMiddleware, "process_response")
    def process_response(self, request, response):
        policy = self.referrer_policy or ""
        args = sent(request, headers=False) | {
            "HSTS": self.sts_seconds or 0,
            "Subdomains": bool(self.sts_include_subdomains),
            "Preload": bool(self.sts_preload),
            "Nosniff": bool(self.content_type_nosniff),
            "Referrer": policy if isinstance(policy, str) else ",".join(policy),
            "Opener": self.cross_origin_opener_policy or "",
            "Names": _SECURITY,
            "Own": _own(response, _SECURITY),
        }
        outcome = yield
        outcome.get()
        facts = {"preload": args["Preload"], "subdomains": args["Subdomains"], "seconds": args["HSTS"]}
        _compare(args, response, **facts)

    @watch(clickjacking.XFrameOptionsMiddleware, "process_response")
    def process_frame(self, request, response):
        if type(self) is not clickjacking.XFrameOptionsMiddleware:
            raise Skip("an X-Frame-Options that a subclass chooses")
        args = {
            "Method": "GET",
            "Target": "/",
            "Frame": getattr(settings, "X_FRAME_OPTIONS", ""),
            "Names": _FRAME,
            "Own": _own(response, _FRAME),
            "Removes": _FRAME if getattr(response, "xframe_options_exempt", False) and not _own(response, _FRAME) else [],
        }
        outcome = yield
        outcome.get()
        _compare(args, response)


def _compare(args, response, **facts):
    django = json.dumps(_own(response, args["Names"]), sort_keys=True)
    ours = ask("headers", **args)
    if ours.startswith("{"):
        ours = json.dumps(json.loads(ours), sort_keys=True)
    compare("headers", "process_response", ours, django, **facts)
