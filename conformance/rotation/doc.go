// Package rotation rotates the key of a site while it serves: three real processes of the program in site, their sessions in
// signed cookies, their keys in a real Vault that dies in between, their reports in a real PostgreSQL. Visitors keep
// sessions, CSRF tokens and signed values across every rotation, on any of the three; none may be refused. When the
// keys are retired, what they signed is worth nothing.
//
// Vault is reached through a relay, which the test cuts: to the site a source that died.
package rotation
