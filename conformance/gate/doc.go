// Package gate measures what the gate costs whoever waits for it, beside what Django's costs.
package gate
