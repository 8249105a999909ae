package probe_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// nginx runs nginx with servers in its configuration, in which HTTPS and HTTP stand for ports, CERT and KEY for files and ROOT
// for the folder that is served.
func nginx(t *testing.T, servers string, cert pair, root string) site {
	t.Helper()
	program := find(t, "nginx")
	dir, https, http := folder(t), freePort(t), freePort(t)
	servers = strings.NewReplacer("HTTPS", "127.0.0.1:"+strconv.Itoa(https), "HTTP", "127.0.0.1:"+strconv.Itoa(http),
		"CERT", cert.chain, "KEY", cert.key, "ROOT", root).Replace(servers)
	config := write(t, dir, "nginx.conf", `daemon off; pid nginx.pid; error_log stderr warn;
events {}
http {
  types { text/html html; text/css css; text/javascript js; image/png png; text/plain txt; }
  access_log off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
`+servers+"\n}\n")
	write(t, dir, "tmp/.keep", "")
	start(t, exec.Command(program, "-e", "stderr", "-p", dir, "-c", config), https, http)
	return site{https: https, http: http, profile: probe.Static}
}

func made(t *testing.T, k kind) pair {
	t.Helper()
	p, err := w.certs.make(k)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// files is a folder of files, as somebody puts it on a server.
func files(t *testing.T) string {
	dir := folder(t)
	write(t, dir, "index.html", `<!doctype html><title>Site</title><link rel=stylesheet href=/site.css><p>Hello.`)
	write(t, dir, "site.css", "p { color: green }")
	return dir
}

const goodNginx = `
  server_tokens off;
  server { listen HTTP default_server; return 301 https://$host$request_uri; }
  server { listen HTTPS ssl default_server; ssl_certificate CERT; ssl_certificate_key KEY; return 421; }
  server {
    listen HTTPS ssl; server_name www.site.example; ssl_certificate CERT; ssl_certificate_key KEY;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    root ROOT; index index.html;
    location ~ /\. { return 404; }
    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options DENY always;
    add_header Referrer-Policy same-origin always;
    add_header Cross-Origin-Opener-Policy same-origin always;
    add_header Permissions-Policy "camera=(), microphone=(), geolocation=()" always;
    add_header Content-Security-Policy "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" always;
  }`

func TestNginxGood(t *testing.T) {
	verdict(t, nginx(t, goodNginx, made(t, kind{}), files(t)), []line{})
}

func TestNginxBad(t *testing.T) {
	root := files(t)
	write(t, root, ".git/HEAD", "ref: refs/heads/main\n")
	write(t, root, ".git/config", "[core]\n\trepositoryformatversion = 0\n")
	write(t, root, ".env", "SECRET_KEY=hunter2\n")
	write(t, root, "static/a.txt", "a")
	s := nginx(t, `
  server { listen HTTP; root ROOT; }
  server {
    listen HTTPS ssl; ssl_certificate CERT; ssl_certificate_key KEY;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers "ALL:@SECLEVEL=0";
    root ROOT; index index.html; autoindex on;
  }`, made(t, kind{rsa: true}), root)
	verdict(t, s, []line{
		{"probe.E001", check.Error, "", "there is no other server for names that are not the site's"},
	})
}
