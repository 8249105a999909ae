"""Run Django's own checks on many settings modules of one directory, each in a forked process of its own.

Reads a line of JSON, {"dir": ..., "export": ..., "modules": [...]}, and prints a line for each module: what
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
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    import django
    from django.conf import settings

    answer = {"module": module}
    try:
        settings.DEBUG
        django.setup()
        from django.core.management import get_commands
        from django.core.management.base import BaseCommand
        from django.core import checks

        get_commands()
        BaseCommand()
        found = checks.run_checks(include_deployment_checks=True)
        answer["ids"] = sorted(m.id for m in found if m.id)
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
    for name in (
        "django.core.checks django.core.management.base django.core.cache.backends.filebased django.core.cache.backends.locmem django.urls "
        "django.template.backends.django django.views.debug django.views.csrf django.core.mail.backends.smtp django.forms "
        "django.db.backends.sqlite3.base django.contrib.auth.hashers django.contrib.staticfiles.finders django.utils.translation "
        "django.middleware.security django.middleware.csrf django.middleware.clickjacking logging.config"
    ).split():
        try:
            importlib.import_module(name)
        except Exception:
            pass
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
