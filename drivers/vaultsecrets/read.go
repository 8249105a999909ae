package vaultsecrets

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// maxAtOnce is how many paths are read at the same time.
const maxAtOnce = 4

// held is what stands at a path.
type held struct {
	data    string // a JSON object; empty if nothing is there
	version string // empty if nothing is there
	cas     int64  // the newest version in a mount of version 2, also if it is deleted
	problem *problem
	retry   bool // the problem may go away by another look
}

// Lookup reads all names, each path once. It logs in and renews as far as that is needed. If a path cannot be read, the error has
// a *Fault for each of its names; if the server cannot be asked or refuses the login, it is one error.
func (s *Source) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	_, all, p := s.visit(ctx, s.paths(names), true)
	if p != nil {
		return nil, s.failed(s.host, p)
	}
	values := map[string]settings.Value{}
	decoded := map[string]map[string]string{}
	var faults []error
	for _, name := range names {
		ref, ok := s.ref(name)
		if !ok {
			continue
		}
		h, origin := all[ref.Secret], scheme+" "+ref.Secret+"#"+ref.Field
		if h.problem != nil {
			faults = append(faults, &settings.Fault{Variable: name, Origin: origin, Rule: h.problem.rule, Remedy: h.problem.remedy})
			continue
		}
		if h.data == "" {
			continue
		}
		if decoded[ref.Secret] == nil {
			var err error
			if decoded[ref.Secret], err = fields.Decode(h.data); err != nil {
				rule, remedy, _ := strings.Cut(err.Error(), ": ")
				faults = append(faults, &settings.Fault{Variable: name, Origin: origin, Rule: rule, Remedy: remedy})
				continue
			}
		}
		if text, ok := decoded[ref.Secret][ref.Field]; ok {
			values[name] = settings.Value{Text: text, Origin: origin, Version: h.version}
		}
	}
	return values, errors.Join(faults...)
}

// ref returns where the value of a setting stands, and whether it can stand here.
func (s *Source) ref(name string) (settings.Ref, bool) {
	if ref, ok := s.cfg.Refs[name]; ok {
		return ref, true
	}
	return settings.Ref{Secret: s.cfg.Path, Field: name}, s.cfg.Path != "" && name != ""
}

// paths returns where the names stand, each path once.
func (s *Source) paths(names []string) []string {
	var paths []string
	for _, name := range names {
		if ref, ok := s.ref(name); ok && !slices.Contains(paths, ref.Secret) {
			paths = append(paths, ref.Secret)
		}
	}
	return paths
}

// visit signs in and reads all paths. If keep, what is leased may be what was read before. A refusal may come of a token that
// has ended meanwhile: then it signs in and reads again, once.
func (s *Source) visit(ctx context.Context, paths []string, keep bool) (*session, map[string]held, *problem) {
	if len(paths) == 0 {
		return nil, nil, nil
	}
	before := s.session
	sess, p := s.signedIn(ctx)
	if p != nil {
		return nil, nil, p
	}
	all, p := s.readAll(ctx, sess, paths, keep)
	if p != nil {
		return nil, nil, p
	}
	var again []string
	for _, path := range paths {
		if all[path].retry {
			again = append(again, path)
		}
	}
	if len(again) == 0 || sess != before && sess.own {
		return sess, all, nil
	}
	next, p := s.replace(ctx, sess)
	if p != nil {
		return nil, nil, p
	}
	if next != nil {
		sess = next
	}
	second, p := s.readAll(ctx, sess, again, keep)
	if p != nil {
		return nil, nil, p
	}
	for path, h := range second {
		all[path] = h
	}
	return sess, all, nil
}

// readAll reads the paths, some at the same time. The problem is one of the server and not of a path.
func (s *Source) readAll(ctx context.Context, sess *session, paths []string, keep bool) (map[string]held, *problem) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	all := map[string]held{}
	var first *problem
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxAtOnce)
	for _, path := range paths {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			h, p := s.readPath(ctx, sess, path, keep)
			mu.Lock()
			defer mu.Unlock()
			all[path] = h
			if p != nil && first == nil {
				first = p
				cancel(nil) // the others would fail likewise
			}
		})
	}
	wg.Wait()
	return all, first
}

// readPath reads a path, or renews what was leased there.
func (s *Source) readPath(ctx context.Context, sess *session, path string, keep bool) (held, *problem) {
	if keep {
		if h, ok, p := s.renewLease(ctx, sess, path); ok || p != nil {
			return h, p
		}
	}
	m, h, p := s.mountOf(ctx, sess, path)
	if p != nil || h.problem != nil {
		return h, p
	}
	start := s.now()
	r, p := s.get(ctx, sess.client, m.api(path))
	if p != nil {
		return held{}, p
	}
	if h, p = m.hold(path, r); m.told && p == nil && h == (held{}) {
		return s.confirm(ctx, sess, path, m)
	}
	if h.problem != nil || p != nil {
		s.mu.Lock()
		delete(s.mounts, path) // it may have been mounted anew
		s.mu.Unlock()
	}
	if keep && h.data != "" {
		s.keepLease(path, h, r, start)
	}
	return h, p
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// fingerprint is the version of what has none.
func fingerprint(path string, data []byte) string {
	var parsed any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&parsed) == nil { // the order of fields is not a change
		if text, err := json.Marshal(parsed); err == nil {
			data = text
		}
	}
	mac := hmac.New(sha256.New, fingerprintKey())
	mac.Write([]byte(path + "\x00"))
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
