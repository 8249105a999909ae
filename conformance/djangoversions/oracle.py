"""Run Django's own checks on many settings modules of one directory, each in a forked process of its own.

Reads a line of JSON, {"dir": ..., "export": ..., "setup": ..., "modules": [...]}, and prints a line for each module: what
"check --deploy" finds, silenced or not, or how it failed, and what airworthy's exporter tells in the same process.
"""

import importlib.util
import io
import json
import os
import sys
import traceback
import warnings


def judge(module, exporter):
    """Judge one module. The applications are set up already; only the settings are replaced, as nothing else was asked."""
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    from django.conf import Settings, settings
    from django.core import checks

    answer = {"module": module}
    try:
        settings.__dict__.clear()
        settings.__dict__["_wrapped"] = Settings(module)
        settings.DEBUG
        answer["ids"] = sorted(m.id for m in checks.run_checks(include_deployment_checks=True) if m.id)
    except BaseException as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        answer["failed"] = "%s in %s" % (type(error).__name__, at.name)
    try:
        answer["export"] = exporter.export(settings)
    except BaseException as error:
        answer["unread"] = type(error).__name__
    return answer


def main():
    asked = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    spec = importlib.util.spec_from_file_location("airworthy_export", asked["export"])
    exporter = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exporter)
    sys.path.insert(0, asked["dir"])
    os.chdir(asked["dir"])
    os.environ["DJANGO_SETTINGS_MODULE"] = asked["setup"]
    import django
    from django.core.management import get_commands

    django.setup()
    get_commands()
    for name in "django.core.cache.backends.filebased django.views.csrf django.views.debug".split():
        importlib.import_module(name)
    for module in asked["modules"]:
        out.flush()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                body = json.dumps(judge(module, exporter)).encode()
            except BaseException as error:
                body = json.dumps({"module": module, "failed": type(error).__name__}).encode()
            with io.open(writing, "wb") as pipe:
                pipe.write(body)
            os._exit(0)
        os.close(writing)
        with io.open(reading, "rb") as pipe:
            out.write(pipe.read() + b"\n")
        os.waitpid(pid, 0)
    out.close()


main()
