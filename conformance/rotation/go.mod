module github.com/airworthy-go/airworthy/conformance/rotation

go 1.26.0

require (
	github.com/airworthy-go/airworthy v0.0.0
	github.com/airworthy-go/airworthy/drivers v0.0.0
)

replace (
	github.com/airworthy-go/airworthy => ../../
	github.com/airworthy-go/airworthy/drivers => ../../drivers
)
