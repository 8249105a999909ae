package awssecrets_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fake is as much of both services as the driver needs, with their limits. It is no proof that AWS behaves so:
// conformance/aws asks another stand-in.
type fake struct {
	mu      sync.Mutex
	secrets map[string]item
	denied  map[string]bool // names that may not be read
	calls   []string
	before  func(operation string) // is called before each operation
}

type item struct {
	text      string
	binary    bool
	version   int
	kind      string // of a parameter
	key, tier string
}

func newFake(secrets map[string]string) *fake {
	f := &fake{secrets: map[string]item{}, denied: map[string]bool{}, before: func(string) {}}
	for name, text := range secrets {
		f.secrets[name] = item{text: text, version: 1, kind: "SecureString", key: "alias/own", tier: "Advanced"}
	}
	return f
}

func (f *fake) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL
}

// request has the fields of all operations' requests.
type request struct {
	SecretId, Name, SecretString, Value, ClientRequestToken, KeyId, Tier, Type string
	SecretIdList, Names                                                        []string
	Overwrite, WithDecryption                                                  bool
	ParameterFilters                                                           []struct{ Values []string }
}

// refusal is an answer with an error.
type refusal string

// ServeHTTP answers one call of the protocol AWS JSON 1.1.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, operation)
	f.before(operation)
	var in request
	var out any = refusal("SerializationException")
	if err := json.NewDecoder(r.Body).Decode(&in); err == nil {
		out = f.answer(operation, in)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if code, ok := out.(refusal); ok {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": string(code), "message": "the words of the service, canary-message"}
	}
	if text, err := json.Marshal(out); err == nil {
		_, _ = w.Write(text)
	}
}

func (f *fake) answer(operation string, in request) any {
	switch operation {
	case "GetSecretValue":
		if entry, code := f.secret(in.SecretId); code == "" {
			return entry
		} else {
			return code
		}
	case "BatchGetSecretValue":
		return f.batch(in)
	case "PutSecretValue", "CreateSecret":
		return f.put(operation, in)
	case "GetParameters":
		return f.parameters(in)
	case "DescribeParameters":
		all := []any{}
		for _, name := range in.ParameterFilters[0].Values {
			if p, ok := f.secrets[name]; ok {
				all = append(all, map[string]any{"Name": name, "Type": p.kind, "KeyId": p.key, "Tier": p.tier, "Version": p.version})
			}
		}
		return map[string]any{"Parameters": all}
	case "PutParameter":
		return f.putParameter(in)
	}
	return refusal("UnknownOperationException")
}

func arn(name string) string {
	return "arn:aws:secretsmanager:eu-central-1:123456789012:secret:" + name + "-AbCdEf"
}

func (f *fake) secret(id string) (any, refusal) {
	for name, s := range f.secrets {
		if id != name && id != arn(name) && id != strings.TrimSuffix(arn(name), "-AbCdEf") {
			continue
		}
		entry := map[string]any{"Name": name, "ARN": arn(name), "VersionId": fmt.Sprintf("version-%d", s.version)}
		switch {
		case f.denied[name]:
			return nil, "AccessDeniedException"
		case s.binary:
			entry["SecretBinary"] = []byte(s.text)
		default:
			entry["SecretString"] = s.text
		}
		return entry, ""
	}
	return nil, "ResourceNotFoundException"
}

func (f *fake) batch(in request) any {
	if f.denied["*"] {
		return refusal("AccessDeniedException")
	}
	if n := len(in.SecretIdList); n < 1 || n > 20 || duplicates(in.SecretIdList) {
		return refusal("InvalidParameterException")
	}
	values, failed := []any{}, []any{}
	for _, id := range in.SecretIdList {
		if entry, code := f.secret(id); code == "" {
			values = append(values, entry)
		} else {
			failed = append(failed, map[string]string{"SecretId": id, "ErrorCode": string(code), "Message": "canary-message"})
		}
	}
	return map[string]any{"SecretValues": values, "Errors": failed}
}

func duplicates(list []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) != len(list)
}

func (f *fake) put(operation string, in request) any {
	name := in.SecretId + in.Name
	s, exists := f.secrets[name]
	switch {
	case f.denied[operation]:
		return refusal("AccessDeniedException")
	case len(in.ClientRequestToken) < 32 || len(in.ClientRequestToken) > 64 || in.SecretString == "":
		return refusal("InvalidParameterException")
	case exists && operation == "CreateSecret":
		return refusal("ResourceExistsException")
	case !exists && operation == "PutSecretValue":
		return refusal("ResourceNotFoundException")
	}
	f.secrets[name] = item{text: in.SecretString, version: s.version + 1}
	return map[string]any{"Name": name, "ARN": arn(name)}
}

func (f *fake) parameters(in request) any {
	if n := len(in.Names); n < 1 || n > 10 || duplicates(in.Names) || !in.WithDecryption {
		return refusal("ValidationException")
	}
	found, invalid := []any{}, []string{}
	for _, name := range in.Names {
		p, ok := f.secrets[name]
		if f.denied[name] {
			return refusal("AccessDeniedException")
		}
		if !ok {
			invalid = append(invalid, name)
			continue
		}
		found = append(found, map[string]any{"Name": name, "Value": p.text, "Version": p.version, "Type": p.kind})
	}
	return map[string]any{"Parameters": found, "InvalidParameters": invalid}
}

func (f *fake) putParameter(in request) any {
	p, exists := f.secrets[in.Name]
	switch {
	case f.denied["PutParameter"]:
		return refusal("AccessDeniedException")
	case in.Value == "" || in.Name[0] != '/':
		return refusal("ValidationException")
	case exists && !in.Overwrite:
		return refusal("ParameterAlreadyExists")
	case exists && in.Type != p.kind:
		return refusal("HierarchyTypeMismatchException")
	}
	if in.KeyId == "" {
		in.KeyId = "alias/aws/ssm"
	}
	f.secrets[in.Name] = item{text: in.Value, version: p.version + 1, kind: in.Type, key: in.KeyId, tier: in.Tier}
	return map[string]any{"Version": p.version + 1}
}
