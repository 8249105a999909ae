package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
)

// parseList reads "a, b". The empty text is the empty list.
func parseList(text string, v reflect.Value) *Fault {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for element := range strings.SplitSeq(text, ",") {
		element = strings.TrimSpace(element)
		if element == "" {
			return fault("has an empty element", "take out the comma too many")
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if problem := parseScalar(element, e); problem != nil {
			return fault("has an element that "+problem.Rule, problem.Remedy)
		}
		v.Set(reflect.Append(v, e))
	}
	return nil
}

// parseMap reads "k=v, k=v". The empty text is the empty map.
func parseMap(text string, v reflect.Value) *Fault {
	v.Set(reflect.MakeMap(v.Type()))
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return fault("is not a list of names and values", "write it like a=1, b=2")
		}
		key := reflect.ValueOf(name).Convert(v.Type().Key())
		if v.MapIndex(key).IsValid() {
			return fault("has a name twice", "leave one of them out")
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if problem := parseScalar(strings.TrimSpace(value), e); problem != nil {
			return fault("has a value that "+problem.Rule, problem.Remedy)
		}
		v.SetMapIndex(key, e)
	}
	return nil
}

// parseJSON reads one JSON value without unknown fields.
func parseJSON(text string, v reflect.Value) *Fault {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Addr().Interface()); err != nil {
		return fault("is not the JSON of "+v.Type().String(), "look for a syntax error, a wrong type or an unknown field")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault("has text after its JSON value", "give one value")
	}
	return nil
}
