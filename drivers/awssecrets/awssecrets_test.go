package awssecrets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/awssecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// forms are the ways in which settings stand in AWS: how values become secrets, and a source for them.
var forms = map[string]struct {
	lay  func(values map[string]string) map[string]string
	open func(t *testing.T, endpoint string) settings.Writer
}{
	"a secret with fields": {object("bulletin/production"),
		func(t *testing.T, e string) settings.Writer { return newManager(t, e, "bulletin/production") }},
	"a secret for each": {each("bulletin/"),
		func(t *testing.T, e string) settings.Writer { return newManager(t, e, "bulletin/") }},
	"a parameter with fields": {object("/bulletin/production"),
		func(t *testing.T, e string) settings.Writer { return newParameters(t, e, "bulletin/production") }},
	"a parameter for each": {each("/bulletin/"),
		func(t *testing.T, e string) settings.Writer { return newParameters(t, e, "bulletin/") }},
}

func object(name string) func(map[string]string) map[string]string {
	return func(values map[string]string) map[string]string {
		text, _ := json.Marshal(values) // of strings: it cannot fail
		return map[string]string{name: string(text)}
	}
}

func each(prefix string) func(map[string]string) map[string]string {
	return func(values map[string]string) map[string]string {
		all := map[string]string{}
		for name, text := range values {
			all[prefix+name] = text
		}
		return all
	}
}

func TestContract(t *testing.T) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
				return form.open(t, newFake(form.lay(values)).start(t))
			})
			settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer {
				return form.open(t, newFake(form.lay(values)).start(t))
			})
			settingstest.TestAnswers(t, func(_ *testing.T, current func() (map[string]string, string)) http.Handler {
				f := newFake(nil)
				f.before = func(string) {
					values, version := current()
					f.secrets = newFake(form.lay(values)).secrets
					for id, s := range f.secrets {
						_, _ = fmt.Sscan(version, &s.version)
						f.secrets[id] = s
					}
				}
				return f
			}, func(t *testing.T, baseURL string) settings.Source { return form.open(t, baseURL) })
		})
	}
}

// lookup asks s for names, and demands of an error that it holds neither a value nor the service's words.
func lookup(t *testing.T, s settings.Source, names ...string) (map[string]settings.Value, error) {
	t.Helper()
	got, err := s.Lookup(t.Context(), names)
	if err != nil && strings.Contains(err.Error(), "canary") {
		t.Error("the error holds a value or the words of the service")
	}
	return got, err
}

func TestWhere(t *testing.T) {
	f := newFake(map[string]string{"bulletin/production": `{"SECRET_KEY": "one"}`, "other": `{"url": "two"}`, "third": "three"})
	u := open(t, "aws-sm://eu-central-1/bulletin/production?DATABASE_URL=other%23url&TOKEN="+url.QueryEscape(arn("third"))+"&endpoint="+f.start(t))
	alone(t)
	s, err := awssecrets.ManagerScheme().Open(t.Context(), u, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lookup(t, s, "SECRET_KEY", "DATABASE_URL", "TOKEN", "ABSENT")
	want := map[string]settings.Value{
		"SECRET_KEY":   {Text: "one", Origin: "aws-sm eu-central-1/bulletin/production#SECRET_KEY", Version: "version-1"},
		"DATABASE_URL": {Text: "two", Origin: "aws-sm eu-central-1/other#url", Version: "version-1"},
		"TOKEN":        {Text: "three", Origin: "aws-sm " + arn("third"), Version: "version-1"},
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d values, %v", len(got), err)
	}
	for name := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(want[name]) {
			t.Errorf("%s is %v, want %v", name, got[name], want[name])
		}
	}
	p := newParameters(t, newFake(map[string]string{"/bulletin/SECRET_KEY": "x"}).start(t), "bulletin/")
	if got, err := lookup(t, p, "SECRET_KEY"); err != nil || got["SECRET_KEY"].Origin != "aws-ssm eu-central-1/bulletin/SECRET_KEY" || got["SECRET_KEY"].Version != "1" {
		t.Errorf("got %v, %v", got, err)
	}
}

