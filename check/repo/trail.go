package repo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// commit is where something first came into the history.
type commit struct {
	id   string    // in hex
	when time.Time // what its committer claims
	refs []string  // some of the branches and tags that lead to it
	more int       // how many others do
}

func (c commit) short() string { return c.id[:min(len(c.id), 10)] }

// place is a path at which a content has been known, and the first commit that says so.
type place struct {
	path   string
	commit string // in hex
	age    int    // the higher, the older the commit is
}

// older returns the older of two places.
func older(a, b place) place {
	if b.age > a.age {
		return b
	}
	return a
}

// maxPlaces is how many paths are told of one content.
const maxPlaces = 100

// trail returns the places of blobs, whose names wanted holds as bytes: what each commit that a ref or a reflog leads to has
// that its parents have not.
func (s *store) trail(ctx context.Context, wanted map[string]bool) (map[string][]place, error) {
	places := map[string][]place{}
	note := func(blob string, at place) {
		known := places[blob]
		for i := range known {
			if known[i].path == at.path {
				known[i] = older(known[i], at)
				return
			}
		}
		if len(known) < maxPlaces {
			places[blob] = append(known, at)
		}
	}
	commits, feed := io.Pipe()
	go func() {
		feed.CloseWithError(stream(ctx, s.dir, nil, func(r *bufio.Reader) error {
			_, err := io.Copy(feed, r)
			return err
		}, "rev-list", "--all", "--reflog", "--topo-order"))
	}()
	err := stream(ctx, s.dir, commits, func(r *bufio.Reader) error {
		var blob string
		var at place
		return fields(r, func(field []byte) error {
			switch {
			case blob != "":
				if blob != nothing {
					at.path = string(field)
					note(blob, at)
				}
				blob = ""
			case len(field) > 0 && field[0] == ':':
				blob = nothing
				if id := result(field); wanted[id] {
					blob = id
				}
			case len(field) == 2*s.hash:
				at = place{commit: string(field), age: at.age + 1} // commits come newest first
			default:
				return errors.New("git diff-tree says what is not expected")
			}
			return nil
		})
	}, "diff-tree", "--stdin", "-r", "-c", "--root", "--no-renames", "--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv",
		"--ignore-submodules=all")
	commits.Close()
	return places, err
}

const nothing = "-"

// result returns the name, as bytes, of what a line of git's raw format ends with: one colon, mode and name for each parent,
// and one mode and name for the commit.
func result(line []byte) string {
	parts := bytes.Split(line, []byte(" "))
	if len(parts) < 3 {
		return nothing
	}
	id, err := hex.DecodeString(string(parts[len(parts)-2]))
	if err != nil {
		return nothing
	}
	return string(id)
}

// entries gives each file of a commit, or of the index if commit is empty, to each.
func (s *store) entries(ctx context.Context, commit string, each func(id, path string) error) error {
	name, args := "ls-tree", []string{"-r", "-z", "--full-tree", commit}
	if commit == "" {
		name, args = "ls-files", []string{"-s", "-z", "--full-name"}
	}
	dir := s.dir
	if commit == "" && s.top != "" {
		dir = s.top
	}
	n := 0
	return stream(ctx, dir, nil, func(r *bufio.Reader) error {
		return fields(r, func(field []byte) error {
			if n++; n > 20*maxFiles {
				return errors.New("a commit has too many files")
			}
			info, path, ok := strings.Cut(string(field), "\t")
			parts := strings.Split(info, " ") // mode, type and name, or mode, name and stage
			if !ok || len(parts) != 3 || !strings.HasPrefix(parts[0], "100") {
				return nil
			}
			text := parts[2]
			if commit == "" {
				text = parts[1]
			}
			id, err := hex.DecodeString(text)
			if err != nil {
				return nil
			}
			return each(string(id), path)
		})
	}, name, args...)
}

// head returns the name of the commit that is checked out; empty if there is none.
func (s *store) head(ctx context.Context) (string, error) {
	out, err := git(ctx, s.dir, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
	if failed, ok := errors.AsType[*gitError](err); ok && failed.status == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// about returns when a commit was made and what leads to it. What cannot be known stays empty.
func (s *store) about(ctx context.Context, id string) commit {
	c := commit{id: id}
	if text, err := git(ctx, s.dir, "cat-file", "commit", id); err == nil {
		c.when = committed(text)
	}
	out, err := git(ctx, s.dir, "for-each-ref", "--contains="+id, "--format=%(refname)")
	if err != nil {
		return c
	}
	for ref := range strings.Lines(string(out)) {
		ref = strings.TrimSuffix(ref, "\n")
		if len(c.refs) == 3 {
			c.more++
			continue
		}
		for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/", "refs/"} {
			if rest, ok := strings.CutPrefix(ref, prefix); ok {
				ref = rest
				if prefix == "refs/tags/" {
					ref = "tag " + rest
				}
				break
			}
		}
		c.refs = append(c.refs, shown(ref))
	}
	return c
}

// committed returns the time in the line "committer Name <address> 1700000000 +0000".
func committed(text []byte) time.Time {
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(line, []byte("committer "))
		if !ok {
			continue
		}
		words := strings.Fields(string(rest))
		if len(words) < 2 {
			break
		}
		seconds, err := strconv.ParseInt(words[len(words)-2], 10, 64)
		if err != nil || seconds < 0 || seconds > 1<<36 {
			break
		}
		return time.Unix(seconds, 0).UTC()
	}
	return time.Time{}
}
