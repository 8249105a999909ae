package fields_test

import (
	"fmt"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
)

func Example() {
	const text = `{"SECRET_KEY": "old", "PAGE_SIZE": 20}`
	changed, err := fields.Set(text, map[string]string{"SECRET_KEY": "new"})
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := fields.Decode(changed)
	fmt.Println(changed, values["PAGE_SIZE"], err)
	// Output: {"SECRET_KEY": "new", "PAGE_SIZE": 20} 20 <nil>
}
