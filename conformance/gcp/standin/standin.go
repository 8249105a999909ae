// Package standin is a stand-in for Google Secret Manager, and not Google Secret Manager. It speaks Google's own service
// definition, from which its interfaces are generated, and behaves as Google's public reference documentation says: which
// version is the latest, what a state or a missing permission is answered with, what a checksum is for, which names carry
// the project's number. What the documentation does not say, and what Google's servers do otherwise, it does not know.
//
// It keeps secrets in memory and gives them to whoever its policy names. It is for tests.
package standin

import (
	"context"
	"fmt"
	"hash/crc32"
	"maps"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Server is the stand-in. Its fields are set before Serve.
type Server struct {
	pb.UnimplementedSecretManagerServiceServer

	Project string // the ID of its one project
	Number  string // the project's number, which answers carry

	// Who returns whom an access token belongs to, as a member of a policy. If nil, everybody may do everything.
	Who func(token string) (member string, ok bool)

	// Before is called before each call, and its error answered.
	Before func(ctx context.Context, c Call) error

	// After may change what a reading is answered with.
	After func(*pb.AccessSecretVersionResponse)

	// Added sees each request to add a version.
	Added func(*pb.AddSecretVersionRequest)

	mu       sync.Mutex
	secrets  map[string]*secret // by what follows projects/p/ in the name
	policies map[string]*iampb.Policy
	calls    []Call
}

// Call is what was asked for.
type Call struct {
	Permission string // what it needs: secretmanager.versions.access
	Name       string // the resource, without projects/p/
	Authority  string // the host that was asked
}

type secret struct {
	versions []*version // the first has the number 1
	aliases  map[string]int
	lag      int // how many of the newest versions "latest" does not know yet
}

type version struct {
	data  []byte
	sum   int64
	state pb.SecretVersion_State
}

// New returns a stand-in without secrets.
func New(project, number string) *Server {
	return &Server{Project: project, Number: number, secrets: map[string]*secret{}, policies: map[string]*iampb.Policy{}}
}

// Serve serves until the listener is closed.
func (s *Server) Serve(l net.Listener, options ...grpc.ServerOption) *grpc.Server {
	g := grpc.NewServer(options...)
	pb.RegisterSecretManagerServiceServer(g, s)
	go func() { _ = g.Serve(l) }()
	return g
}

// Put adds a version to the secret called name, which is made if it is missing: "bulletin", or
// "locations/europe-west3/secrets/bulletin". It returns the version's number.
func (s *Server) Put(name, text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = full(name)
	if s.secrets[name] == nil {
		s.secrets[name] = &secret{}
	}
	return s.secrets[name].add([]byte(text))
}

func (x *secret) add(data []byte) int {
	x.versions = append(x.versions, &version{data, int64(crc32.Checksum(data, table)), pb.SecretVersion_ENABLED})
	return len(x.versions)
}

// Newest returns the text and the number of the newest version, or 0.
func (s *Server) Newest(name string) (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.secrets[full(name)]
	if x == nil || len(x.versions) == 0 {
		return "", 0
	}
	return string(x.versions[len(x.versions)-1].data), len(x.versions)
}

// Change sets the state of a version, as disabling and destroying it do.
func (s *Server) Change(name string, number int, state pb.SecretVersion_State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.secrets[full(name)].versions[number-1]
	if v.state = state; state == pb.SecretVersion_DESTROYED {
		v.data = nil
	}
}

// Alias gives a version another name.
func (s *Server) Alias(name, alias string, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[full(name)].aliases = map[string]int{alias: number}
}

// Lag lets "latest" be so many versions behind: it is eventually consistent, and a version's number is at once.
func (s *Server) Lag(name string, versions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[full(name)].lag = versions
}

// Delete deletes a secret.
func (s *Server) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.secrets, full(name))
}

// Grant sets the policy of a secret, or of the project if name is empty.
func (s *Server) Grant(name string, p *iampb.Policy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "" {
		name = full(name)
	}
	s.policies[name] = p
}

