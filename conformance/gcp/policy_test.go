package gcp_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/airworthy-go/airworthy/conformance/gcp/standin"
	"github.com/airworthy-go/airworthy/settings"
)

var block = regexp.MustCompile("(?s)<!-- ([^>]+) -->\n```json\n(.*?)```\n")

// policies returns the policies of docs/secrets-gcp.md, by the comment before each.
func policies(t *testing.T) map[string]*iampb.Policy {
	t.Helper()
	page, err := os.ReadFile("../../docs/secrets-gcp.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*iampb.Policy{}
	for _, m := range block.FindAllStringSubmatch(string(page), -1) {
		p := &iampb.Policy{}
		if err := protojson.Unmarshal([]byte(m[2]), p); err != nil {
			t.Fatalf("%s is no policy: %v", m[1], err)
		}
		for _, b := range p.GetBindings() {
			if b.GetCondition() != nil && p.GetVersion() != 3 {
				t.Errorf("%s: a policy with a condition has the version 3", m[1])
			}
		}
		found[m[1]] = p
	}
	if len(found) != 3 || strings.Count(string(page), "```json") != 3 {
		t.Fatalf("found %d policies, want 3", len(found))
	}
	return found
}

// TestPolicies: the policies of the page are enough, one binding less is not, and the driver needs nothing else.
func TestPolicies(t *testing.T) {
	read := func(s settings.Writer, t *testing.T) error {
		_, err := s.Lookup(t.Context(), []string{"SECRET_KEY", "MISSING"})
		return err
	}
	for _, test := range []struct {
		name, secret, path, permissions string
		use                             func(s settings.Writer, t *testing.T) error
	}{
		{"secret bulletin: read", "bulletin", "bulletin", access, read},
		{"project: read with a prefix", "", "bulletin-", access, read},
		{"secret bulletin: rotate", "bulletin", "bulletin", access + " " + add, func(s settings.Writer, t *testing.T) error {
			got, err := s.Lookup(t.Context(), []string{"SECRET_KEY"})
			if err != nil {
				return err
			}
			return s.Write(t.Context(), []settings.Change{
				change("SECRET_KEY_FALLBACKS", "k", ""), change("SECRET_KEY", "new", got["SECRET_KEY"].Version)})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			policy := policies(t)[test.name]
			who := policy.GetBindings()[0].GetMembers()[0]
			try := func(p *iampb.Policy, member string) (*standin.Server, error) {
				s, source := begin(t, test.path)
				s.Put("bulletin", `{"SECRET_KEY": "k"}`)
				s.Put("bulletin-SECRET_KEY", "k")
				s.Who = func(string) (string, bool) { return member, true }
				s.Grant(test.secret, p)
				return s, test.use(source, t)
			}
			s, err := try(policy, who)
			if err != nil {
				t.Errorf("with the policy: %v", err)
			}
			var needed []string
			for _, c := range s.Calls() {
				needed = append(needed, c.Permission)
			}
			slices.Sort(needed)
			if got := strings.Join(slices.Compact(needed), " "); got != test.permissions {
				t.Errorf("it needs %q, want %q", got, test.permissions)
			}
			for i := range policy.GetBindings() {
				less := proto.Clone(policy).(*iampb.Policy)
				less.Bindings = slices.Delete(less.Bindings, i, i+1)
				if _, err := try(less, who); err == nil {
					t.Errorf("without the binding %d it works too", i)
				} else {
					clean(t, err)
				}
			}
			if _, err := try(policy, "serviceAccount:somebody@else.example"); err == nil {
				t.Error("somebody else may do it")
			}
		})
	}
}

// TestPrefixNeedsTheProject: what the page says of a policy on each secret.
func TestPrefixNeedsTheProject(t *testing.T) {
	s, source := begin(t, "bulletin-")
	s.Put("bulletin-SECRET_KEY", "k")
	s.Put("other", "k")
	s.Who = func(string) (string, bool) { return member, true }
	s.Grant("bulletin-SECRET_KEY", &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/secretmanager.secretAccessor", Members: []string{member}}}})
	got, err := source.Lookup(t.Context(), []string{"SECRET_KEY", "MISSING"})
	if found := faults(t, err); len(got) != 1 || len(found) != 1 || found["MISSING"] == nil {
		t.Errorf("got %d values and %v, want one, and a fault for what is missing", len(got), err)
	}

	// The condition does not reach beyond the prefix.
	s.Grant("", policies(t)["project: read with a prefix"])
	if _, err := source.Lookup(t.Context(), []string{"SECRET_KEY", "MISSING"}); err != nil {
		t.Errorf("with the policy of the page: %v", err)
	}
	if _, err := open(t, start(t, s), "?A=other").Lookup(t.Context(), []string{"A"}); faults(t, err)["A"] == nil {
		t.Errorf("another secret: got %v, want a fault", err)
	}
}
