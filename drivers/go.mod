module github.com/airworthy-go/airworthy/drivers

go 1.26

require github.com/airworthy-go/airworthy v0.0.0

replace github.com/airworthy-go/airworthy => ../
