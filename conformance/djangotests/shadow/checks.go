package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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
	if len(report.NotRun) > 0 {
		return nil, fmt.Errorf("checks could not look: %v", report.NotRun)
	}
	ids := []string{}
	for _, f := range report.Findings {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	return ids, nil
}
