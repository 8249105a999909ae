"""The process that answers as airworthy does, and the journal of what it and Django say."""

import atexit
import base64
import functools
import json
import os
import subprocess
import threading
import time
import traceback
import unittest

_now = time.time
_lock = threading.RLock()
_here = threading.local()
_test = "outside of tests"
_shadow = None
_journal = None


def name_tests():
    """Keep the name of the test that runs."""
    run = unittest.TestCase.run

    @functools.wraps(run)
    def named(self, *args, **kwargs):
        global _test
        _test = self.id()
        return run(self, *args, **kwargs)

    unittest.TestCase.run = named
    atexit.register(_close)


def ask(op, **args):
    """Ask airworthy."""
    global _shadow
    with _lock:
        if _shadow is None:
            _shadow = subprocess.Popen([os.environ["AIRWORTHY_SHADOW"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        _shadow.stdin.write(json.dumps({"op": op, "args": args}).encode() + b"\n")
        _shadow.stdin.flush()
        answer = json.loads(_shadow.stdout.readline())
    if "error" in answer:
        raise RuntimeError(f"{op}: {answer['error']}")
    return answer["result"]


def _close():
    """End the process, which stops where its input does."""
    if _shadow is not None:
        _shadow.stdin.close()
        _shadow.wait()
        _shadow.stdout.close()
    if _journal is not None:
        _journal.close()


def _write(**entry):
    global _journal
    with _lock:
        if _journal is None:
            _journal = open(os.environ["AIRWORTHY_JOURNAL"], "w", encoding="ascii")
        _journal.write(json.dumps({"test": _test} | entry, default=repr) + "\n")
        _journal.flush()


def compare(area, call, ours, django, **facts):
    """Write down what both say of a call; facts are what a difference is known by."""
    _write(area=area, call=call, ours=str(ours), django=str(django), facts=facts)


class Skip(Exception):
    """Raised where a call has no counterpart, with the name of the feature that we lack."""


class Outcome:
    """What the call of a wrapped function came to."""

    def __init__(self, call):
        self.value = self.error = None
        try:
            self.value = call()
        except Exception as e:
            self.error = e

    def get(self):
        if self.error is not None:
            raise self.error
        return self.value


def _step(watching, outcome=None):
    """Let a watcher go on; say whether it waits for the outcome. Its own mistakes are written down, not raised."""
    try:
        watching.send(outcome)
        return True
    except StopIteration:
        pass
    except Skip as e:
        _write(area="skipped", call=str(e))
    except Exception:
        _write(area="broken", call=traceback.format_exc())
    return False


def watch(owner, name):
    """Wrap a function. What it is decorated with is a generator of the call's arguments, yields once, gets the Outcome.

    Calls that are made by a call that is watched already are left alone.
    """

    def decorate(watcher):
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapper(*args, **kwargs):
            if getattr(_here, "busy", False):
                return original(*args, **kwargs)
            _here.busy = True
            try:
                watching = watcher(*args, **kwargs)
                waits = _step(watching)
                outcome = Outcome(lambda: original(*args, **kwargs))
                if waits:
                    _step(watching, outcome)
            finally:
                _here.busy = False
            return outcome.get()

        setattr(owner, name, wrapper)
        return watcher

    return decorate


def frozen():
    """Return how far the tests' clock is behind. Tests stop it at whole seconds."""
    return 0 if time.time is _now else _now() - time.time()


def age_on_our_clock(seconds):
    """Return a greatest age, or None, for a clock that is right and goes on while airworthy is asked."""
    if seconds is None:
        return None
    if hasattr(seconds, "total_seconds"):
        seconds = seconds.total_seconds()
    behind = frozen()
    return seconds + behind + (0.5 if behind else 0)


def b64(value):
    """Return bytes, or a text in UTF-8, as Go reads bytes from JSON."""
    return base64.b64encode(value.encode() if isinstance(value, str) else bytes(value)).decode()


def latin1(value):
    """Return a header's value, if a server can have read it from the network."""
    value = str(value)
    if any(ord(c) > 255 for c in value):
        raise Skip("texts that no header can hold")
    return value
