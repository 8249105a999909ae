package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/check"
)

// ScanChecks returns the rules about whatever looks like a secret, in the files and in the history. They share one scan, which
// the first of them that is asked makes.
//
// The history is every object that git holds, whether a branch, a tag, the stash, a reflog or nothing any more leads to
// it. Contents are looked at as they are, and as UTF-16; what is compressed or encrypted is not opened.
func (c Config) ScanChecks() []check.Check {
	var once sync.Once
	var seen *outcome
	var failed error
	find := func(look func(*outcome) ([]check.Finding, error)) func(context.Context) ([]check.Finding, error) {
		return func(ctx context.Context) ([]check.Finding, error) {
			once.Do(func() {
				failed = errors.New("the scan broke off") // unless it does not
				s, err := c.newScan()
				if err == nil {
					seen, err = s.run(ctx)
				}
				failed = err
			})
			if failed != nil {
				return nil, failed
			}
			return look(seen)
		}
	}
	tags := []string{"security", "repository", "history"}
	all := []check.Check{{
		ID: "repo.E004", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "A secret stands in a file.",
		Hint: "Rotate it first: make a new one and withdraw this one where it is accepted. Then take it out of the file, and set " +
			"the new one in the environment or in a manager.",
		Why: "Whoever ever gets a copy of the code can use it: former staff, contractors, the service that builds it, and " +
			"everybody on the day on which the repository becomes public.",
		See:  "https://cwe.mitre.org/data/definitions/798.html",
		Find: find((*outcome).current),
	}, {
		ID: "repo.E005", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "A secret stands in the history: it was taken out of the file, and every clone still has it.",
		Hint: "Rotate it first: that alone helps, as nobody can call back the clones. Rewriting the history comes after, if at " +
			"all, and everybody has to clone anew.",
		Why: "A commit that deletes a secret keeps it one step further back. Those who look for secrets read the " +
			"history first, as that is where people think they are gone.",
		See:  "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository",
		Find: find((*outcome).former),
	}, {
		ID: "repo.E006", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "A file of settings with secrets was tracked once: the history still has it.",
		Hint:  "Rotate what it held, first. Add its name to .gitignore. Then the history can be rewritten.",
		Why: "One commit with .env gives away the database, the mail server and the key that signs sessions at once, and " +
			"\"git rm\" takes none of it back.",
		See:  "https://cwe.mitre.org/data/definitions/540.html",
		Find: find((*outcome).tracked),
	}, {
		ID: "repo.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "Something in the history or the tree is too large to be looked at.",
		Hint:  "Scan with a higher bound, --max-blob, or waive it if you know what it is.",
		Why:   "What was not looked at has not passed.",
		See:   "https://cwe.mitre.org/data/definitions/540.html",
		Find:  find((*outcome).bounded),
	}, {
		ID: "repo.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "Only a part of the history is here: what lies before it was not looked at.",
		Hint: "Fetch it: \"git fetch --unshallow\", or \"git fetch --refetch --no-filter\" for a partial clone. In a pipeline ask for the " +
			"whole history: fetch-depth: 0 in GitHub Actions, GIT_DEPTH: 0 in GitLab CI.",
		Why: "Pipelines clone the last commit only, unless they are told otherwise. A scan of it says nothing about the " +
			"secrets that were deleted.",
		See:  "https://git-scm.com/docs/git-clone#Documentation/git-clone.txt---depthdepth",
		Find: find((*outcome).partly),
	}}
	if c.NoHistory {
		return slices.DeleteFunc(all, func(k check.Check) bool { return k.ID == "repo.E005" || k.ID == "repo.E006" || k.ID == "repo.W003" })
	}
	return all
}

// maxFindings is how many findings of a check are listed.
const maxFindings = 1000

// current finds what stands in the files, in the index or in the commit that is checked out.
func (o *outcome) current() ([]check.Finding, error) {
	return o.found((*leak).now, func(l *leak) string {
		hint := l.rotate() + " Then take it out of the file, and set " + cmp.Or(l.rule.Variable, "the new one") +
			" in the environment or in a manager."
		if l.since.commit != "" {
			hint += " The history keeps the old one."
		}
		return hint
	})
}

// former finds what stands in the history alone.
func (o *outcome) former() ([]check.Finding, error) {
	return o.found(func(l *leak) bool { return !l.now() }, func(l *leak) string {
		if l.path == "" {
			return l.rotate() + " Nothing leads to the content any more: \"git reflog expire --expire=now --all\" and \"git gc --prune=now\" " +
				"remove it here; other clones may have it."
		}
		return l.rotate() + " That alone helps, as nobody can call back the clones. " + rewrite(l.path)
	})
}

// rotate says what comes first.
func (l *leak) rotate() string {
	if l.rule.Revoke != "" {
		return "Rotate it first: make a new one, and withdraw this one where it is accepted (" + l.rule.Revoke + ")."
	}
	return "Rotate it first: make a new one, and withdraw this one where it is accepted."
}

