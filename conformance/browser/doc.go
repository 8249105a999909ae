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
// The pages of accounts and the operations console are those of a bulletin in development, which prints its mail. The
// tests go through them as people do, with and without scripts, and look at each: at a desk and on a telephone, light
// and dark, with the Tab key alone, and at what the page is made of.
//
// AIRWORTHY_SCREENSHOTS names a folder in which the tests leave pictures of the pages.
package browser
