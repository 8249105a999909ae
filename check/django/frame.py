"""Run export.py's code in a bounded process, and hand over its result past whatever the settings do.

The one argument is JSON: the channel's path, the frame's marker, the limits and the code. A frame is the marker, a
length, the JSON and the marker again. Everything that is needed afterwards is imported before the settings run.
"""

import os
import sys

sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]  # the project shadows no module of ours

import inspect  # noqa: E402,F401
import json  # noqa: E402
import pathlib  # noqa: E402,F401
import re  # noqa: E402
import traceback  # noqa: E402
import warnings  # noqa: E402

given = json.loads(sys.argv[1])
sys.argv = ["manage.py", "check", "--deploy"]  # which settings that look at it expect
here = os.getpid()
leave, opener, write, dumps, encode = os._exit, os.open, os.write, json.dumps, str.encode


def limit():
    os.umask(0o077)
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for name, bound in given["limits"].items():
        try:
            soft, hard = resource.getrlimit(getattr(resource, name))
            if hard != resource.RLIM_INFINITY:
                bound = min(bound, hard)
            resource.setrlimit(getattr(resource, name), (bound, bound))
        except (AttributeError, ValueError, OSError):
            pass


def send(result, getpid=os.getpid, flags=os.O_WRONLY | os.O_APPEND):
    """Write the frame and end the process, whatever threads and handlers there are. Children that were forked do not."""
    if getpid() != here:
        leave(1)
    body = encode(dumps(result), "ascii")
    mark = encode(given["marker"], "ascii")
    frame = mark + encode(" %d\n" % len(body), "ascii") + body + mark
    channel = opener(given["channel"], flags)
    while frame:
        frame = frame[write(channel, frame):]
    leave(0)


def variables(text):
    """Return the names of variables in an error's text, which may hold values too. Names have underscores."""
    return re.findall(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])", text)[:3]


def told(error):
    """Return what may be said of an exception: its type, its place in the project, what is missing."""
    top = os.path.join(os.path.realpath(given["dir"]), "")
    place = None
    at = error.__traceback__
    for frame, line in traceback.walk_tb(at):
        file = os.path.realpath(frame.f_code.co_filename)
        if not frame.f_code.co_filename.startswith("<") and file.startswith(top) and "site-packages" not in file:
            place = [os.path.relpath(file, top), line]
    if isinstance(error, SyntaxError) and error.filename and os.path.realpath(error.filename).startswith(top):
        place = [os.path.relpath(os.path.realpath(error.filename), top), error.lineno or 0]
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__name__
    missing = error.name if isinstance(error, ImportError) and isinstance(error.name, str) else ""
    named = []
    if isinstance(error, KeyError) or kind.__name__ in ("ImproperlyConfigured", "UndefinedValueError", "EnvError"):
        try:
            named = variables(str(error))
        except Exception:
            pass
    return {"type": name[:200], "place": place, "module": missing[:200], "variables": named}


def main():
    scope = {"__name__": "airworthy_export"}
    try:
        exec(compile(given["code"], "airworthy_export", "exec"), scope)
    except BaseException as error:
        send({"error": told(error), "stage": "python"})
    limit()
    sys.path.insert(0, given["dir"])
    try:
        import django
    except BaseException as error:
        send({"error": told(error), "stage": "django", "python": "%d.%d.%d" % sys.version_info[:3]})
    stage = "settings"
    try:
        warnings.simplefilter("ignore")
        from django.conf import settings

        settings.DEBUG
        stage = "export"
        scope["attempt"](django.setup)
        result = scope["export"](settings)
        result = {"export": dumps(result)}
    except BaseException as error:
        try:
            result = {"error": told(error), "stage": stage}
        except BaseException:
            result = {"error": {"type": "unknown", "place": None, "module": "", "variables": []}, "stage": stage}
    send(result)


main()
