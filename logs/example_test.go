package logs_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/secret"
)

func Example() {
	var out bytes.Buffer
	known := secret.NewMask(secret.New("hunter2-hunter2"))
	l, err := logs.New(logs.Config{
		Format: logs.JSON,
		Output: &out,
		Mask:   func() secret.Mask { return known },
	})
	if err != nil {
		log.Fatal(err)
	}
	l.Logger().Warn("login failed for bob\nlevel=INFO msg=\"login ok\"", "error", "dial app:hunter2-hunter2@db")
	_, record, _ := strings.Cut(out.String(), `,"level"`) // leaves out the time
	fmt.Print(record)
	// Output: :"WARN","msg":"login failed for bob\nlevel=INFO msg=\"login ok\"","error":"dial app:[redacted]@db"}
}
