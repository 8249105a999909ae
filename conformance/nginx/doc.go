// Package nginx puts real programs behind a real nginx and asks, as a client outside, whether the two understand each
// other: who ends TLS, who the client is, which host was meant, and what happens when one of them is set up wrongly.
//
// It needs nginx (the Debian package nginx) and nothing of the network: certificate and ports are its own, on loopback.
// Without nginx it says so and skips everything. run.sh installs it:
//
//	./run.sh                     # all of it
//	./run.sh -run TestVariants   # one test
//
// The site is examples/bulletin in production; what it has no page for is asked of lab, a program in this folder. The
// configuration of nginx is the one of docs/deploy.md, changed line by line where a test needs another; so is what that
// page says commands print.
//
// The client connects from 127.0.0.7, so that it cannot be mistaken for a proxy, all of which are at other addresses.
package nginx
