// Package logins attacks a whole site over HTTP, as strangers do: they measure who has an account, and where the console
// is; they guess from one address and from ten thousand; they send a thousand logins at a time.
package logins
