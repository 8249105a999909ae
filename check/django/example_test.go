package django_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
)

func Example() {
	// What the project's Python printed, running django.Exporter().
	export := []byte(`{"airworthy": 1, "django": "5.2.19", "failure_view": "ok", "admin": "/admin/", "settings": {
		"DEBUG": "False", "ALLOWED_HOSTS": ["10.0.0.0/8"], "SECRET_KEY_FALLBACKS": []}}`)
	p, err := django.Parse(export)
	if err != nil {
		fmt.Println(err)
		return
	}
	report := check.Run(context.Background(), p.Checks(), check.Options{Deploy: true})
	for _, f := range report.Findings {
		switch f.Setting {
		case "DEBUG", "ALLOWED_HOSTS":
			fmt.Println(f.ID, f.Title)
		}
	}
	// Output:
	// django.E002 A switch is a string, which is on whatever it says, even "False".
	// django.W005 An entry of ALLOWED_HOSTS matches nothing.
	// security.W018 DEBUG is on: every error shows code, request and settings to whoever caused it.
}
