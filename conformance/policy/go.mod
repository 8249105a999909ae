module github.com/airworthy-go/airworthy/conformance/policy

go 1.26.0

replace github.com/airworthy-go/airworthy => ../../

require github.com/airworthy-go/airworthy v0.0.0

require golang.org/x/text v0.43.0
