"""Answer questions about Django, one line of JSON each.

A question is {"op": name, "args": {...}}, an answer {"result": ...} or {"error": "Type: message"}. Every public function
of the modules in ops/ is an op; its parameters are the args. To add one, write a function: nothing is registered.
"""

import importlib.util
import inspect
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def configure():
    """Set Django up with an ordinary project's settings, which ops override for themselves."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="oracle-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="oracle_urls",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        LOGGING_CONFIG=None,
        USE_TZ=True,
        TIME_ZONE="UTC",
    )
    urls = type(sys)("oracle_urls")
    urls.urlpatterns = []
    sys.modules["oracle_urls"] = urls
    django.setup()


def load_ops():
    """Return every public function of ops/*.py by its name."""
    found = {}
    for path in sorted((HERE / "ops").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"oracle_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        for name, f in vars(module).items():
            if inspect.isfunction(f) and f.__module__ == spec.name and not name.startswith("_"):
                if name in found:
                    raise SystemExit(f"two ops are called {name}")
                found[name] = f
    return found


def answer(ops, line):
    try:
        question = json.loads(line)
        return {"result": ops[question["op"]](**question.get("args") or {})}
    except Exception as e:  # an op's failure is an answer
        return {"error": f"{type(e).__name__}: {e}"}


def version():
    """Return the versions of Django and Python."""
    import django

    return {"django": django.get_version(), "python": sys.version.split()[0]}


def main():
    # Answers go where stdout went; whatever else is printed must not stand among them.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    configure()
    ops = load_ops() | {"version": version}
    for line in sys.stdin.buffer:
        print(json.dumps(answer(ops, line)), file=out, flush=True)


if __name__ == "__main__":
    main()
