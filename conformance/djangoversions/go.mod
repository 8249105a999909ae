module github.com/airworthy-go/airworthy/conformance/djangoversions

go 1.26.0

replace github.com/airworthy-go/airworthy => ../../

require github.com/airworthy-go/airworthy v0.0.0

require (
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
