module github.com/airworthy-go/airworthy/conformance/csp

go 1.26.0

replace github.com/airworthy-go/airworthy => ../../

require github.com/airworthy-go/airworthy v0.0.0
