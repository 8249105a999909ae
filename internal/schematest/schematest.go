// Package schematest holds JSON that we write to the schema that describes it.
//
// It knows as much of JSON Schema as our schemas use and no more: a keyword that it does not know is a fault, so that no schema
// says something that nothing tests.
package schematest

import (
	"fmt"
	"slices"
	"strings"
)

// Meets returns what keeps v, which encoding/json has decoded into an any, from meeting the schema. at is what v is called in the
// faults.
func Meets(schema map[string]any, v any, at string) (faults []string) {
	return meets(schema, schema, v, at)
}

// meets compares v with a schema that uses no more of JSON Schema than ours does, and fails on anything else.
func meets(root, schema map[string]any, v any, at string) (faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, at+": "+fmt.Sprintf(format, args...)) }
	object, _ := v.(map[string]any)
	for key, rule := range schema {
		switch key {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			def := root["$defs"].(map[string]any)[strings.TrimPrefix(rule.(string), "#/$defs/")].(map[string]any)
			faults = append(faults, meets(root, def, v, at)...)
		case "const":
			if v != rule {
				bad("is %v, want %v", v, rule)
			}
		case "enum":
			if !slices.Contains(rule.([]any), v) {
				bad("is %v, want one of %v", v, rule)
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < rule.(float64) {
				bad("is %v, want at least %v", n, rule)
			}
		case "type":
			if got := typeOf(v); got != rule && !(got == "integer" && rule == "number") {
				bad("is of type %s, want %v", got, rule)
			}
		case "required":
			for _, name := range rule.([]any) {
				if _, ok := object[name.(string)]; !ok {
					bad("lacks %v", name)
				}
			}
		case "properties":
			for name, sub := range rule.(map[string]any) {
				if value, ok := object[name]; ok {
					faults = append(faults, meets(root, sub.(map[string]any), value, at+"."+name)...)
				}
			}
		case "additionalProperties":
			for name := range object {
				if _, ok := schema["properties"].(map[string]any)[name]; !ok {
					bad("has %q, which the schema does not know", name)
				}
			}
		case "items":
			items, _ := v.([]any)
			for i, item := range items {
				faults = append(faults, meets(root, rule.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		default:
			bad("the test does not know the keyword %q", key)
		}
	}
	return faults
}

func typeOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}
