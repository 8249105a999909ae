"""Answer questions about Django's password hashers, one line of JSON each.

A question is {"op": name, "args": {...}}, an answer {"result": ...} or {"error": "Type"}. A hasher is described by its
algorithm and the attributes that are to differ from Django's own.
"""

import functools
import hashlib
import json
import os
import sys
import time

import argon2
import bcrypt
import django
from django.conf import settings

settings.configure(PASSWORD_HASHERS=[])

from django.contrib.auth import hashers  # noqa: E402

CLASSES = {
    "argon2": hashers.Argon2PasswordHasher,
    "pbkdf2_sha256": hashers.PBKDF2PasswordHasher,
    "pbkdf2_sha1": hashers.PBKDF2SHA1PasswordHasher,
    "scrypt": hashers.ScryptPasswordHasher,
    "bcrypt_sha256": hashers.BCryptSHA256PasswordHasher,
    "bcrypt": hashers.BCryptPasswordHasher,
}
KINDS = {"id": argon2.Type.ID, "i": argon2.Type.I, "d": argon2.Type.D}


def version():
    return {"django": django.get_version(), "python": sys.version.split()[0],
            "argon2": argon2.__version__, "bcrypt": bcrypt.__version__}


@functools.cache
def _hasher(text):
    spec = json.loads(text)
    return type("Hasher", (CLASSES[spec["algorithm"]],), spec["attributes"])()


def _install(specs):
    """Make these the hashers of the project, the first preferred."""
    made = [_hasher(json.dumps(spec, sort_keys=True)) for spec in specs]
    hashers.get_hashers = lambda: made
    hashers.get_hashers_by_algorithm = lambda: {h.algorithm: h for h in made}


def make(hashers_, password, salt=None):
    _install(hashers_)
    return hashers.make_password(password, salt)


def verify(hashers_, password, encoded):
    _install(hashers_)
    correct, update = hashers.verify_password(password, encoded)
    return {"correct": correct, "update": update}


def usable(encoded):
    return hashers.is_password_usable(encoded)


def unusable():
    return hashers.make_password(None)


def raw_argon2(password, salt, kind, t, m, p, length):
    """Return what Django would keep of an argon2 hash that it would not make itself."""
    made = argon2.low_level.hash_secret(password.encode(), salt.encode(), t, m, p, length, KINDS[kind])
    return "argon2" + made.decode()


def measure(algorithm):
    """Return the seconds and the processor's seconds that a hash takes at Django 5.2's parameters, without Django."""
    password, salt = b"correct horse", b"saltsaltsaltsaltsaltsa"
    work = {
        "pbkdf2_sha256": lambda: hashlib.pbkdf2_hmac("sha256", password, salt, 1_000_000),
        "pbkdf2_sha1": lambda: hashlib.pbkdf2_hmac("sha1", password, salt, 1_000_000),
        "argon2": lambda: argon2.low_level.hash_secret_raw(password, salt, 2, 102400, 8, 32, argon2.Type.ID),
        "owasp": lambda: argon2.low_level.hash_secret_raw(password, salt, 2, 19456, 1, 32, argon2.Type.ID),
        "scrypt": lambda: hashlib.scrypt(password, salt=salt, n=16384, r=8, p=5, maxmem=0, dklen=64),
        "bcrypt": lambda: bcrypt.hashpw(password, b"$2b$12$abcdefghijklmnopqrstuu"),
    }[algorithm]
    begin, used = time.perf_counter(), time.process_time()
    work()
    return [time.perf_counter() - begin, time.process_time() - used]


OPS = {f.__name__: f for f in (version, make, verify, usable, unusable, raw_argon2, measure)}


def answer(line):
    try:
        question = json.loads(line)
        return {"result": OPS[question["op"]](**question.get("args") or {})}
    except Exception as e:  # an op's failure is an answer
        return {"error": type(e).__name__}


def main():
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        print(json.dumps(answer(line)), file=out, flush=True)


if __name__ == "__main__":
    main()
