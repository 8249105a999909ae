package gcpsecrets

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// maxPayload is the largest secret that Secret Manager keeps.
const maxPayload = 64 << 10

// ErrOvertaken says that a version was written, and that somebody else wrote one between the reading that it is based on
// and the writing: theirs is a version before ours, and no longer the latest.
var ErrOvertaken = errors.New("somebody else wrote the secret at the same time: compare the versions")

// run is what one new version changes: one whole secret, or several fields of one that follow each other.
type run struct {
	place   place // without a field
	fields  bool
	changes []settings.Change
}

// Write implements [settings.Writer]. Settings that are fields of the same secret and follow each other change in one
// version, all at once. A secret that does not exist is made, replicated automatically (or in the Source's location). A
// pinned setting cannot be written, nor can an empty secret or one over 64 KiB.
//
// A change's Version is compared just before the writing, which needs the permission to read; a whole secret without one
// needs only roles/secretmanager.secretVersionAdder. A writing that was crossed by another in the moment between is found
// by its version's number: the error then wraps [ErrOvertaken], ours is the latest version, and theirs the one before.
func (s *Source) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return notWritten(err, changes)
	}
	runs, err := s.plan(changes)
	if err != nil || len(runs) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := s.connect(ctx)
	if err != nil {
		return notWritten(err, changes)
	}
	w := &writing{s, client, map[string]int{}}
	// All are compared before the first is written, so that a conflict found then has changed nothing.
	before := make([]secret, len(runs))
	texts := make([]string, len(runs))
	for i, r := range runs {
		if before[i], texts[i], err = w.prepare(ctx, r); err != nil {
			return notWritten(err, changes)
		}
	}
	for i, r := range runs {
		if i > 0 { // time has passed
			if before[i], texts[i], err = w.prepare(ctx, r); err != nil {
				if errors.Is(err, settings.ErrConflict) { // which promises that nothing was written
					err = errors.New("gcp-sm: " + r.place.label() + ": it changed while others were written")
				}
				return notWritten(err, rest(runs[i:]))
			}
		}
		err := w.add(ctx, r, before[i].version, texts[i])
		if errors.Is(err, ErrOvertaken) {
			return notWritten(err, rest(runs[i+1:]))
		}
		if err != nil {
			return notWritten(err, rest(runs[i:]))
		}
	}
	return nil
}

// plan puts the changes into runs and refuses what cannot be written.
func (s *Source) plan(changes []settings.Change) ([]run, error) {
	var runs []run
	for _, c := range changes {
		p, ok := s.find(c.Name)
		field := p.field != ""
		p.field = ""
		problem := ""
		switch size := len(c.Text.Reveal()); {
		case !ok:
			problem = "no secret can be called so"
		case p.version != latest:
			problem = "it is mapped to a pinned version"
		case size > maxPayload:
			problem = "it is larger than 64 KiB"
		case size == 0 && !field:
			problem = "Secret Manager keeps no empty secret: make it a field of one"
		}
		if problem != "" {
			return nil, notWritten(errors.New("gcp-sm: "+c.Name+": "+problem), changes)
		}
		last := len(runs) - 1
		if field && last >= 0 && runs[last].fields && runs[last].place == p {
			runs[last].changes = append(runs[last].changes, c)
			continue
		}
		runs = append(runs, run{p, field, []settings.Change{c}})
	}
	return runs, nil
}

// writing is one Write.
type writing struct {
	*Source
	client *secretmanager.Client
	own    map[string]int // the versions that it has written
}

// prepare reads what r is based on, compares versions, and returns the text to write. A whole secret that is written
// whatever is there is not read.
func (w *writing) prepare(ctx context.Context, r run) (secret, string, error) {
	before := secret{version: -1} // unknown
	if r.compares() {
		var err error
		if before, err = w.newest(ctx, r.place); err != nil {
			if f, ok := errors.AsType[*settings.Fault](err); ok {
				f.Origin = r.place.origin()
			}
			return before, "", err
		}
	}
	own, wrote := w.own[r.place.secret]
	for _, c := range r.changes {
		if wrote && before.version == own || c.Version == "" {
			continue // what we wrote ourselves is no conflict
		}
		if c.Version != strconv.Itoa(before.version) {
			return before, "", fmt.Errorf("gcp-sm: %s: %w", r.place.label(), settings.ErrConflict)
		}
	}
	if !r.fields {
		return before, r.changes[0].Text.Reveal(), nil
	}
	set := map[string]string{}
	for _, c := range r.changes {
		p, _ := w.find(c.Name)
		set[p.field] = c.Text.Reveal()
	}
	text, err := fields.Set(before.text, set)
	switch {
	case err != nil:
		return before, "", fmt.Errorf("gcp-sm: %s: %w", r.place.label(), err)
	case len(text) > maxPayload:
		return before, "", errors.New("gcp-sm: " + r.place.label() + ": all its fields together are larger than 64 KiB")
	}
	return before, text, nil
}

