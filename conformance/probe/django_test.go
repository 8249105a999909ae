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
// project's own; urls replaces the project's if it is not empty; args are gunicorn's.
func django(t *testing.T, settings, urls string, args ...string) site {
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
		args = append([]string{"-m", "gunicorn", "--bind", fmt.Sprintf("127.0.0.1:%d", port), "--log-level", "warning"}, args...)
		cmd := exec.Command(python, append(args, "fresh.wsgi")...)
		cmd.Dir = dir
		start(t, cmd, port)
	}
	serve(https, append(args, "--certfile", cert.chain, "--keyfile", cert.key)...)
	serve(http, args...)
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
	// gunicorn believes proxies on its own machine, where the probe is here.
	verdict(t, django(t, goodSettings, goodURLs, "--forwarded-allow-ips", "192.0.2.1"), []line{
		{"probe.I043", check.Info, "/: 200", "SECURE_HSTS_INCLUDE_SUBDOMAINS is off"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}

// TestDjangoForwarded is the same behind a gunicorn that believes everybody.
func TestDjangoForwarded(t *testing.T) {
	verdict(t, django(t, goodSettings, goodURLs, "--forwarded-allow-ips", "*"), []line{
		{"probe.E003", check.Error, "301, without the header", "gunicorn believes X-Forwarded-Proto, whoever sends it"},
		{"probe.I043", check.Info, "/: 200", "SECURE_HSTS_INCLUDE_SUBDOMAINS is off"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}

// TestDjangoDebug is the project as startproject makes it, with the host that it needs to answer at all.
func TestDjangoDebug(t *testing.T) {
	const noCSP = "Django 5.2 sends no policy by itself"
	verdict(t, django(t, "ALLOWED_HOSTS = ['*']", ""), []line{
		{"probe.E001", check.Error, "airworthy-probe.invalid/: 200", "ALLOWED_HOSTS is *"},
		{"probe.E004", check.Error, "200, want a redirect", "SECURE_SSL_REDIRECT is not set"},
		{"probe.E015", check.Error, "200, want 403", "the welcome page takes whatever comes"},
		{"probe.E016", check.Error, "200, want 403", "the welcome page takes whatever comes"},
		{"probe.E025", check.Error, "404, Django's debug page", "DEBUG is on"},
		{"probe.W005", check.Warning, "all 4 answers", "SECURE_HSTS_SECONDS is not set"},
		{"probe.W012", check.Warning, "all 4 answers", noCSP},
		{"probe.W032", check.Warning, "/admin/: 302", "the admin is at /admin/"},
		{"probe.I037", check.Info, "/: 200", "Django sends no Permissions-Policy"},
		{"probe.I039", check.Info, "/: 200", "Django sends no Cross-Origin-Resource-Policy"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
		{"probe.W028", check.Info, "TRACE", "the welcome page takes every method"},
	})
}

// TestDjangoNoDebug is the same with DEBUG off, and nothing else: there is no page but the admin.
func TestDjangoNoDebug(t *testing.T) {
	verdict(t, django(t, "DEBUG = False\nALLOWED_HOSTS = ['www.site.example']", ""), []line{
		{"probe.E004", check.Error, "404, want a redirect", "SECURE_SSL_REDIRECT is not set"},
		{"probe.W005", check.Warning, "all 4 answers", "SECURE_HSTS_SECONDS is not set"},
		{"probe.W012", check.Warning, "all 4 answers", "Django 5.2 sends no policy by itself"},
		{"probe.W032", check.Warning, "/admin/: 302", "the admin is at /admin/"},
		{"probe.E015", check.Info, "404", "nothing takes a POST at /"},
		{"probe.E016", check.Info, "404", "nothing takes a POST at /"},
		{"probe.I037", check.Info, "/: 404", "Django sends no Permissions-Policy"},
		{"probe.I039", check.Info, "/: 404", "Django sends no Cross-Origin-Resource-Policy"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}
