"""Django's own system checks, on given settings."""

import contextlib
import importlib.util
import pathlib

_EXPORT = pathlib.Path(__file__).resolve().parents[3] / "check" / "django" / "export.py"


def _exporter():
    spec = importlib.util.spec_from_file_location("airworthy_export", _EXPORT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_export = _exporter()


def _python(value):
    """Return the Python value that stands, as {"$": type, "v": ...}, for what JSON does not have."""
    if isinstance(value, list):
        return [_python(v) for v in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("$")
    if kind is None:
        return {k: _python(v) for k, v in value.items()}
    if kind == "float":
        return float(value["v"])
    if kind == "object":
        return object()
    return {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](_python(value["v"]))


@contextlib.contextmanager
def _overridden(values):
    """Override settings as UserSettingsHolder does, without signals; {"$": "absent"} makes access fail."""
    from django.conf import UserSettingsHolder, settings

    before = settings._wrapped
    settings._wrapped = holder = UserSettingsHolder(before)
    settings.__dict__.clear()  # the lazy object caches what it has looked up
    settings.__dict__["_wrapped"] = holder
    try:
        for name, value in values.items():
            if value == {"$": "absent"}:
                delattr(holder, name)
            else:
                setattr(holder, name, _python(value))
        yield settings
    finally:
        settings.__dict__.clear()
        settings.__dict__["_wrapped"] = before


def checks(settings):
    """Run the security checks, one function at a time.

    Return the IDs found, each as often as it was, the names of the check functions that crashed, and what the exporter
    makes of the settings.
    """
    from django.core.checks.registry import registry

    with _overridden(settings) as live:
        ids, crashed = [], []
        for check in registry.get_checks(include_deployment_checks=True):
            if not {"security", "compatibility"} & set(check.tags):
                continue
            try:
                ids += [m.id for m in check(app_configs=None, databases=None)]
            except Exception:
                crashed.append(check.__name__)
        return {"ids": sorted(ids), "crashed": sorted(crashed), "export": _export.export(live)}


def _uncallable_view(request):
    """A CSRF failure view that takes no reason."""