// newest reads the newest version, whatever lags behind: versions are numbered without gaps, and whether a number exists
// is told at once, unlike which one is the latest.
func (w *writing) newest(ctx context.Context, p place) (secret, error) {
	got, err := w.access(ctx, w.client, p)
	for range 100 {
		if err != nil {
			return got, err
		}
		next, err := accessVersion(ctx, w.client, place{p.secret, strconv.Itoa(got.version + 1), ""})
		if err != nil || next.version == 0 {
			return got, err
		}
		got = next
	}
	return got, errors.New("gcp-sm: " + p.label() + ": which version is the latest lags behind by far: try again in some minutes")
}

func (r run) compares() bool {
	for _, c := range r.changes {
		if c.Version != "" {
			return true
		}
	}
	return r.fields
}

// add writes text as a new version, which has to follow the version before, if that is known.
func (w *writing) add(ctx context.Context, r run, before int, text string) error {
	sum := int64(crc32.Checksum([]byte(text), castagnoli))
	request := &secretmanagerpb.AddSecretVersionRequest{
		Parent:  r.place.secret,
		Payload: &secretmanagerpb.SecretPayload{Data: []byte(text), DataCrc32C: &sum},
	}
	added, err := w.client.AddSecretVersion(ctx, request)
	if status.Code(err) == codes.NotFound {
		if err := w.create(ctx, r.place); err != nil {
			return err
		}
		added, err = w.client.AddSecretVersion(ctx, request)
	}
	if err != nil {
		return denied(ctx, r.place, err)
	}
	number, ok := numbered(added.GetName(), r.place.secret)
	version, err := strconv.Atoi(number)
	if !ok || err != nil {
		return errors.New("gcp-sm: " + r.place.label() + ": the service answered with another secret: it is not known whether it was written")
	}
	w.own[r.place.secret] = version
	w.mu.Lock()
	w.written[r.place.secret] = max(version, w.written[r.place.secret])
	w.mu.Unlock()
	if before >= 0 && version != before+1 {
		return fmt.Errorf("gcp-sm: %s: written as version %d, read as version %d: %w", r.place.label(), version, before, ErrOvertaken)
	}
	return nil
}

// create makes the secret, without a version.
func (w *writing) create(ctx context.Context, p place) error {
	parent, id, _ := strings.Cut(p.secret, "/secrets/")
	made := &secretmanagerpb.Secret{}
	if w.cfg.Location == "" { // a regional secret stays where it is
		made.Replication = &secretmanagerpb.Replication{Replication: &secretmanagerpb.Replication_Automatic_{
			Automatic: &secretmanagerpb.Replication_Automatic{}}}
	}
	_, err := w.client.CreateSecret(ctx, &secretmanagerpb.CreateSecretRequest{Parent: parent, SecretId: id, Secret: made})
	switch status.Code(err) {
	case codes.OK, codes.AlreadyExists: // somebody else made it
		return nil
	case codes.PermissionDenied:
		return errors.New("gcp-sm: " + p.label() + ": there is no such secret, and the program may not make it: make it, without a version")
	}
	return failure(ctx, p.label(), err)
}

// denied is what a failed writing means.
func denied(ctx context.Context, p place, err error) error {
	switch status.Code(err) {
	case codes.PermissionDenied:
		return errors.New("gcp-sm: " + p.label() + ": the program may not write the secret, or there is none: " +
			"grant roles/secretmanager.secretVersionAdder on it")
	case codes.FailedPrecondition:
		return errors.New("gcp-sm: " + p.label() + ": the service keeps no new version of it in its present state")
	}
	return fmt.Errorf("%w: it is not known whether it was written", failure(ctx, p.label(), err))
}

// rest returns the changes of runs.
func rest(runs []run) (all []settings.Change) {
	for _, r := range runs {
		all = append(all, r.changes...)
	}
	return all
}

// notWritten adds the names that were not written.
func notWritten(err error, changes []settings.Change) error {
	if len(changes) == 0 {
		return err
	}
	var names []string
	for _, c := range changes {
		names = append(names, c.Name)
	}
	return fmt.Errorf("%w (not written: %s)", err, strings.Join(names, ", "))
}
