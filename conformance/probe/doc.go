// Package probe probes real servers over real TLS and compares what is found, line by line, with what is known of them:
// nginx and Caddy with files, gunicorn with a Django project as startproject makes it, and examples/bulletin, each set up
// well and badly, and servers whose TLS or whose answers are broken.
//
// It needs nginx, Caddy, and a Python with Django and gunicorn (requirements.txt), whose path is in AIRWORTHY_PROBE_PYTHON.
// What is missing is said and skipped. run.sh installs all of it:
//
//	./run.sh                # all of it
//	./run.sh -run TestNginx # one test
//
// Certificates are of an authority of its own; every server listens on loopback, and the names in the tests lead there.
package probe
