"""Which hosts a request may name, and by which scheme it came."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, request as http_request
from django.utils import http as utils_http

from .link import Skip, ask, compare, latin1, watch
from .requests import forwarding, hosts, sent


def install():
    @watch(HttpRequest, "get_host")
    def get_host(request):
        args = forwarding() | hosts() | sent(request)
        outcome = yield
        if isinstance(outcome.error, DisallowedHost):
            django = "400"
        else:
            django = f"allowed: {outcome.get()}"
        facts = {"host": args["Host"], "allowed": args["Allowed"], "debug": args["Debug"]}
        compare("hosts", "get_host", ask("host", **args), django, **facts)

    @watch(http_request, "split_domain_port")
    def split_domain_port(host):
        outcome = yield
        domain, _ = outcome.get()
        ours = ask("match", Host=latin1(host), Pattern="*")
        compare("hosts", "split_domain_port", ours, str(bool(domain)).lower(), host=host)

    @watch(utils_http, "is_same_domain")
    def is_same_domain(host, pattern):
        outcome = yield
        if not pattern:
            raise Skip("an empty name among the allowed hosts")
        ours = ask("match", Host=latin1(host), Pattern=pattern)
        compare("hosts", "is_same_domain", ours, str(bool(outcome.get())).lower(), host=host, allowed=[pattern])

    scheme = HttpRequest.__dict__["scheme"]

    class Scheme:
        read = staticmethod(scheme.fget)

    @watch(Scheme, "read")
    def read(request):
        outcome = yield
        header = settings.SECURE_PROXY_SSL_HEADER
        if not header:
            return
        if outcome.error is not None:
            raise Skip("settings that Django refuses when it is asked")
        name, value = header
        args = {"Method": "GET", "Target": "/", "Host": "testserver", "Secure": request._get_scheme() == "https"}
        args["Headers"] = [[name[5:].replace("_", "-"), latin1(request.META[name])]] if name in request.META else []
        ours = ask("scheme", SSLHeader=f"{name}={value}", **args)
        compare("scheme", "scheme", ours, outcome.get(), sent=request.META.get(name), value=value)

    HttpRequest.scheme = property(lambda self: Scheme.read(self))
