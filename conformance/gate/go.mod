module github.com/airworthy-go/airworthy/conformance/gate

go 1.26.0
