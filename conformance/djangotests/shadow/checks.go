package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
)

// checks returns what is found in an export of a project's settings: each ID as often as it was.
func checks(export json.RawMessage) (any, error) {
	p, err := django.Parse(export)
	if err != nil {
		return nil, err
	}
	report := check.Run(context.Background(), p.Checks(), check.Options{Deploy: true})
	for _, n := range report.NotRun {
		if strings.HasPrefix(n.ID, "security.") || n.ID == "4_0.E001" { // others need a project around the settings
			return nil, fmt.Errorf("%s could not look: %s", n.ID, n.Reason)
		}
	}
	ids := []string{}
	for _, f := range report.Findings {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	return ids, nil
}