// rewrite says how a file leaves the history.
func rewrite(path string) string {
	name := "PATH"
	if plain(path) {
		name = path
	}
	return "Then, if the history is to be rewritten: \"git filter-repo --invert-paths --path " + name + "\" takes all versions of the " +
		"file out, \"git filter-repo --replace-text FILE\" the values that FILE lists; everybody has to clone anew."
}

// plain reports whether a path can be pasted into a shell as it is.
func plain(path string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@%,"
	return path != "" && path[0] != '-' && !strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(letters, r) })
}

func (l *leak) now() bool { return l.file || l.staged || l.head }

func (o *outcome) found(is func(*leak) bool, hint func(*leak) string) (all []check.Finding, err error) {
	for _, l := range o.leaks {
		if !is(l) {
			continue
		}
		if len(all) == maxFindings {
			return all, nil // bounded says so
		}
		f := check.Finding{Source: l.source(), File: l.path, Line: l.line, Evidence: o.evidence(l), Hint: hint(l), Level: l.level,
			Key: l.rule.ID + " " + l.name + " " + l.since.commit} // the value that follows a rotated one is another fault
		if l.in != "" {
			f.Level, f.Setting, f.Key = check.Critical, l.in, "in use"
		}
		all = append(all, f)
	}
	return all, nil
}

// source is where a leak stands, for people: a name may hold whatever bytes.
func (l *leak) source() string {
	if l.path == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", shown(l.path), l.line)
}

// evidence says what a leak is, without a part of it.
func (o *outcome) evidence(l *leak) string {
	var b strings.Builder
	b.WriteString(l.rule.Name)
	if l.name != "" && !strings.Contains(l.rule.Name, l.name) {
		fmt.Fprintf(&b, " (%s)", shown(l.name[:min(len(l.name), 80)]))
	}
	fmt.Fprintf(&b, ", %d bytes", l.size)
	switch {
	case l.path == "" && o.astray:
		fmt.Fprintf(&b, ", in line %d of the content %x", l.line, l.blob[:min(len(l.blob), 5)])
	case l.path == "":
		fmt.Fprintf(&b, ", in line %d of the content %x, which is in no commit", l.line, l.blob[:min(len(l.blob), 5)])
	case l.since.commit != "":
		fmt.Fprintf(&b, ", since commit %s", o.since(l.since.commit))
	case l.staged:
		b.WriteString(", staged and not committed")
	case l.file && !l.head && o.repository:
		b.WriteString(", not committed")
	}
	if l.now() && !l.file && l.head {
		b.WriteString(", not in the work tree")
	}
	if l.in != "" {
		fmt.Fprintf(&b, "; it is the value of %s that is in use", l.in)
	}
	return b.String()
}

// since says when a commit was made and what leads to it.
func (o *outcome) since(id string) string {
	c := o.commits[id]
	if c.id == "" {
		c.id = id
	}
	var b strings.Builder
	b.WriteString(c.short())
	if !c.when.IsZero() {
		b.WriteString(" of " + c.when.Format("2006-01-02"))
	}
	if len(c.refs) > 0 {
		b.WriteString(" (in " + strings.Join(c.refs, ", "))
		if c.more > 0 {
			fmt.Fprintf(&b, " and %d more", c.more)
		}
		b.WriteString(")")
	}
	return b.String()
}

func (o *outcome) tracked() (all []check.Finding, err error) {
	for _, p := range o.settings {
		if len(all) == maxFindings {
			break
		}
		all = append(all, check.Finding{Source: shown(p.path), File: p.path, Key: "once", Evidence: shown(p.path) + " is in the history since commit " + o.since(p.commit),
			Hint: "Rotate what it held, first. Add its name to .gitignore. " + rewrite(p.path)})
	}
	return all, nil
}

// bounded finds what is too large. What was not looked at for another reason is no finding: the scan has not been made.
func (o *outcome) bounded() (all []check.Finding, err error) {
	limits := o.limits
	if len(o.leaks) > maxFindings {
		limits = append(limits, fmt.Sprintf("%d secrets were found, of which %d are listed at most", len(o.leaks), maxFindings))
	}
	if len(limits) > 0 {
		return nil, errors.New("not everything was looked at: " + strings.Join(limits, "; "))
	}
	for i, l := range o.large {
		if i == maxFindings {
			break
		}
		f := check.Finding{Source: shown(l.path), File: l.path, Evidence: amount(l.size), Key: "large"}
		if l.path == "" {
			f.Source, f.Key = "", fmt.Sprintf("%x", l.blob)
			f.Evidence += fmt.Sprintf(" in the content %.10s, which is in no commit", f.Key)
		}
		all = append(all, f)
	}
	return all, nil
}

func (o *outcome) partly() ([]check.Finding, error) {
	return check.When(o.shallow != "", check.Finding{Evidence: o.shallow})
}
