module github.com/airworthy-go/airworthy/conformance/passwords

go 1.26.0

replace github.com/airworthy-go/airworthy => ../../

require (
	github.com/airworthy-go/airworthy v0.0.0
	golang.org/x/crypto v0.58.0
)

require (
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
