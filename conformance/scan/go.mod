module github.com/airworthy-go/airworthy/conformance/scan

go 1.26.0
