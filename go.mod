module github.com/airworthy-go/airworthy

go 1.26
