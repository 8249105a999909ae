package accounts

import "time"

// ResetLink returns the two parts of a link that resets u's password.
func (a *Accounts) ResetLink(u *User) (id, token string) {
	return encodeID(u.ID), a.resetToken(u, time.Now())
}