func open(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCalls(t *testing.T) {
	var names []string
	values := map[string]string{}
	for i := range 45 {
		names = append(names, fmt.Sprintf("NAME_%02d", i))
		values[names[i]] = "x"
	}
	for form, want := range map[string][]string{
		"a secret with fields":    {"GetSecretValue"},
		"a secret for each":       {"BatchGetSecretValue", "BatchGetSecretValue", "BatchGetSecretValue"},
		"a parameter with fields": {"GetParameters"},
		"a parameter for each":    slices.Repeat([]string{"GetParameters"}, 5),
	} {
		f := newFake(forms[form].lay(values))
		got, err := lookup(t, forms[form].open(t, f.start(t)), names...)
		if err != nil || len(got) != len(names) || !slices.Equal(f.calls, want) {
			t.Errorf("%s: %d values, %v, by %v, want %v", form, len(got), err, f.calls, want)
		}
		f.calls = nil
		if _, err := lookup(t, forms[form].open(t, f.start(t))); err != nil || len(f.calls) != 0 {
			t.Errorf("%s: for no names: %v by %v", form, err, f.calls)
		}
	}
}

// TestFaults asks for two names, of which the first cannot be had: the second is there all the same.
func TestFaults(t *testing.T) {
	for what, test := range map[string]struct {
		secrets map[string]string
		spoil   func(f *fake)
		want    string
	}{
		"denied":     {nil, func(f *fake) { f.denied["bulletin/A"] = true }, "aws-sm eu-central-1/bulletin/A): access is denied: allow secretsmanager:GetSecretValue"},
		"binary":     {nil, func(f *fake) { f.secrets["bulletin/A"] = item{text: "canary", binary: true, version: 1} }, "holds binary data: store it as text"},
		"no object":  {map[string]string{"bulletin/A": `["canary"]`}, nil, "is not a JSON object"},
		"doubled":    {map[string]string{"bulletin/A": `{"field": "canary", "field": "canary"}`}, nil, "has a field twice"},
		"no Unicode": {map[string]string{"bulletin/A": `{"field": "\ud800canary"}`}, nil, "is not Unicode"},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake(map[string]string{"bulletin/A": "canary-value", "bulletin/B": "fine"})
			refs := map[string]settings.Ref{}
			for name, text := range test.secrets {
				f.secrets[name] = item{text: text, version: 1}
				refs["A"] = settings.Ref{Secret: name, Field: "field"}
			}
			if test.spoil != nil {
				test.spoil(f)
			}
			alone(t)
			s, err := awssecrets.NewManager(t.Context(), awssecrets.Config{Region: "eu-central-1", Path: "bulletin/", Endpoint: f.start(t), Refs: refs})
			if err != nil {
				t.Fatal(err)
			}
			got, err := lookup(t, s, "A", "B", "ABSENT")
			fault, ok := errors.AsType[*settings.Fault](err)
			if !ok || fault.Variable != "A" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a fault of A with %q", err, test.want)
			}
			if len(got) != 1 || got["B"].Text != "fine" {
				t.Errorf("got %d values, want B", len(got))
			}
		})
	}
}

// TestDenied is what concerns a whole call.
func TestDenied(t *testing.T) {
	for _, test := range []struct {
		form, deny, want string
	}{
		{"a secret with fields", "bulletin/production", "aws-sm eu-central-1/bulletin/production: access is denied: allow secretsmanager:GetSecretValue on it"},
		{"a secret for each", "*", "aws-sm eu-central-1: access is denied: allow secretsmanager:BatchGetSecretValue"},
		{"a parameter for each", "/bulletin/A", "aws-ssm eu-central-1: access is denied: allow ssm:GetParameters"},
		{"a parameter with fields", "/bulletin/production", "aws-ssm eu-central-1/bulletin/production: access is denied: allow ssm:GetParameters"},
	} {
		f := newFake(forms[test.form].lay(map[string]string{"A": "canary", "B": "canary"}))
		f.denied[test.deny] = true
		if _, err := lookup(t, forms[test.form].open(t, f.start(t)), "A", "B"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.form, err, test.want)
		}
	}
}

