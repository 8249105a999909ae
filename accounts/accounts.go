// Package accounts logs users in and out.
package accounts
