package schematest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/airworthy-go/airworthy/internal/schematest"
)

func TestMeets(t *testing.T) {
	const schema = `{"type":"object","required":["a"],"additionalProperties":false,"properties":{
		"a":{"$ref":"#/$defs/word"},"n":{"type":"integer","minimum":1},"l":{"type":"array","items":{"type":"string"}},"v":{"const":2}},
		"$defs":{"word":{"enum":["x","y"]}}}`
	for v, faults := range map[string]int{
		`{"a":"x"}`:                             0,
		`{"a":"y","n":1,"l":["s",""],"v":2}`:    0,
		`{}`:                                    1,
		`[]`:                                    2, // no object, and without a
		`{"a":"z"}`:                             1,
		`{"a":"x","n":0}`:                       1,
		`{"a":"x","n":1.5}`:                     1,
		`{"a":"x","l":[1,"s",null]}`:            2,
		`{"a":"x","v":3}`:                       1,
		`{"a":"x","b":1}`:                       1,
		`{"a":"x","n":null,"l":"s","v":"2"}`:    3,
		`{"a":"x","additionalProperties":true}`: 1,
	} {
		if got := schematest.Meets(parse(t, schema), any(parseAny(t, v)), "v"); len(got) != faults {
			t.Errorf("%s: %q, want %d faults", v, got, faults)
		}
	}
	if got := schematest.Meets(parse(t, `{"pattern":"x"}`), "x", "v"); len(got) != 1 {
		t.Errorf("a keyword that is not known: %q", got)
	}
}

func parse(t *testing.T, s string) map[string]any { return parseAny(t, s).(map[string]any) }

func parseAny(t *testing.T, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func ExampleMeets() {
	fmt.Println(schematest.Meets(map[string]any{"type": "string"}, 3.0, "answer"))
	// Output: [answer: is of type integer, want string]
}
