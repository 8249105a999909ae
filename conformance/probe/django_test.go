package probe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// django runs a project as startproject makes it behind gunicorn, twice: over TLS and over http. settings are added to the
// project's own; urls replaces the project's if it is not empty.
func django(t *testing.T, settings, urls string) site {
	t.Helper()
	python := os.Getenv("AIRWORTHY_PROBE_PYTHON")
	if python == "" {
		absent(t, "AIRWORTHY_PROBE_PYTHON names no Python with Django and gunicorn")
	}
	dir, https, http := folder(t), freePort(t), freePort(t)
	manage := func(args ...string) {
		t.Helper()
		cmd := exec.Command(python, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	manage("-m", "django", "startproject", "fresh", ".")
	path := filepath.Join(dir, "fresh", "settings.py")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "fresh/settings.py", string(before)+"\n"+settings+fmt.Sprintf("\nSECURE_SSL_HOST = '%s:%d'\n", host, https))
	if urls != "" {
		write(t, dir, "fresh/urls.py", urls)
	}
	manage("manage.py", "migrate", "--verbosity", "0")
	cert := made(t, kind{})
	serve := func(port int, args ...string) {
		cmd := exec.Command(python, append([]string{"-m", "gunicorn", "--bind", fmt.Sprintf("127.0.0.1:%d", port), "--log-level", "warning"}, append(args, "fresh.wsgi")...)...)
		cmd.Dir = dir
		start(t, cmd, port)
	}
	serve(https, "--certfile", cert.chain, "--keyfile", cert.key)
	serve(http)
	return site{https: https, http: http, profile: probe.HTML}
}

const goodSettings = `
DEBUG = False
SECRET_KEY = 'fjqX1nHn8aFZl8oVtZQ6yS6aXk6l8Wm4dJ9QwE7rT2uIoP3sAz'
ALLOWED_HOSTS = ['www.site.example']
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31536000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = '__Host-sessionid', '__Host-csrftoken'

def policies(get_response):
    def middleware(request):
        response = get_response(request)
        response['Content-Security-Policy'] = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        response['Permissions-Policy'] = 'camera=(), microphone=(), geolocation=()'
        response['Cross-Origin-Resource-Policy'] = 'same-origin'
        return response
    return middleware

MIDDLEWARE.insert(0, 'fresh.settings.policies')
`

const goodURLs = `
from django.contrib import admin
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

@never_cache
@require_safe
def home(request):
    return HttpResponse('<!doctype html><title>Site</title><form method=post><input type=hidden name=csrfmiddlewaretoken value=%s></form>' % get_token(request))

urlpatterns = [path('', home), path('ops-7f3k/', admin.site.urls)]
`

func TestDjangoGood(t *testing.T) {
	verdict(t, django(t, goodSettings, goodURLs), []line{
		{"probe.I027", check.Info, "Server: gunicorn", "gunicorn names itself"},
	})
}

// TestDjangoDebug is the project as startproject makes it, with the host that it needs to answer at all.
func TestDjangoDebug(t *testing.T) {
	verdict(t, django(t, "ALLOWED_HOSTS = ['*']", ""), []line{
		{"probe.E001", check.Error, "", "ALLOWED_HOSTS is *"},
	})
}

// TestDjangoNoDebug is the same with DEBUG off, and nothing else.
func TestDjangoNoDebug(t *testing.T) {
	verdict(t, django(t, "DEBUG = False\nALLOWED_HOSTS = ['www.site.example']", ""), []line{
		{"probe.E004", check.Error, "", "SECURE_SSL_REDIRECT is not set"},
	})
}
