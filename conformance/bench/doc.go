// Package bench measures airworthy beside its peers and beside a hand-written limit, in one run.
//
// It is a module of its own, so that the peers are nobody's dependency. Run it with run.sh, which prints ratios; times
// alone say more about the machine than about the code.
//
// The limit is what one function could do that somebody wrote by hand for one site: the same decisions, headers, cookie
// and answers, with one context, and nothing that could be configured, left out or exchanged. It has no error pages, no
// texts for the log, no keys that rotate, no sessions but those in cookies, and no policy of its own for single pages.
package bench
