"""Django's sessions: the db backend on a real database, and signed_cookies."""

import datetime
import importlib
import json
import time
from unittest import mock

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone


def session_database(database):
    """Use this database and migrate it."""
    connections["default"].close()
    del connections["default"]
    connections.settings = connections.configure_settings({"default": database})
    call_command("migrate", verbosity=0)
    return connections["default"].vendor


def _store(engine, key):
    return importlib.import_module(f"django.contrib.sessions.backends.{engine}").SessionStore(key or None)


def _set_expiry(session, expiry):
    kind, value = expiry
    if kind == "seconds":
        session.set_expiry(value)
    elif kind == "after":
        session.set_expiry(datetime.timedelta(seconds=value))
    elif kind == "at":
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
        session.set_expiry(timezone.now().astimezone(zone) + datetime.timedelta(seconds=value))
    elif kind == "raw":
        session["_session_expiry"] = value


def session_save(settings, engine, key, values, expiry, ago):
    """Put values, a JSON text, into the session under key, or into a new one; return its key."""
    now = time.time
    with override_settings(**settings), mock.patch("time.time", lambda: now() - ago):
        session = _store(engine, key)
        for name, value in json.loads(values).items():
            session[name] = value
        if expiry:
            _set_expiry(session, expiry)
        session.save()
        return session.session_key


def session_load(settings, engine, key):
    """Return the session's values as JSON text, when it ends, and whether the browser's closing ends it."""
    with override_settings(**settings):
        session = _store(engine, key)
        values = dict(session.items())
        ends = session.get_expiry_date()
        if engine == "db" and session.session_key:
            ends = Session.objects.get(session_key=session.session_key).expire_date
        values.pop("_session_expiry", None)
        return {
            "values": json.dumps(values),
            "age": (ends - timezone.now()).total_seconds(),
            "closes": session.get_expire_at_browser_close(),
        }


def session_delete(settings, engine, key):
    with override_settings(**settings):
        _store(engine, key).delete()


def session_exists(key):
    return SessionStore().exists(key)


def session_change(key, data=None, expires_in=None):
    """Change a row behind everybody's back; return its data."""
    row = Session.objects.get(session_key=key)
    if data is not None:
        row.session_data = data
    if expires_in is not None:
        row.expire_date = timezone.now() + datetime.timedelta(seconds=expires_in)
    row.save()
    return row.session_data


def session_clear():
    """Run clearsessions and return how many rows are left."""
    call_command("clearsessions", verbosity=0)
    return Session.objects.count()
