// Package waivers reads the file in which a team says which findings it lives with, until when, and who answers for it.
//
//	waivers:
//	  - id: hosts.W001
//	    scope: ALLOWED_HOSTS
//	    reason: the load balancer validates hosts
//	    owner: ops@example.com
//	    expires: 2027-03-01
//
// [Read] is lenient where leniency waives nothing: an entry that is written wrongly becomes a waiver with a fault, which the
// gate reports where it stands, and which waives nothing. What the entries mean is said at [check.Waiver].
package waivers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/yamltree"
)

// maxWaivers is how many a file may hold. With more, the gate is not what has to be waived.
const maxWaivers = 1000

// Read reads a file, whose name the places in the findings begin with. The error says why it cannot be read as a list of
// waivers at all.
func Read(name string, text []byte) ([]check.Waiver, error) {
	tree, err := yamltree.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("waivers: %s: %w", name, err)
	}
	if len(tree.Documents) == 0 {
		return nil, nil
	}
	list, err := entries(tree)
	if err != nil {
		return nil, fmt.Errorf("waivers: %s: %w", name, err)
	}
	var all []check.Waiver
	for _, item := range list {
		all = append(all, entry(name, item))
	}
	if err := tree.Err(); err != nil {
		return nil, fmt.Errorf("waivers: %s: %w", name, err)
	}
	return all, nil
}

func entries(tree *yamltree.Tree) ([]yamltree.Value, error) {
	if len(tree.Documents) > 1 {
		return nil, errors.New("it has several documents: write one list")
	}
	root := tree.Documents[0]
	fields := root.Fields()
	for _, f := range fields {
		if f.Name != "waivers" {
			return nil, fmt.Errorf("line %d: unknown name %q: it begins with \"waivers:\"", f.Line, f.Name)
		}
	}
	if text, isText := root.Text(); isText && text == "" {
		return nil, nil
	}
	if len(fields) != 1 {
		return nil, errors.New("it must be one list, below the name waivers")
	}
	list := fields[0].Value
	if text, isText := list.Text(); isText && text == "" {
		return nil, nil
	}
	if !list.IsList() {
		return nil, fmt.Errorf("line %d: waivers is no list: begin each with \"- id:\"", list.Line())
	}
	items := list.Items()
	if len(items) > maxWaivers {
		return nil, fmt.Errorf("it has more than %d waivers", maxWaivers)
	}
	return items, nil
}

// entry reads one waiver. What is wrong with it becomes its fault.
func entry(name string, item yamltree.Value) check.Waiver {
	w := check.Waiver{Place: fmt.Sprintf("%s:%d", name, item.Line())}
	if !item.IsMap() {
		w.Fault = "it is no list of id, scope, reason, owner and expires"
		return w
	}
	expires := ""
	into := map[string]*string{"id": &w.ID, "scope": &w.Scope, "reason": &w.Reason, "owner": &w.Owner, "expires": &expires}
	seen := map[string]bool{}
	for _, f := range item.Fields() {
		target, ok := into[f.Name]
		text, isText := f.Value.Text()
		switch {
		case !ok:
			w.Fault = fmt.Sprintf("line %d: unknown name %q: use id, scope, reason, owner and expires", f.Line, f.Name)
		case seen[f.Name]:
			w.Fault = fmt.Sprintf("line %d: %s stands twice", f.Line, f.Name)
		case !isText:
			w.Fault = fmt.Sprintf("line %d: %s is no text", f.Line, f.Name)
		default:
			*target = strings.TrimSpace(text)
		}
		seen[f.Name] = true
	}
	if expires != "" && w.Fault == "" {
		day, err := time.Parse(time.DateOnly, expires)
		if err != nil {
			w.Fault = "expires is no day: write it as 2027-03-01"
		}
		w.Expires = day
	}
	return w
}
