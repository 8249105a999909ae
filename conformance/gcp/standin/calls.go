package standin

import (
	"context"
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var table = crc32.MakeTable(crc32.Castagnoli)

var secretID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// AccessSecretVersion reads a version by number, by alias, or the most recently created one, as "latest".
func (s *Server) AccessSecretVersion(ctx context.Context, r *pb.AccessSecretVersionRequest) (*pb.AccessSecretVersionResponse, error) {
	name, err := s.local(r.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, "secretmanager.versions.access", name, name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, which, _ := strings.Cut(name, "/versions/")
	number := 0
	x := s.secrets[owner]
	if x != nil {
		if number, _ = strconv.Atoi(which); which == "latest" {
			number = len(x.versions) - x.lag
		} else if n, ok := x.aliases[which]; ok {
			number = n
		}
	}
	if x == nil || number < 1 || number > len(x.versions) {
		return nil, status.Errorf(codes.NotFound, "Secret [projects/%s/%s] not found or has no versions.", s.Number, owner)
	}
	v := x.versions[number-1]
	if v.state != pb.SecretVersion_ENABLED {
		return nil, status.Errorf(codes.FailedPrecondition, "Secret Version [%s] is in %s state.", s.named(owner, number), v.state)
	}
	sum := v.sum
	answer := &pb.AccessSecretVersionResponse{
		Name:    s.named(owner, number),
		Payload: &pb.SecretPayload{Data: v.data, DataCrc32C: &sum},
	}
	if s.After != nil {
		s.After(answer)
	}
	return answer, nil
}

// AddSecretVersion adds a version. It compares nothing but the checksum.
func (s *Server) AddSecretVersion(ctx context.Context, r *pb.AddSecretVersionRequest) (*pb.SecretVersion, error) {
	name, err := s.local(r.GetParent())
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, "secretmanager.versions.add", name, name); err != nil {
		return nil, err
	}
	if s.Added != nil {
		s.Added(r)
	}
	data, sum := r.GetPayload().GetData(), r.GetPayload().DataCrc32C
	switch {
	case len(data) == 0:
		return nil, status.Error(codes.InvalidArgument, "Secret Payload cannot be empty.")
	case len(data) > 64<<10:
		return nil, status.Error(codes.InvalidArgument, "The payload is larger than 64 KiB.")
	case sum != nil && *sum != int64(crc32.Checksum(data, table)):
		return nil, status.Error(codes.InvalidArgument, "The checksum does not match the payload.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.secrets[name]
	if x == nil {
		return nil, status.Errorf(codes.NotFound, "Secret [projects/%s/%s] not found.", s.Number, name)
	}
	number := x.add(data)
	return &pb.SecretVersion{
		Name: s.named(name, number), State: pb.SecretVersion_ENABLED, Etag: fmt.Sprintf("%q", strconv.Itoa(number)),
		ClientSpecifiedPayloadChecksum: sum != nil,
	}, nil
}

// CreateSecret makes a secret without a version. A global one says how it is replicated, a regional one does not.
func (s *Server) CreateSecret(ctx context.Context, r *pb.CreateSecretRequest) (*pb.Secret, error) {
	parent, err := s.local(r.GetParent() + "/")
	if err != nil {
		return nil, err
	}
	name := parent + "secrets/" + r.GetSecretId()
	// The permission is the parent's: a condition on the secret's name does not see it.
	if err := s.begin(ctx, "secretmanager.secrets.create", name, strings.TrimSuffix(parent, "/")); err != nil {
		return nil, err
	}
	replicated := r.GetSecret().GetReplication() != nil
	switch {
	case !secretID.MatchString(r.GetSecretId()):
		return nil, status.Error(codes.InvalidArgument, "The secret ID is not valid.")
	case replicated == (parent != ""):
		return nil, status.Error(codes.InvalidArgument, "The replication policy does not fit the location.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secrets[name] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "Secret [projects/%s/%s] already exists.", s.Number, name)
	}
	s.secrets[name] = &secret{}
	return &pb.Secret{Name: "projects/" + s.Number + "/" + name, Replication: r.GetSecret().GetReplication(), Etag: `"0"`}, nil
}
