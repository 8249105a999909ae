package aws_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// page returns docs/secrets-aws.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "secrets-aws.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns those of the page's blocks that are in the language, with the text before each, back to the former block.
func blocks(t *testing.T, language string) (before, code []string) {
	t.Helper()
	text := page(t)
	for {
		head, rest, ok := strings.Cut(text, "\n```"+language+"\n")
		if !ok {
			break
		}
		block, after, ok := strings.Cut(rest, "\n```\n")
		if !ok {
			t.Fatalf("a block of %s does not end", language)
		}
		before, code, text = append(before, head), append(code, block+"\n"), after
	}
	if len(code) == 0 {
		t.Fatalf("the page has no block of %s", language)
	}
	return before, code
}

type policy struct {
	Version   string
	Statement []struct {
		Effect    string
		Action    any // a text or a list of them
		Resource  string
		Condition map[string]map[string][]string `json:",omitempty"`
	}
}

func (p policy) actions() (all []string) {
	for _, s := range p.Statement {
		switch a := s.Action.(type) {
		case string:
			all = append(all, a)
		case []any:
			for _, one := range a {
				all = append(all, one.(string))
			}
		}
	}
	slices.Sort(all)
	return all
}

// policyTexts returns the policies of the page by the names of their files.
func policyTexts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	before, code := blocks(t, "json")
	name := regexp.MustCompile("`([a-z-]+\\.json)`")
	for i, text := range code {
		names := name.FindAllStringSubmatch(before[i], -1)
		if len(names) == 0 {
			t.Fatalf("the page does not name the file of a policy\n%s", text)
		}
		all[names[len(names)-1][1]] = text
	}
	if len(all) != len(code) {
		t.Fatal("the page names two policies alike")
	}
	return all
}

func policies(t *testing.T) map[string]policy {
	t.Helper()
	all := map[string]policy{}
	for name, text := range policyTexts(t) {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		var p policy
		if err := d.Decode(&p); err != nil {
			t.Fatalf("the policy %s of the page: %v\n%s", name, err, text)
		}
		for _, s := range p.Statement {
			if p.Version != "2012-10-17" || s.Effect != "Allow" || s.Resource == "" {
				t.Errorf("the policy %s is not as IAM wants it", name)
			}
		}
		all[name] = p
	}
	return all
}

// uses are what each policy is for: how the source is opened, whether it is written, and what is there before.
var uses = map[string]struct {
	url     string
	written bool
	missing bool // it writes what is not there yet, too
}{
	"read.json":              {"aws-sm://eu-central-1/NAME/fields", false, false},
	"read-each.json":         {"aws-sm://eu-central-1/NAME/", false, false},
	"read-parameters.json":   {"aws-ssm://eu-central-1/NAME/", false, false},
	"rotate.json":            {"aws-sm://eu-central-1/NAME/fields", true, true},
	"rotate-parameters.json": {"aws-ssm://eu-central-1/NAME/", true, false},
}

// lay makes what the URLs of uses stand for, and returns the name.
func lay(t *testing.T) string {
	t.Helper()
	name := fresh()
	createSecret(t, name+"/fields", `{"SECRET_KEY": "x", "SECRET_KEY_FALLBACKS": "y"}`)
	for _, setting := range []string{"SECRET_KEY", "SECRET_KEY_FALLBACKS"} {
		createSecret(t, name+"/"+setting, "x")
		putParameter(t, "/"+name+"/"+setting, "x", "SecureString")
	}
	return name
}

// use does with the URL what a site or a rotation does.
func use(t *testing.T, url string, written bool) error {
	t.Helper()
	s := openURL(t, url)
	if _, err := s.Lookup(t.Context(), []string{"SECRET_KEY", "SECRET_KEY_FALLBACKS", "ABSENT"}); err != nil {
		return err
	}
	if !written {
		return nil
	}
	return s.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY_FALLBACKS", Text: secret.New("new")}, {Name: "SECRET_KEY", Text: secret.New("new")}})
}

