package aws_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// apart lays values out, each by put in a place of its own, and returns what a URL says of the rest: AWS cannot hold the
// empty text in a place of its own, so that those are mapped to fields of what is called rest.
func apart(t *testing.T, values map[string]string, rest string, put func(name, text string)) (query string) {
	t.Helper()
	empties := map[string]string{}
	query = "?"
	for name, text := range values {
		if text != "" {
			put(name, text)
			continue
		}
		empties[name] = ""
		query += name + "=" + rest + "%23" + name + "&"
	}
	put("", marshal(t, empties))
	return strings.TrimRight(query, "&?")
}

// forms are the ways in which settings stand in AWS.
var forms = map[string]func(t *testing.T, values map[string]string) settings.Writer{
	"a secret with fields": func(t *testing.T, values map[string]string) settings.Writer {
		name := fresh() + "/production"
		createSecret(t, name, marshal(t, values))
		return openURL(t, "aws-sm://eu-central-1/"+name)
	},
	"a secret for each": func(t *testing.T, values map[string]string) settings.Writer {
		base := fresh()
		return openURL(t, "aws-sm://eu-central-1/"+base+"/"+apart(t, values, base+"/rest", func(name, text string) {
			createSecret(t, base+"/"+cmp.Or(name, "rest"), text)
		}))
	},
	"a parameter with fields": func(t *testing.T, values map[string]string) settings.Writer {
		name := fresh()
		values = maps.Clone(values)
		delete(values, "AIRWORTHY_TEST_LONG") // a parameter has 4096 bytes
		putParameter(t, "/"+name, marshal(t, values), types.ParameterTypeSecureString)
		putParameter(t, "/"+name+"-long", strings.Repeat("0123456789abcdef", 256), types.ParameterTypeSecureString)
		return openURL(t, "aws-ssm://eu-central-1/"+name+"?AIRWORTHY_TEST_LONG=/"+name+"-long&AIRWORTHY_TEST_LONG_COPY=/"+name+"-copy")
	},
	"a parameter for each": func(t *testing.T, values map[string]string) settings.Writer {
		base := "/" + fresh()
		return openURL(t, "aws-ssm://eu-central-1"+base+"/"+apart(t, values, base+"/rest", func(name, text string) {
			putParameter(t, base+"/"+cmp.Or(name, "rest"), text, types.ParameterTypeSecureString)
		}))
	},
}

func TestContract(t *testing.T) {
	environment(t)
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source { return form(t, values) })
			settingstest.TestWriter(t, form)
		})
	}
}

// TestMany reads more than one call takes.
func TestMany(t *testing.T) {
	environment(t)
	for name, per := range map[string]int{"a secret for each": 20, "a parameter for each": 10} {
		r, endpoint := record(t)
		want := map[string]string{"EMPTY": ""}
		for i := range 45 {
			want[fmt.Sprintf("NAME_%02d", i)] = fmt.Sprintf("value %d", i)
		}
		t.Setenv("AWS_ENDPOINT_URL", endpoint)
		s := forms[name](t, want)
		lookup(t, s, want, "ABSENT_1", "ABSENT_2")
		if calls := (48 + per - 1) / per; len(r.calls) != calls {
			t.Errorf("%s: %d calls, want %d", name, len(r.calls), calls)
		}
	}
}

// TestLabels reads the version that has the label AWSCURRENT.
func TestLabels(t *testing.T) {
	environment(t)
	name := fresh()
	createSecret(t, name, `{"KEY": "first"}`)
	s := openURL(t, "aws-sm://eu-central-1/"+name)
	first := lookup(t, s, map[string]string{"KEY": "first"})["KEY"].Version
	if err := s.Write(t.Context(), []settings.Change{{Name: "KEY", Text: secret.New("second"), Version: first}}); err != nil {
		t.Fatal(err)
	}
	second := lookup(t, s, map[string]string{"KEY": "second"})["KEY"].Version
	previous, err := secretsManager().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name, VersionStage: aws.String("AWSPREVIOUS")})
	if err != nil || aws.ToString(previous.SecretString) != `{"KEY": "first"}` || aws.ToString(previous.VersionId) != first {
		t.Errorf("AWSPREVIOUS is not what was there: %v", err)
	}
	_, err = secretsManager().PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name,
		SecretString: aws.String(`{"KEY": "pending"}`), VersionStages: []string{"AWSPENDING"}})
	if err != nil {
		t.Fatal(err)
	}
	if v := lookup(t, s, map[string]string{"KEY": "second"})["KEY"].Version; v != second {
		t.Errorf("a version that is not current yet is read as %s", v)
	}
	_, err = secretsManager().UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{SecretId: &name,
		VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: &first, RemoveFromVersionId: &second})
	if err != nil {
		t.Fatal(err)
	}
	if v := lookup(t, s, map[string]string{"KEY": "first"})["KEY"].Version; v != first {
		t.Errorf("after going back the version is %s, want %s", v, first)
	}
}