func TestJSON(t *testing.T) {
	f := newFake(map[string]string{"bulletin/production": `{"N": 12345678901234567890.10, "T": true, "O": {"a":  [1]}, "Z": null, "S": "a\nb"}`})
	got, err := lookup(t, newManager(t, f.start(t), "bulletin/production"), "N", "T", "O", "Z", "S")
	want := map[string]string{"N": "12345678901234567890.10", "T": "true", "O": `{"a":  [1]}`, "S": "a\nb"}
	texts := map[string]string{}
	for name, v := range got {
		texts[name] = v.Text
	}
	if err != nil || !maps.Equal(texts, want) {
		t.Errorf("got %v, %v, want %v", texts, err, want)
	}
}

func changes(pairs ...string) (all []settings.Change) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, settings.Change{Name: pairs[i], Text: secret.New(pairs[i+1])})
	}
	return all
}

func TestWriteKeepsTheRest(t *testing.T) {
	f := newFake(map[string]string{"bulletin/production": `{"N": 1.50, "A": "old"}`})
	if err := newManager(t, f.start(t), "bulletin/production").Write(t.Context(), changes("A", "new")); err != nil {
		t.Fatal(err)
	}
	if got := f.secrets["bulletin/production"].text; got != `{"N": 1.50, "A": "new"}` {
		t.Errorf("the secret is %s", got)
	}
	f = newFake(map[string]string{"/bulletin/A": "old"})
	if err := newParameters(t, f.start(t), "bulletin/").Write(t.Context(), changes("A", "new", "B", "added")); err != nil {
		t.Fatal(err)
	}
	if p := f.secrets["/bulletin/A"]; p.text != "new" || p.key != "alias/own" || p.tier != "Advanced" {
		t.Errorf("the parameter is %+v, want the key and the tier that it had", p)
	}
	if p := f.secrets["/bulletin/B"]; p.kind != "SecureString" || p.key != "alias/aws/ssm" {
		t.Errorf("the new parameter is %+v", p)
	}
}

