package vaultsecrets

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// attempts are those to write what has no version to compare while others write too.
const attempts = 4

// change is what is to be written of one secret.
type change struct {
	path    string
	mount   mount
	names   []string
	held    held
	text    string
	compare bool // one of the changes has a version
}

// Write replaces values. The fields of one secret change together, and its other fields stay; several secrets are written
// in the order in which the changes first name them, and the first failure ends it. All versions are compared before
// anything is written.
//
// In KV 2 Vault itself compares: nothing that somebody else writes in between is lost. KV 1 cannot: what others write
// between our reading and our writing is lost. A secret that is not there is created. What other engines make cannot be
// written.
func (s *Source) Write(ctx context.Context, changes []settings.Change) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	var names []string
	for _, c := range changes {
		if _, ok := s.ref(c.Name); !ok {
			return fmt.Errorf("%s: %s: has no place here: map it in the URL, %s=secret/path%%23field (nothing is written)", scheme, c.Name, c.Name)
		}
		names = append(names, c.Name)
	}
	sess, planned, err := s.plan(ctx, s.paths(names), changes)
	if err != nil {
		return notWritten(err, names)
	}
	for i := range planned {
		err := s.commit(ctx, sess, &planned[i], changes, i > 0)
		s.dropLease(planned[i].path)
		if err != nil {
			var left []string
			for _, later := range planned[i:] {
				left = append(left, later.names...)
			}
			return notWritten(err, left)
		}
	}
	return nil
}

func notWritten(err error, names []string) error {
	return fmt.Errorf("%w (not written: %s)", err, strings.Join(names, ", "))
}

// plan reads what is to be changed, compares versions, and makes the new texts.
func (s *Source) plan(ctx context.Context, paths []string, changes []settings.Change) (*session, []change, error) {
	sess, all, p := s.visit(ctx, paths, false)
	if p != nil {
		return nil, nil, s.failed(s.host, p)
	}
	var planned []change
	for _, path := range paths {
		c := change{path: path, held: all[path]}
		if p := c.held.problem; p != nil {
			return nil, nil, s.failed(path, p)
		}
		var p *problem
		if c.mount, _, p = s.mountOf(ctx, sess, path); p != nil {
			return nil, nil, s.failed(s.host, p)
		}
		if c.mount.kv == 0 {
			return nil, nil, s.failed(path, &problem{"is not in a KV engine and cannot be written", "write it where it comes from", nil})
		}
		if err := s.merge(&c, changes); err != nil {
			return nil, nil, err
		}
		planned = append(planned, c)
	}
	return sess, planned, nil
}

// merge lays those of the changes that concern c.path over what is held.
func (s *Source) merge(c *change, changes []settings.Change) error {
	set := map[string]string{}
	c.names = nil
	for _, one := range changes {
		ref, _ := s.ref(one.Name)
		if ref.Secret != c.path {
			continue
		}
		if one.Version != "" && one.Version != c.held.version {
			return s.failed(c.path+"#"+ref.Field, conflict())
		}
		c.compare = c.compare || one.Version != ""
		c.names = append(c.names, one.Name)
		set[ref.Field] = one.Text.Reveal()
	}
	var err error
	if c.text, err = fields.Set(c.held.data, set); err != nil {
		return fmt.Errorf("%s %s: %w", scheme, c.path, err)
	}
	return nil
}

func conflict() *problem {
	return &problem{"somebody else has written", "read it again", settings.ErrConflict}
}

// written reports whether Vault says that it has written: version 2 says which version that is, version 1 says nothing.
func (m mount) written(r reply) bool {
	var put struct {
		Version int64 `json:"version"`
	}
	if m.kv == 2 {
		return r.status == http.StatusOK && json.Unmarshal(r.Data, &put) == nil && put.Version > 0
	}
	return r.status == http.StatusNoContent || r.status == http.StatusOK
}

// commit writes one secret. If another was written before, a conflict is not said to be one: it would say that nothing was
// written.
func (s *Source) commit(ctx context.Context, sess *session, c *change, changes []settings.Change, partial bool) error {
	for range attempts {
		var body any = []byte(c.text)
		if c.mount.kv == 2 {
			body = map[string]any{"options": map[string]int64{"cas": c.held.cas}, "data": json.RawMessage(c.text)}
		}
		r, p := s.put(ctx, sess.client, c.mount.api(c.path), body)
		switch {
		case p != nil:
			return s.failed(s.host, p)
		case c.mount.written(r):
			return nil
		case r.status == http.StatusOK, r.status == http.StatusNoContent:
			return s.failed(s.host, unreadable())
		case r.status == http.StatusForbidden:
			capability := "update"
			if c.held.version == "" && c.held.cas == 0 {
				capability = "create"
			}
			return s.failed(c.path, denied(capability, c.mount.api(c.path)))
		case r.status != http.StatusBadRequest || c.mount.kv != 2:
			return s.failed(c.path, noMount())
		}
		// Vault compared and found another version, or it dislikes the request as such.
		now, p := s.readPath(ctx, sess, c.path, false)
		switch {
		case p != nil:
			return s.failed(s.host, p)
		case now.problem != nil:
			return s.failed(c.path, now.problem)
		case now.cas == c.held.cas:
			return s.failed(c.path, &problem{"writing is refused as a bad request", "check the path, and that the values are not too large", nil})
		case c.compare && partial:
			return s.failed(c.path, &problem{"somebody else has written", "read it again", nil})
		case c.compare:
			return s.failed(c.path, conflict())
		}
		c.held = now
		if err := s.merge(c, changes); err != nil {
			return err
		}
	}
	return s.failed(c.path, &problem{"others write all the time", "try again later", nil})
}