// TestPolicies compares the actions of each policy with those that the driver takes.
func TestPolicies(t *testing.T) {
	environment(t)
	all := policies(t)
	for file, u := range uses {
		name := lay(t)
		r, endpoint := record(t)
		t.Setenv("AWS_ENDPOINT_URL", endpoint)
		if err := use(t, strings.Replace(u.url, "NAME", name, 1), u.written); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if u.missing {
			if err := use(t, strings.Replace(u.url, "NAME", fresh(), 1), true); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
		got, want := all[file].actions(), r.made()
		if file == "read-each.json" { // asked for by the call for many, for each secret
			want = append(want, "secretsmanager:GetSecretValue")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s allows %v, the driver needs %v", file, got, want)
		}
		delete(all, file)
	}
	if key := all["key.json"].actions(); len(all) != 1 || !slices.Equal(key, []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}) {
		t.Errorf("the page has the policies %v besides, want key.json alone", all)
	}
}

// TestEnforced lets moto hold users to the policies: what they are for succeeds, and each other writing is denied.
func TestEnforced(t *testing.T) {
	environment(t)
	all := policies(t)
	names, keys := map[string]string{}, map[string][2]string{}
	for file := range uses {
		names[file], keys[file] = lay(t), user(t, file, all[file])
	}
	control(t, "/moto-api/reset-auth", "0")
	t.Cleanup(func() { control(t, "/moto-api/reset-auth", "inf") })
	for file, u := range uses {
		t.Setenv("AWS_ACCESS_KEY_ID", keys[file][0])
		t.Setenv("AWS_SECRET_ACCESS_KEY", keys[file][1])
		url := strings.Replace(u.url, "NAME", names[file], 1)
		if err := use(t, url, u.written); err != nil {
			t.Errorf("%s does not suffice: %v", file, err)
		}
		if !u.written {
			if err := use(t, url, true); err == nil || !strings.Contains(err.Error(), " is refused: check the credentials, and allow it") {
				t.Errorf("%s: writing: got %v", file, err)
			}
		}
	}

	t.Setenv("AWS_ACCESS_KEY_ID", keys["read.json"][0])
	t.Setenv("AWS_SECRET_ACCESS_KEY", keys["read.json"][1])
	for url, want := range map[string]string{
		"aws-sm://eu-central-1/p/":  "aws-sm eu-central-1: secretsmanager:BatchGetSecretValue is refused: check the credentials, and allow it",
		"aws-ssm://eu-central-1/p/": "aws-ssm eu-central-1: ssm:GetParameters is refused: check the credentials, and allow it",
	} {
		if err := use(t, url, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for what, key := range map[string][2]string{"an unknown key": {"AKIAUNKNOWN", "x"}, "a wrong secret": {keys["read.json"][0], "wrong"}} {
		t.Setenv("AWS_ACCESS_KEY_ID", key[0])
		t.Setenv("AWS_SECRET_ACCESS_KEY", key[1])
		if err := use(t, "aws-sm://eu-central-1/p/", false); err == nil || !strings.Contains(err.Error(), " is refused: check the credentials") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// user makes one with a policy and returns its access key. Moto knows no resources: they are replaced.
func user(t *testing.T, file string, p policy) (key [2]string) {
	t.Helper()
	for i := range p.Statement {
		p.Statement[i].Resource = "*"
	}
	name := fresh()
	cli(t, "iam", "create-user", "--user-name", name)
	cli(t, "iam", "put-user-policy", "--user-name", name, "--policy-name", "p", "--policy-document", marshal(t, p))
	var out struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}
	if err := json.Unmarshal([]byte(cli(t, "iam", "create-access-key", "--user-name", name, "--output", "json")), &out); err != nil || out.AccessKey.AccessKeyId == "" {
		t.Fatalf("%s: %v", file, err)
	}
	return [2]string{out.AccessKey.AccessKeyId, out.AccessKey.SecretAccessKey}
}
