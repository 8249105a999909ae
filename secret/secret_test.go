package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
)

const canary = "canary-5f1d0a-value"

type holder struct {
	Public secret.Text
	hidden secret.Text
	ptr    *secret.Text
	list   []secret.Text
	table  map[string]secret.Text
}

func hold() holder {
	t := secret.New(canary)
	return holder{t, t, &t, []secret.Text{t}, map[string]secret.Text{"k": t}}
}

// TestNeverPrinted drives every way by which Go prints a value and looks for any eight bytes of it.
func TestNeverPrinted(t *testing.T) {
	s, h := secret.New(canary), hold()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%T", "%p", "%20.10s"} {
		out["text "+verb] = fmt.Sprintf(verb, s)
		out["pointer "+verb] = fmt.Sprintf(verb, &s)
		out["holder "+verb] = fmt.Sprintf(verb, h)
		out["holder pointer "+verb] = fmt.Sprintf(verb, &h)
	}
	out["error"] = fmt.Errorf("wrapped %w: %v", errors.New("x"), s).Error()
	out["println"] = fmt.Sprintln(s, h)
	j, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out["json"] = string(j)
	type element struct {
		V secret.Text
		A secret.Text `xml:"a,attr"`
	}
	x, err := xml.Marshal(element{s, s})
	if err != nil {
		t.Fatal(err)
	}
	out["xml"] = string(x)
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(struct{ V secret.Text }{s}); err != nil {
		t.Fatal(err)
	}
	out["gob"] = buf.String()
	for name, mk := range map[string]func() slog.Handler{
		"slog text": func() slog.Handler { return slog.NewTextHandler(&buf, nil) },
		"slog json": func() slog.Handler { return slog.NewJSONHandler(&buf, nil) },
	} {
		buf.Reset()
		slog.New(mk()).Info("m", "s", s, "p", &s, "h", h, "g", slog.GroupValue(slog.Any("s", s)))
		out[name] = buf.String()
	}
	buf.Reset()
	tmpl := template.Must(template.New("").Parse(`{{.}} <a href="?{{.}}" onclick="f({{.}})">{{printf "%s" .}}</a>`))
	if err := tmpl.Execute(&buf, s); err != nil {
		t.Fatal(err)
	}
	out["template"] = buf.String()
	y, err := s.MarshalYAML()
	if err != nil {
		t.Fatal(err)
	}
	out["yaml"] = fmt.Sprint(y)
	func() {
		defer func() { out["panic"] = fmt.Sprint(recover()) }()
		panic(s)
	}()

	if len(out) < 60 {
		t.Fatalf("only %d outputs were made", len(out))
	}
	for name, text := range out {
		if part := leaked(text); part != "" {
			t.Errorf("%s prints part of the secret (%d bytes of output)", name, len(text))
		}
	}
}

// leaked returns an eight-byte part of the canary that stands in text, plainly or in hexadecimal.
func leaked(text string) string {
	text = strings.ReplaceAll(strings.ToLower(text), " ", "")
	for i := 0; i+8 <= len(canary); i++ {
		part := canary[i : i+8]
		if strings.Contains(text, part) || strings.Contains(text, fmt.Sprintf("%x", part)) {
			return part
		}
	}
	return ""
}

func TestLeakedFindsALeak(t *testing.T) {
	for _, text := range []string{"x" + canary, fmt.Sprintf("%x", canary), fmt.Sprintf("% X", canary), canary[3:11]} {
		if leaked(text) == "" {
			t.Errorf("the test's own detector misses %q", text)
		}
	}
}

func TestText(t *testing.T) {
	s := secret.New("value")
	if got := s.Reveal(); got != "value" {
		t.Errorf("Reveal() = %q, want %q", got, "value")
	}
	if s.IsZero() || !(secret.Text{}).IsZero() || !secret.New("").IsZero() {
		t.Error("IsZero is wrong for a set, a zero or an empty Text")
	}
	if !s.Equal(secret.New("value")) || s.Equal(secret.New("valuf")) || s.Equal(secret.Text{}) {
		t.Error("Equal is wrong")
	}
	if s.Fingerprint() != secret.New("value").Fingerprint() || s.Fingerprint() == secret.New("other").Fingerprint() {
		t.Error("Fingerprint does not tell secrets apart")
	}
	if got := (secret.Text{}).Fingerprint(); got != "" {
		t.Errorf("Fingerprint of the empty secret = %q, want none", got)
	}
	var u secret.Text
	if err := json.Unmarshal([]byte(`"value"`), &u); err != nil || !u.Equal(s) {
		t.Errorf("Unmarshal: %v", err)
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(s); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&buf).Decode(&u); err == nil {
		t.Error("a gob of the redacted form was accepted as the secret")
	}
}
