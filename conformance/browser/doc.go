// Package browser asks a real browser whether what airworthy sends does what it promises: that a site works under it,
// and that the attacks it is there to stop are stopped, by the browser and the site together.
//
// It needs Chromium as /usr/bin/chromium (the Debian package chromium), and nothing of the network: certificate, names
// and other sites are its own, on loopback. Without a chromium it says so and skips everything. run.sh installs it:
//
//	./run.sh                # all of it
//	./run.sh -run TestFrame # one test
//
// The site is examples/bulletin, built and served over HTTPS by its own program, as in production. What the bulletin
// has no page for is asked of the lab, an application that each test gives the pages it needs. Everything under
// evil.test, and under evil.bulletin.test, is the attacker's.
//
// AIRWORTHY_SCREENSHOTS names a folder in which TestAppearance leaves pictures of the pages.
package browser