func TestWriteCreates(t *testing.T) {
	f := newFake(nil)
	if err := newManager(t, f.start(t), "bulletin/production").Write(t.Context(), changes("A", "one", "B", "two")); err != nil {
		t.Fatal(err)
	}
	if got := f.secrets["bulletin/production"].text; got != `{"A":"one","B":"two"}` {
		t.Errorf("the secret is %s", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	for what, test := range map[string]struct {
		spoil    func(f *fake)
		changes  []settings.Change
		want     []string
		conflict bool
		written  bool
	}{
		"an order, until one fails": {func(f *fake) {
			f.before = func(op string) {
				f.denied["PutParameter"] = op == "PutParameter" && slices.Contains(f.calls[:len(f.calls)-1], op)
			}
		}, changes("B", "canary", "A", "canary", "C", "canary"), []string{"/bulletin/A: access is denied: allow ssm:PutParameter", "not written: A, C"}, false, true},
		"what was created meanwhile, when something is written": {func(f *fake) {
			f.before = func(op string) {
				if op == "PutParameter" {
					f.secrets["/bulletin/NEW"] = item{text: "theirs", version: 1, kind: "SecureString"}
				}
			}
		}, changes("B", "canary", "NEW", "canary"), []string{"was created meanwhile", "not written: NEW)"}, false, true},
		"no encryption": {func(f *fake) {
			f.secrets["/bulletin/A"] = item{text: "old", version: 1, kind: "String"}
		}, changes("B", "canary", "A", "canary"), []string{"is a parameter without encryption", "not written: B, A"}, false, false},
		"the empty text": {nil, changes("B", "canary", "A", ""), []string{"A: AWS cannot keep the empty text"}, false, false},
		"an old version": {nil, append(changes("B", "canary"), settings.Change{Name: "A", Text: secret.New("canary"), Version: "7"}),
			[]string{"A: the value has changed"}, true, false},
		"a version of what is gone": {nil, append(changes("B", "canary"), settings.Change{Name: "NEW", Text: secret.New("canary"), Version: "1"}),
			[]string{"NEW: the value has changed"}, true, false},
		"what was created meanwhile": {func(f *fake) {
			f.before = func(op string) {
				if op == "PutParameter" {
					f.secrets["/bulletin/NEW"] = item{text: "theirs", version: 1, kind: "SecureString"}
				}
			}
		}, changes("NEW", "canary"), []string{"was created meanwhile"}, true, false},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake(map[string]string{"/bulletin/A": "old", "/bulletin/B": "old"})
			if test.spoil != nil {
				test.spoil(f)
			}
			err := newParameters(t, f.start(t), "bulletin/").Write(t.Context(), test.changes)
			if err == nil || strings.Contains(err.Error(), "canary") || errors.Is(err, settings.ErrConflict) != test.conflict {
				t.Fatalf("got %v, conflict %v", err, errors.Is(err, settings.ErrConflict))
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if got := f.secrets["/bulletin/B"].text != "old"; got != test.written {
				t.Errorf("B was written: %v, want %v", got, test.written)
			}
		})
	}
	f := newFake(map[string]string{"bulletin/production": "canary, no JSON"})
	if err := newManager(t, f.start(t), "bulletin/production").Write(t.Context(), changes("A", "x")); err == nil || strings.Contains(err.Error(), "canary") ||
		f.secrets["bulletin/production"].version != 1 {
		t.Errorf("a secret that is no object: got %v", err)
	}
}

// TestIncomplete is an answer that says nothing of what was asked for, or something of another.
func TestIncomplete(t *testing.T) {
	const entry = `{"Name": "other", "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf", "SecretString": "{}", "VersionId": "v"}`
	for form, answers := range map[string][]string{
		"a secret with fields":    {`{}`, entry},
		"a secret for each":       {`{}`, `{"SecretValues": [` + entry + `]}`, `{"Errors": [{"SecretId": "other", "ErrorCode": "ResourceNotFoundException"}]}`},
		"a parameter with fields": {`{}`, `{"Parameters": [{"Name": "/other", "Value": "{}", "Version": 1}]}`, `{"InvalidParameters": ["/other"]}`},
	} {
		for _, text := range answers {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
			got, err := lookup(t, forms[form].open(t, server.URL), "A", "B")
			if err == nil || len(got) > 0 || !strings.Contains(err.Error(), "leaves out what was asked for") {
				t.Errorf("%s: %s: got %d values, %v", form, text, len(got), err)
			}
			server.Close()
		}
	}
}

func TestWriteByARN(t *testing.T) {
	f := newFake(map[string]string{"bulletin": "old"})
	alone(t)
	s, err := awssecrets.NewManager(t.Context(), awssecrets.Config{Region: "eu-central-1", Endpoint: f.start(t),
		Refs: map[string]settings.Ref{"GONE": {Secret: arn("gone")}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), changes("GONE", "canary")); err == nil || !strings.Contains(err.Error(), "does not exist: create it") || len(f.secrets) != 1 {
		t.Errorf("a secret is created whose name is an ARN: %v", err)
	}
	if err := s.Write(t.Context(), changes("UNMAPPED", "canary")); err == nil || !strings.Contains(err.Error(), "UNMAPPED: has no place here") {
		t.Errorf("got %v", err)
	}
}
