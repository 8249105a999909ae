"""A Django site with django.contrib.auth's own views, asked as a browser asks."""

import logging
import types

from django.contrib.auth import get_user_model, views
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.core import mail
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

logging.getLogger("django").setLevel(logging.CRITICAL)


class CheapHasher(PBKDF2PasswordHasher):
    """PBKDF2 that many accounts can be tested with."""

    iterations = 1000


def _whoami(request):
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(next_page="/whoami/"), name="logout"),
    path("password/", views.PasswordChangeView.as_view(success_url="/whoami/"), name="password_change"),
    path("reset/", views.PasswordResetView.as_view(success_url="/whoami/"), name="password_reset"),
    path("account/reset/<uidb64>/<token>/", views.PasswordResetConfirmView.as_view(success_url="/whoami/"), name="password_reset_confirm"),
    path("whoami/", _whoami),
]

_FORM = "{% for field, errors in form.errors.items %}{{ field }}: {{ errors }}{% endfor %}"
_SITE = {
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["testserver", "victim.com"],
    "LOGIN_REDIRECT_URL": "/whoami/",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {
                            "registration/login.html": _FORM,
                            "registration/password_change_form.html": _FORM,
                            "registration/password_reset_confirm.html": "{% if validlink %}valid{% else %}invalid{% endif %} " + _FORM,
                            "registration/password_reset_form.html": _FORM,
                            "registration/password_reset_subject.txt": "reset",
                            "registration/password_reset_email.html": "{{ protocol }}://{{ domain }}/account/reset/{{ uid }}/{{ token }}/",
                        },
                    )
                ]
            },
        }
    ],
}
_CHEAP = {"PASSWORD_HASHERS": [f"{__name__}.CheapHasher"]}


def _settings(settings, cheap):
    return override_settings(**(_SITE | settings | (_CHEAP if cheap else {})))


def account_create(settings, cheap, fields, password):
    """Make a user and return its key."""
    with _settings(settings, cheap):
        return str(get_user_model().objects.create_user(password=password, **fields).pk)


def account_change(pk, fields):
    """Change columns of a user behind everybody's back."""
    get_user_model().objects.filter(pk=pk).update(**fields)


def account_row(username):
    """Return a user's columns as Django reads them."""
    user = get_user_model().objects.get(username=username)
    row = {f.name: getattr(user, f.name) for f in user._meta.fields}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


def account_visit(settings, cheap, session, steps):
    """Send requests in turn with one browser that begins with a session; return each answer and the session at the end."""
    with _settings(settings, cheap):
        client = Client(headers={"host": "victim.com"})
        if session:
            client.cookies["sessionid"] = session
        answers = []
        for method, where, data in steps:
            response = getattr(client, method)(where, data)
            answers.append({"status": response.status_code, "location": response.get("Location", ""), "body": response.content.decode()})
        cookie = client.cookies.get("sessionid")
        return {"answers": answers, "session": cookie.value if cookie else ""}


def account_mails(settings, cheap, email):
    """Ask for a reset and return the bodies of the mails."""
    with _settings(settings, cheap):
        mail.outbox = []
        Client(headers={"host": "victim.com"}).post("/reset/", {"email": email})
        return [m.body for m in mail.outbox]


def account_token(settings, pk, at=None):
    """Return the parts of a reset link, made at a time in seconds before now if at is given."""
    with override_settings(**settings):
        user = get_user_model().objects.get(pk=pk)
        maker = default_token_generator
        if at is not None:
            maker = PasswordResetTokenGenerator()
            now = maker._now
            maker._now = types.MethodType(lambda self: now() - __import__("datetime").timedelta(seconds=at), maker)
        return [urlsafe_base64_encode(force_bytes(user.pk)), maker.make_token(user)]


def account_token_valid(settings, pk, token):
    with override_settings(**settings):
        return default_token_generator.check_token(get_user_model().objects.get(pk=pk), token)
