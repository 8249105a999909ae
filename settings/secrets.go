package settings

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// secretsOf returns the secrets in a field's value.
func secretsOf(f field, v reflect.Value) []secret.Text {
	switch {
	case !f.secret || f.json || holdsText(f.typ):
		return within(v, 8)
	case v.IsZero():
		return nil
	case v.Kind() == reflect.Slice:
		var all []secret.Text
		for i := range v.Len() {
			all = append(all, secret.New(valueText(v.Index(i), true)))
		}
		return all
	}
	return []secret.Text{secret.New(valueText(v, true))}
}

// within returns the secrets in v, down to a depth at which no settings are.
func within(v reflect.Value, depth int) []secret.Text {
	if depth == 0 || !v.CanInterface() {
		return nil
	}
	switch x := v.Interface().(type) {
	case secret.Text:
		if x.IsZero() {
			return nil
		}
		return []secret.Text{x}
	case secretive:
		return x.secrets()
	case url.URL:
		p, _ := x.User.Password()
		return passwords(secret.New(p))
	}
	var all []secret.Text
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			all = within(v.Elem(), depth-1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			all = append(all, within(v.Index(i), depth-1)...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			all = append(all, within(v.MapIndex(key), depth-1)...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, within(v.Field(i), depth-1)...)
		}
	}
	return all
}

// mapText returns a map as a source would give it, in the order of its keys.
func mapText(v reflect.Value, whole bool) string {
	var parts []string
	for _, key := range v.MapKeys() {
		parts = append(parts, key.String()+"="+valueText(v.MapIndex(key), whole))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
