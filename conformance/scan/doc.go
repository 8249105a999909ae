// Package scan holds airworthy scan to what it promises: it finds every secret that was planted in a history, finds nothing
// in code that holds none, and takes at most four times as long as git takes to read the same history, in less than
// 300 MiB. It is compared with gitleaks, which reads patches. See run.sh.
package scan
