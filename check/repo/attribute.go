package repo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

// attribute works out at which paths the secrets stand that were found, since when, and whether they do still.
func (s *scan) attribute(ctx context.Context) error {
	all := map[key]*leak{}
	for p, found := range s.files {
		for _, f := range found {
			if f.rule.Skip == nil || !f.rule.Skip(p) {
				s.add(all, f, p, secretrule.InTests(p)).file = true
			}
		}
	}
	wanted := map[string]bool{}
	for id := range s.contents {
		wanted[id] = true
	}
	for id := range s.dotenv {
		wanted[id] = true
	}
	for _, l := range s.outcome.large {
		if l.blob != "" {
			wanted[l.blob] = true
		}
	}
	err := s.places(ctx, wanted, all)
	for _, l := range all {
		s.outcome.leaks = append(s.outcome.leaks, l)
	}
	slices.SortFunc(s.outcome.leaks, func(a, b *leak) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line), cmp.Compare(a.rule.ID, b.rule.ID), cmp.Compare(a.name, b.name),
			slices.Compare(a.mark[:], b.mark[:]))
	})
	if err != nil {
		return err
	}
	return s.commits(ctx)
}

// key tells leaks apart: one secret at one path is one, however many contents hold it and rules know it.
type key struct {
	path string
	mark mark
}

func (s *scan) add(all map[key]*leak, f sighting, p string, tests bool) *leak {
	l := all[key{p, f.mark}]
	if l == nil {
		l = &leak{rule: f.rule, path: p, mark: f.mark, name: f.name, size: f.size, line: f.line, in: s.inUse[f.mark]}
		all[key{p, f.mark}] = l
	}
	// The rules stand in an order: the first says best what it is.
	if slices.Index(s.rules, f.rule) < slices.Index(s.rules, l.rule) {
		l.rule, l.name = f.rule, f.name
	}
	l.level = max(l.level, secretrule.Match{Rule: f.rule, Level: f.level}.LevelAt(tests))
	return l
}

// places adds the leaks of contents.
func (s *scan) places(ctx context.Context, wanted map[string]bool, all map[key]*leak) error {
	if len(wanted) == 0 || s.store == nil {
		return nil
	}
	known := map[string][]place{}
	var failed error
	if !s.NoHistory {
		known, failed = s.store.trail(ctx, wanted)
	}
	now := func(commit string, m map[string][]string) error {
		return s.store.entries(ctx, commit, func(id, p string) error {
			if wanted[id] && len(m[id]) < maxPlaces {
				m[id] = append(m[id], p)
			}
			return nil
		})
	}
	index, head := map[string][]string{}, map[string][]string{}
	failed = cmp.Or(failed, now("", index))
	commit, err := s.store.head(ctx)
	failed = cmp.Or(failed, err)
	if commit != "" {
		failed = cmp.Or(failed, now(commit, head))
	}
	for id, found := range s.contents {
		paths := united(known[id], index[id], head[id])
		for _, f := range found {
			s.addContent(all, id, f, paths, index[id], head[id])
		}
	}
	s.formerSettings(known, index, head)
	s.largePaths(known, index, head)
	return failed
}

// united returns the places of one content by path, with the empty path if there is none.
func united(known []place, now ...[]string) map[string]place {
	paths := map[string]place{}
	for _, list := range now {
		for _, p := range list {
			paths[p] = place{path: p}
		}
	}
	for _, p := range known {
		paths[p.path] = p
	}
	if len(paths) == 0 {
		paths[""] = place{}
	}
	return paths
}

// largePaths finds the paths of contents that are over the bound, and counts those of a path once.
func (s *scan) largePaths(known map[string][]place, index, head map[string][]string) {
	largest := map[string]oversized{}
	for _, l := range s.outcome.large {
		paths := map[string]place{l.path: {}}
		if l.blob != "" {
			paths = united(known[l.blob], index[l.blob], head[l.blob])
		}
		for p := range paths {
			name := p
			if p == "" {
				name = "\x00" + l.blob
			}
			if l.size > largest[name].size {
				largest[name] = oversized{p, l.blob, l.size}
			}
		}
	}
	s.outcome.large = slices.Collect(maps.Values(largest))
	slices.SortFunc(s.outcome.large, func(a, b oversized) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.blob, b.blob)) })
}

// addContent adds the leaks of one secret in one content.
func (s *scan) addContent(all map[key]*leak, id string, f sighting, paths map[string]place, index, head []string) {
	tests := true // under all of its paths
	for p := range paths {
		tests = tests && secretrule.InTests(p)
	}
	for p, at := range paths {
		if p != "" && f.rule.Skip != nil && f.rule.Skip(p) {
			continue
		}
		l := s.add(all, f, p, tests)
		staged, current := slices.Contains(index, p), slices.Contains(head, p)
		if (staged || current) && !l.file || l.blob == "" && !l.file {
			l.line = f.line
		}
		l.staged, l.head = l.staged || staged, l.head || current
		if l.blob == "" || current {
			l.blob = id
		}
		l.since = older(l.since, at)
	}
}

// formerSettings notes the files of settings that a commit had, and that are not tracked any more.
func (s *scan) formerSettings(known map[string][]place, index, head map[string][]string) {
	tracked := map[string]bool{}
	for _, m := range []map[string][]string{index, head} {
		for id := range s.dotenv {
			for _, p := range m[id] {
				tracked[p] = true
			}
		}
	}
	first := map[string]place{}
	for id := range s.dotenv {
		for _, p := range known[id] {
			if isDotEnv(path.Base(p.path)) && (!tracked[p.path] || s.store.top == "") { // else repo.E002 says so
				first[p.path] = older(first[p.path], p)
			}
		}
	}
	for _, p := range first {
		s.outcome.settings = append(s.outcome.settings, p)
	}
	slices.SortFunc(s.outcome.settings, func(a, b place) int { return cmp.Compare(a.path, b.path) })
}

// maxCommits is of how many commits the date and the branches are worked out, which takes a git each.
const maxCommits = 100

// commits works out when the commits were made that leaks and settings name, and what leads to them.
func (s *scan) commits(ctx context.Context) error {
	var ids []string
	for _, l := range s.outcome.leaks {
		ids = append(ids, l.since.commit)
	}
	for _, p := range s.outcome.settings {
		ids = append(ids, p.commit)
	}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, ok := s.outcome.commits[id]; ok || id == "" {
			continue
		}
		if len(s.outcome.commits) >= maxCommits {
			s.outcome.commits[id] = commit{id: id}
			continue
		}
		s.outcome.commits[id] = s.store.about(ctx, id)
	}
	return nil
}

// knownValues makes rules of the values in use, which no other rule may know.
func (c Config) knownValues() (rules []*secretrule.Rule) {
	for i, v := range c.Secrets {
		value := v.Value.Reveal()
		if len(value) < MinLength {
			continue
		}
		var literals []string
		texts := forms(value)
		for _, text := range texts {
			literals = append(literals, lower(text))
		}
		slices.Sort(literals)
		rules = append(rules, &secretrule.Rule{
			ID: fmt.Sprintf("in-use-%d", i), Name: "value of " + v.Setting, Variable: v.Setting, Literals: slices.Compact(literals),
			Match: func(f *secretrule.File, at int) []secretrule.Match {
				for _, text := range texts {
					if end := at + len(text); end <= len(f.Data) && string(f.Data[at:end]) == text {
						return []secretrule.Match{{Start: at, End: end, Name: v.Setting, Secret: []byte(value)}}
					}
				}
				return nil
			},
		})
	}
	return rules
}

// lower returns text with ASCII letters in lower case and everything else as it is.
func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
