// Package yamltree reads YAML that somebody hostile may have written, as a tree that knows its lines.
//
//	tree, err := yamltree.Parse(text)
//	for _, doc := range tree.Documents {
//		for _, f := range doc.Get("services").Fields() { … }
//	}
//	err = tree.Err() // after the walk: whether all of it was seen
//
// Nothing is converted, so that no tag makes anything but text. Aliases and merge keys are followed while they are walked, and
// every step costs: a file that grows without end ends the walk, and Err says so. Keys that stand twice are both
// returned. It is not a validator: programs that read YAML differ, and this errs on the side of seeing more.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of one file.
const (
	MaxBytes     = 4 << 20
	maxDocuments = 10_000
	maxSteps     = 1_000_000
	maxDepth     = 200
)

// Tree is one file. It is not safe for concurrent use.
type Tree struct {
	Documents []Value

	steps    int
	exceeded bool
}

// Err reports whether the walk had to stop before it had seen everything.
func (t *Tree) Err() error {
	if t.exceeded {
		return errors.New("yaml: its aliases grow without end")
	}
	return nil
}

// Parse reads the documents of a file. The error tells the line and does not quote the file; the documents before it
// are returned beside it.
func Parse(text []byte) (t *Tree, err error) {
	t = &Tree{}
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("yaml: it cannot be read")
		}
	}()
	if len(text) > MaxBytes {
		return t, fmt.Errorf("yaml: it is longer than %d bytes", MaxBytes)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for len(t.Documents) < maxDocuments {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, plain(err)
		}
		for _, root := range n.Content {
			t.Documents = append(t.Documents, Value{t, root, 0})
		}
	}
	return t, fmt.Errorf("yaml: it has more than %d documents", maxDocuments)
}

// plain returns what is wrong and where, without what stands there.
func plain(err error) error {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: "), "'")
	line, what, ok := strings.Cut(text, ": ")
	if !ok || !strings.HasPrefix(line, "line ") {
		return errors.New("yaml: it is not valid")
	}
	return fmt.Errorf("yaml: %s is not valid: %s", line, strings.TrimSpace(what))
}

// Value is a place in a tree. The zero Value is the place that does not exist: it has no line and no content.
type Value struct {
	tree  *Tree
	node  *yaml.Node
	depth int
}

// Field is one pair of a mapping.
type Field struct {
	Name  string
	Line  int // of the name
	Value Value
}

// step counts a visit and follows aliases; nil means that there is nothing, or that too much was visited.
func (v Value) step() *yaml.Node {
	n := v.node
	for n != nil && n.Kind == yaml.AliasNode {
		if !v.pay() {
			return nil
		}
		n = n.Alias
	}
	if n == nil || !v.pay() {
		return nil
	}
	return n
}

func (v Value) pay() bool {
	v.tree.steps++
	if v.tree.steps > maxSteps || v.depth > maxDepth {
		v.tree.exceeded = true
		return false
	}
	return true
}

// Line returns the line of the file, counted from 1; 0 for a place that does not exist.
func (v Value) Line() int {
	if v.node == nil {
		return 0
	}
	return v.node.Line
}

// Exists reports whether there is something, were it null.
func (v Value) Exists() bool { return v.node != nil }

// Tag returns the tag that was written, such as !vault or !Ref; empty for one that YAML gives by itself.
func (v Value) Tag() string {
	if n := v.step(); n != nil && n.Style&yaml.TaggedStyle != 0 {
		return n.Tag
	}
	return ""
}

// Text returns a scalar as it reads, and whether it is one. null is an empty text.
func (v Value) Text() (string, bool) {
	n := v.step()
	if n == nil || n.Kind != yaml.ScalarNode {
		return "", false
	}
	if n.ShortTag() == "!!null" {
		return "", true
	}
	return n.Value, true
}

// Block reports whether a scalar was written over several lines, with | or >. Its first line is the next after Line.
func (v Value) Block() bool {
	n := v.step()
	return n != nil && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// IsMap reports whether there is a mapping.
func (v Value) IsMap() bool { n := v.step(); return n != nil && n.Kind == yaml.MappingNode }

// IsList reports whether there is a sequence.
func (v Value) IsList() bool { n := v.step(); return n != nil && n.Kind == yaml.SequenceNode }

// Fields returns the pairs of a mapping in their order, those of merge keys last. Of a name that stands twice both are
// returned. Keys that are no scalars have an empty name.
func (v Value) Fields() (all []Field) {
	n := v.step()
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var merged []Field
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := Value{v.tree, n.Content[i], v.depth + 1}
		value := Value{v.tree, n.Content[i+1], v.depth + 1}
		if n.Content[i].Tag == "!!merge" {
			merged = append(merged, value.merged()...)
			continue
		}
		name, _ := key.Text()
		own[name] = true
		all = append(all, Field{name, key.Line(), value})
	}
	for _, f := range merged {
		if !own[f.Name] {
			all = append(all, f)
		}
	}
	return all
}

// merged returns the pairs of what a merge key names: a mapping, or a list of them.
func (v Value) merged() (all []Field) {
	if v.IsList() {
		for _, item := range v.Items() {
			all = append(all, item.Fields()...)
		}
		return all
	}
	return v.Fields()
}

// Items returns the elements of a sequence.
func (v Value) Items() (all []Value) {
	n := v.step()
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range n.Content {
		all = append(all, Value{v.tree, item, v.depth + 1})
	}
	return all
}

// All returns every place that a name of a mapping leads to, of a name that stands twice both.
func (v Value) All(name string) (all []Value) {
	for _, f := range v.Fields() {
		if f.Name == name {
			all = append(all, f.Value)
		}
	}
	return all
}

// Get returns the place that names lead to, through mappings; the zero Value if there is none. Of a name that stands twice
// it takes the last.
func (v Value) Get(names ...string) Value {
	for _, name := range names {
		var next Value
		for _, f := range v.Fields() {
			if f.Name == name {
				next = f.Value
			}
		}
		v = next
	}
	return v
}