func TestMapping(t *testing.T) {
	environment(t)
	other, third := fresh(), fresh()
	createSecret(t, other, `{"url": "mapped", "n": 1.50}`)
	arn := createSecret(t, third, "by ARN")
	s := openURL(t, "aws-sm://eu-central-1/?URL="+other+"%23url&N="+other+"%23n&ARN="+url.QueryEscape(arn)+
		"&PART="+url.QueryEscape(arn[:len(arn)-7])+"&NIX="+other+"%23nix&NO="+fresh())
	lookup(t, s, map[string]string{"URL": "mapped", "N": "1.50", "ARN": "by ARN", "PART": "by ARN"}, "NIX", "NO", "UNMAPPED")

	putParameter(t, "/"+other+"/list", "a,b", types.ParameterTypeStringList)
	p := openURL(t, "aws-ssm://eu-central-1/?LIST=/"+other+"/list&ARN="+url.QueryEscape("arn:aws:ssm:eu-central-1:123456789012:parameter/"+other+"/list"))
	got, err := p.Lookup(t.Context(), []string{"LIST"})
	if err != nil || got["LIST"].Text != "a,b" {
		t.Errorf("a list: %q, %v", got["LIST"].Text, err)
	}
	if err := p.Write(t.Context(), []settings.Change{{Name: "LIST", Text: secret.New("c")}}); err == nil || !strings.Contains(err.Error(), "without encryption") {
		t.Errorf("a list is written: %v", err)
	}
}

// TestDeleted is a secret that is to be deleted, which is not a secret that is not there.
func TestDeleted(t *testing.T) {
	environment(t)
	name := fresh()
	createSecret(t, name, `{"KEY": "x"}`)
	if _, err := secretsManager().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name}); err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"aws-sm://eu-central-1/" + name, "aws-sm://eu-central-1/?KEY=" + name + "&B=" + fresh()} {
		if _, err := openURL(t, u).Lookup(t.Context(), []string{"KEY", "B"}); err == nil || !strings.Contains(err.Error(), "marked for deletion") {
			t.Errorf("got %v", err)
		}
	}
}

func TestBinary(t *testing.T) {
	environment(t)
	name := fresh()
	if _, err := secretsManager().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretBinary: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	_, err := openURL(t, "aws-sm://eu-central-1/"+name).Lookup(t.Context(), []string{"KEY"})
	if f, ok := errors.AsType[*settings.Fault](err); !ok || f.Variable != "KEY" || !strings.Contains(f.Rule, "binary") {
		t.Errorf("got %v", err)
	}
}

// TestKept asks what a writing makes of a parameter's key and tier.
func TestKept(t *testing.T) {
	environment(t)
	name := "/" + fresh()
	if _, err := parameterStore().PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String(name + "/KEY"), Value: aws.String("x"),
		Type: types.ParameterTypeSecureString, KeyId: aws.String("alias/bulletin"), Tier: types.ParameterTierAdvanced}); err != nil {
		t.Fatal(err)
	}
	s := openURL(t, "aws-ssm://eu-central-1"+name+"/")
	if err := s.Write(t.Context(), []settings.Change{{Name: "KEY", Text: secret.New("y")}}); err != nil {
		t.Fatal(err)
	}
	out, err := parameterStore().DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{
		{Key: aws.String("Name"), Values: []string{name + "/KEY"}}}})
	if err != nil || len(out.Parameters) != 1 {
		t.Fatal(err)
	}
	if p := out.Parameters[0]; aws.ToString(p.KeyId) != "alias/bulletin" || p.Tier != types.ParameterTierAdvanced || p.Version != 2 {
		t.Errorf("the key is %s, the tier %s, the version %d", aws.ToString(p.KeyId), p.Tier, p.Version)
	}
}
