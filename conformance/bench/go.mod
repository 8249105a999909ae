module github.com/airworthy-go/airworthy/conformance/bench

go 1.26.0

replace github.com/airworthy-go/airworthy => ../../

require (
	github.com/airworthy-go/airworthy v0.0.0-00010101000000-000000000000
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/gorilla/securecookie v1.1.2
	github.com/justinas/nosurf v1.2.0
	github.com/unrolled/secure v1.17.0
)

require (
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
