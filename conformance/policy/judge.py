"""Judge passwords with Django's validators: one line of JSON in, one out.

{"options": {"min_length": 8, "max_similarity": 0.7, "list": path or null}, "cases": [[password, [username, first_name,
last_name, email]], ...]} is answered by a list of verdicts: codes, the first with the attribute's name behind a colon.
{"unicode": true} is answered by what Python knows of single characters, {"list": true} by the passwords and path of
Django's list.
"""

import gzip
import json
import re
import sys
import unicodedata

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.password_validation import (  # noqa: E402
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.core.exceptions import ValidationError  # noqa: E402

LIST = CommonPasswordValidator().DEFAULT_PASSWORD_LIST_PATH


def judge(options, cases):
    """Return a verdict for each case, by the four validators in the order of a new project's settings."""
    validators = [
        UserAttributeSimilarityValidator(max_similarity=options["max_similarity"]),
        MinimumLengthValidator(min_length=options["min_length"]),
        CommonPasswordValidator(*filter(None, [options.get("list")])),
        NumericPasswordValidator(),
    ]
    return [verdict(password, attributes, validators) for password, attributes in cases]


def verdict(password, attributes, validators):
    username, first_name, last_name, email = attributes
    user = User(username=username, first_name=first_name, last_name=last_name, email=email)
    try:
        validate_password(password, user, validators)
    except ValidationError as e:
        return [
            f"{x.code}: {x.params['verbose_name']}" if x.code == "password_too_similar" else x.code
            for x in e.error_list
        ]
    return []


def characters():
    """Return what Python knows of each character: the code points of a kind, and what becomes of those that change."""
    every = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    word = re.compile(r"\w")
    return {
        "version": unicodedata.unidata_version,
        "digits": [ord(c) for c in every if c.isdigit()],
        "spaces": [ord(c) for c in every if c.strip() == ""],
        "words": [ord(c) for c in every if word.match(c)],
        "lower": {str(ord(c)): c.lower() for c in every if c.lower() != c},
        "unassigned": [ord(c) for c in every if unicodedata.category(c) == "Cn"],
    }


def common():
    with gzip.open(LIST, "rt", encoding="utf-8") as f:
        return {"path": str(LIST), "passwords": sorted({x.strip() for x in f})}


def main():
    print(json.dumps({"django": django.get_version(), "python": sys.version.split()[0]}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "unicode" in question:
            answer = characters()
        elif "list" in question:
            answer = common()
        else:
            answer = judge(question["options"], question["cases"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
