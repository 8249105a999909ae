package gcpsecrets

import (
	"context"
	"errors"
	"hash/crc32"
	"strconv"
	"strings"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2/apierror"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
	"github.com/airworthy-go/airworthy/settings"
)

// parallel is how many readings of one Lookup are under way at once: Secret Manager reads one secret per call.
const parallel = 8

const accessor = "roles/secretmanager.secretAccessor"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// secret is what one call read.
type secret struct {
	text    string
	version int // 0 if there is no such secret, or if it has no version
	fields  map[string]string
}

// Lookup implements [settings.Source]. Each secret is read once, however many settings it holds, so that these belong
// together; several secrets are read one by one, eight at once. A secret that does not exist, or has no version, holds
// nothing. One that may not be read, is disabled, destroyed, damaged or no JSON is a *settings.Fault for each of its
// settings, and what concerns the service as a whole one error for all.
func (s *Source) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	values := map[string]settings.Value{}
	if err := ctx.Err(); err != nil || len(names) == 0 {
		return values, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	read, faults, err := s.readAll(ctx, client, names)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range names {
		p, ok := s.find(name)
		if !ok {
			continue
		}
		at := place{p.secret, p.version, ""}
		if f := faults[at]; f != nil {
			problems = append(problems, &settings.Fault{Variable: name, Origin: p.origin(), Rule: f.Rule, Remedy: f.Remedy})
			continue
		}
		found := read[at]
		v := settings.Value{Text: found.text, Origin: p.origin(), Version: strconv.Itoa(found.version)}
		present := found.version > 0
		if p.field != "" && present {
			if found.fields == nil {
				if found.fields, err = fields.Decode(found.text); err != nil {
					rule, remedy, _ := strings.Cut(err.Error(), ": ")
					problems = append(problems, &settings.Fault{Variable: name, Origin: p.origin(), Rule: rule, Remedy: remedy})
					continue
				}
				read[at] = found
			}
			v.Text, present = found.fields[p.field]
		}
		if present {
			values[name] = v
		}
	}
	return values, errors.Join(problems...)
}

// readAll reads the secrets that names stand in, each once: by its place without a field.
func (s *Source) readAll(ctx context.Context, client *secretmanager.Client, names []string) (
	map[place]secret, map[place]*settings.Fault, error) {
	var places []place
	seen := map[place]bool{}
	for _, name := range names {
		p, ok := s.find(name)
		p.field = ""
		if ok && !seen[p] {
			seen[p] = true
			places = append(places, p)
		}
	}
	found := make([]secret, len(places))
	wrong := make([]*settings.Fault, len(places))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, p := range places {
		g.Go(func() (err error) {
			if err = ctx.Err(); err == nil {
				found[i], err = s.access(ctx, client, p)
			}
			wrong[i], _ = errors.AsType[*settings.Fault](err)
			if wrong[i] != nil {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	read, faults := map[place]secret{}, map[place]*settings.Fault{}
	for i, p := range places {
		read[p], faults[p] = found[i], wrong[i]
	}
	return read, faults, nil
}

// access reads a secret. What is called latest may lag behind by minutes, and a version's number does not: so a
// version that this Source has written is read by its number until the service knows it as the latest.
func (s *Source) access(ctx context.Context, client *secretmanager.Client, p place) (secret, error) {
	got, err := accessVersion(ctx, client, p)
	switch {
	case err != nil:
		return got, err
	case p.version != latest && got.version == 0:
		return got, &settings.Fault{Rule: "there is no such version", Remedy: "map the setting to one that exists"}
	case p.version != latest:
		return got, nil
	}
	s.mu.Lock()
	ours := s.written[p.secret]
	s.mu.Unlock()
	if got.version >= ours {
		return got, nil
	}
	newer, err := accessVersion(ctx, client, place{p.secret, strconv.Itoa(ours), ""})
	if err == nil && newer.version == 0 { // the secret was deleted, and perhaps made again
		s.mu.Lock()
		delete(s.written, p.secret)
		s.mu.Unlock()
		return got, nil
	}
	return newer, err
}

// accessVersion makes the call. What does not exist has the version 0. The error is a *settings.Fault, without a
// variable, if it is about the secret.
func accessVersion(ctx context.Context, client *secretmanager.Client, p place) (secret, error) {
	answer, err := client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: p.secret + "/versions/" + p.version})
	if err != nil {
		if status.Code(err) == codes.NotFound {
			return secret{}, nil
		}
		return secret{}, refused(ctx, p, err)
	}
	number, ok := numbered(answer.GetName(), p.secret)
	version, err := strconv.Atoi(number)
	if !ok || err != nil || p.version[0] <= '9' && p.version != number {
		return secret{}, &settings.Fault{Rule: "the service answered with another secret or version", Remedy: "look at what answers there"}
	}
	payload := answer.GetPayload()
	data := payload.GetData()
	if payload == nil || payload.DataCrc32C == nil || *payload.DataCrc32C != int64(crc32.Checksum(data, castagnoli)) {
		return secret{}, &settings.Fault{Rule: "the payload does not have its checksum", Remedy: "read it again; it was damaged on the way"}
	}
	return secret{text: string(data), version: version}, nil
}

// refused is what a failed reading means.
func refused(ctx context.Context, p place, err error) error {
	switch status.Code(err) {
	case codes.FailedPrecondition:
		return &settings.Fault{Rule: "the version is disabled or destroyed", Remedy: "enable it, or add a new version"}
	case codes.PermissionDenied:
		if a, ok := apierror.FromError(err); ok && a.Reason() == "SERVICE_DISABLED" {
			return errors.New("gcp-sm: " + p.label() + ": the Secret Manager API is not enabled in the project: enable it")
		}
		return &settings.Fault{Rule: "the program may not read the secret, or there is none",
			Remedy: "grant " + accessor + " on it, or for a prefix on the project with a condition"}
	}
	return failure(ctx, p.label(), err)
}
