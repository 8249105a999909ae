// Package age runs the commands of docs/secrets-age.md as they stand there, in a real shell, with the bulletin and with
// the real age, and compares what each makes of the other's files.
package age
