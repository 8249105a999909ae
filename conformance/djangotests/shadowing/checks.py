"""The findings of Django's security checks."""

import importlib.util
import pathlib

from django.conf import settings
from django.core.checks.compatibility import django_4_0
from django.core.checks.security import base, csrf, sessions

from .link import ask, compare, watch

_EXPORT = pathlib.Path(__file__).resolve().parents[3] / "check" / "django" / "export.py"

# What each function can find.
_FINDS = {
    (base, "check_security_middleware"): {"security.W001"},
    (base, "check_xframe_options_middleware"): {"security.W002"},
    (csrf, "check_csrf_middleware"): {"security.W003"},
    (base, "check_sts"): {"security.W004"},
    (base, "check_sts_include_subdomains"): {"security.W005"},
    (base, "check_content_type_nosniff"): {"security.W006"},
    (base, "check_ssl_redirect"): {"security.W008"},
    (base, "check_secret_key"): {"security.W009"},
    (sessions, "check_session_cookie_secure"): {"security.W010", "security.W011", "security.W012"},
    (sessions, "check_session_cookie_httponly"): {"security.W013", "security.W014", "security.W015"},
    (csrf, "check_csrf_cookie_secure"): {"security.W016"},
    (base, "check_debug"): {"security.W018"},
    (base, "check_xframe_deny"): {"security.W019"},
    (base, "check_allowed_hosts"): {"security.W020"},
    (base, "check_sts_preload"): {"security.W021"},
    (base, "check_referrer_policy"): {"security.W022", "security.E023"},
    (base, "check_cross_origin_opener_policy"): {"security.E024"},
    (base, "check_secret_key_fallbacks"): {"security.W025"},
    (csrf, "check_csrf_failure_view"): {"security.E101", "security.E102"},
    (django_4_0, "check_csrf_trusted_origins"): {"4_0.E001"},
}


def _exporter():
    spec = importlib.util.spec_from_file_location("airworthy_export", _EXPORT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _watch(module, name, finds, export):
    @watch(module, name)
    def check(*args, **kwargs):
        exported = export(settings)
        outcome = yield
        django = sorted(m.id for m in outcome.get())
        ours = [i for i in ask("checks", **exported) if i in finds]
        compare("checks", name, ours, django)


def install():
    export = _exporter().export
    for (module, name), finds in _FINDS.items():
        _watch(module, name, finds, export)
