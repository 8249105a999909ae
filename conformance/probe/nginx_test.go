package probe_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

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
	write(t, dir, "index.html", `<!doctype html><title>Site</title><link rel=stylesheet href=/static/site.css><p>Hello.`)
	write(t, dir, "static/site.css", "p { color: green }")
	return dir
}

const goodNginx = `
  server_tokens off; charset utf-8;
  ssl_protocols TLSv1.2 TLSv1.3; # here, since the default server's count for all servers of the port
  server { listen HTTP default_server; return 301 https://$host$request_uri; }
  server { listen HTTPS ssl default_server; ssl_certificate CERT; ssl_certificate_key KEY; return 421; }
  server {
    listen HTTPS ssl; server_name www.site.example; ssl_certificate CERT; ssl_certificate_key KEY;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    root ROOT; index index.html;
    location = /.well-known/security.txt { default_type text/plain; }
    location ~ /\. { return 404; }
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options DENY always;
    add_header Referrer-Policy same-origin always;
    add_header Cross-Origin-Opener-Policy same-origin always;
    add_header Cross-Origin-Resource-Policy same-origin always;
    add_header Permissions-Policy "camera=(), microphone=(), geolocation=()" always;
    add_header Content-Security-Policy "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" always;
  }`

// goodFiles are files and a security.txt.
func goodFiles(t *testing.T) string {
	root := files(t)
	write(t, root, ".well-known/security.txt",
		"Contact: mailto:security@site.example\nExpires: "+time.Now().Add(90*24*time.Hour).UTC().Format(time.RFC3339)+"\n")
	return root
}

func TestNginxGood(t *testing.T) {
	verdict(t, nginx(t, goodNginx, made(t, kind{}), goodFiles(t)), nil)
}

func TestNginxBad(t *testing.T) {
	root := files(t)
	write(t, root, ".git/HEAD", "ref: refs/heads/main\n")
	write(t, root, ".git/config", "[core]\n\trepositoryformatversion = 0\n")
	write(t, root, ".env", "SECRET_KEY=hunter2\n")
	s := nginx(t, `
  server { listen HTTP; root ROOT; }
  server {
    listen HTTPS ssl; ssl_certificate CERT; ssl_certificate_key KEY;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers "ALL:@SECLEVEL=0";
    root ROOT; index index.html; autoindex on;
  }`, made(t, kind{rsa: true}), root)
	const headers = "there is no add_header"
	verdict(t, s, []line{
		{"probe.E001", check.Error, "airworthy-probe.invalid/: 200", "there is no default server that refuses"},
		{"probe.E057", check.Critical, "which sets SECRET_KEY", ".env lies in the folder that is served"},
		{"probe.E056", check.Error, "/.git/HEAD", ".git lies in the folder that is served"},
		{"probe.E056", check.Error, "/.git/config", ".git lies in the folder that is served"},
		{"probe.E004", check.Error, "200, want a redirect", "the server for http has files and no return 301"},
		{"probe.W005", check.Warning, "all 4 answers", headers},
		{"probe.W008", check.Warning, "all 4 answers", headers},
		{"probe.W009", check.Warning, "/: 200", headers},
		{"probe.W010", check.Warning, "/: 200", headers},
		{"probe.W011", check.Warning, "/: 200", headers},
		{"probe.W012", check.Warning, "/: 200", headers},
		{"probe.I037", check.Info, "/: 200", headers},
		{"probe.I039", check.Info, "/: 200", headers},
		{"probe.W041", check.Warning, "/: 200", "there is no charset, in the page neither"},
		{"probe.W060", check.Warning, "/static/: 200", "autoindex is on"},
		{"probe.W108", check.Warning, "TLS 1.0 is accepted, TLS 1.1 is accepted", "ssl_protocols says so"},
		{"probe.I110", check.Info, "TLS 1.2", "ssl_protocols leaves out TLSv1.3"},
		{"probe.W111", check.Info, "TLS_RSA_WITH", "ssl_ciphers is ALL and the certificate has an RSA key"},
		{"probe.I027", check.Info, "Server: nginx/1.", "server_tokens is on"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}
