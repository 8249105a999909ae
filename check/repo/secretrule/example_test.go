package secretrule_test

import (
	"fmt"

	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

func Example() {
	scanner, err := secretrule.New(secretrule.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	data := []byte("[default]\naws_access_key_id = AKIA" + "QYLPMN5HFIQR7XYA\n")
	for _, m := range scanner.Scan(&secretrule.File{Data: data, Kinds: secretrule.KindsOf("credentials")}) {
		fmt.Printf("%s in line %d\n", m.Rule.Name, m.Line)
	}
	// Output: AWS access key in line 2
}
