// Package gcp asks whether drivers/gcpsecrets does what it promises when it talks to Google Secret Manager. It talks to a
// stand-in (package standin), not to Google: nothing here proves anything about Google's servers. What is real is Google's
// SDK, its service definition, its search for credentials, TLS, and a proxy that leads every name below googleapis.com to
// this machine.
//
// It needs nothing but Go. Everything is on loopback:
//
//	./run.sh                     # all of it
//	./run.sh -run TestHostile    # one test
package gcp