// Calls returns what was asked for since the last time.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func full(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return "secrets/" + name
}

// roles are those that a policy may name, with what they permit of what the stand-in knows.
var roles = map[string][]string{
	"roles/secretmanager.secretAccessor":     {"secretmanager.versions.access"},
	"roles/secretmanager.secretVersionAdder": {"secretmanager.versions.add"},
	"roles/secretmanager.admin":              {"secretmanager.versions.access", "secretmanager.versions.add", "secretmanager.secrets.create"},
}

var startsWith = regexp.MustCompile(`^resource\.name\.startsWith\("([^"\\]+)"\)$`)

// begin is what comes before each call: it counts it, asks who calls, and whether they may.
func (s *Server) begin(ctx context.Context, permission, name, resource string) error {
	c := Call{Permission: permission, Name: name}
	md, _ := metadata.FromIncomingContext(ctx)
	if a := md.Get(":authority"); len(a) == 1 {
		c.Authority = a[0]
	}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	if s.Before != nil {
		if err := s.Before(ctx, c); err != nil {
			return err
		}
	}
	// An endpoint serves its own location and no other.
	if region, ok := strings.CutSuffix(strings.TrimSuffix(c.Authority, ":443"), ".rep.googleapis.com"); ok {
		if !strings.HasPrefix(name, "locations/"+strings.TrimPrefix(region, "secretmanager.")+"/") {
			return status.Error(codes.InvalidArgument, "the resource is not in the endpoint's location")
		}
	} else if strings.HasSuffix(c.Authority, "googleapis.com") && strings.HasPrefix(name, "locations/") {
		return status.Error(codes.InvalidArgument, "a regional resource needs a regional endpoint")
	}
	if s.Who == nil {
		return nil
	}
	header := md.Get("authorization")
	token := ""
	if len(header) == 1 {
		token, _ = strings.CutPrefix(header[0], "Bearer ")
	}
	member, ok := s.Who(token)
	if !ok {
		return status.Error(codes.Unauthenticated, "Request had invalid authentication credentials.")
	}
	if s.may(member, permission, name, resource) {
		return nil
	}
	denied, err := status.New(codes.PermissionDenied, fmt.Sprintf("Permission '%s' denied for resource 'projects/%s/%s' (or it may not exist).",
		permission, s.Project, name)).WithDetails(&errdetails.ErrorInfo{Reason: "IAM_PERMISSION_DENIED", Domain: "iam.googleapis.com"})
	if err != nil {
		return err
	}
	return denied.Err()
}

// may looks at the policies of the secret and of the project. resource is what a condition sees.
func (s *Server) may(member, permission, name, resource string) bool {
	s.mu.Lock()
	policies := maps.Clone(s.policies)
	s.mu.Unlock()
	owner, _, _ := strings.Cut(name, "/versions/")
	for _, p := range []*iampb.Policy{policies[owner], policies[""]} {
		for _, b := range p.GetBindings() {
			if !contains(b.GetMembers(), member) || !contains(roles[b.GetRole()], permission) {
				continue
			}
			if b.GetCondition() == nil {
				return true
			}
			m := startsWith.FindStringSubmatch(b.GetCondition().GetExpression())
			if m != nil && strings.HasPrefix("projects/"+s.Number+"/"+resource, m[1]) {
				return true
			}
		}
	}
	return false
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// local returns name without its project, which has to be ours, by ID or number.
func (s *Server) local(name string) (string, error) {
	for _, project := range []string{s.Project, s.Number} {
		if rest, ok := strings.CutPrefix(name, "projects/"+project+"/"); ok {
			return rest, nil
		}
	}
	return "", status.Error(codes.PermissionDenied, "Permission denied on resource project (or it may not exist).")
}

func (s *Server) named(name string, number int) string {
	return "projects/" + s.Number + "/" + name + "/versions/" + strconv.Itoa(number)
}
