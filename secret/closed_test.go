package secret_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"expvar"
	"fmt"
	htmltemplate "html/template"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"text/tabwriter"
	"text/template"

	"github.com/airworthy-go/airworthy/secret"
)

// embedding has the methods of its Text, and with them what the Text says of itself.
type embedding struct {
	secret.Text
	Name string
}

type node struct {
	text secret.Text
	next *node
	any  any
	list [2]secret.Text
	fn   func() secret.Text
	ch   chan secret.Text
}

// shapes are the ways in which a Text stands in a value.
func shapes() map[string]any {
	t := secret.New(canary)
	p := &t
	n := node{t, &node{text: t, any: p}, t, [2]secret.Text{t, t}, func() secret.Text { return t }, make(chan secret.Text, 1)}
	n.ch <- t
	return map[string]any{
		"text": t, "pointer": p, "pointer to pointer": &p, "holder": hold(), "node": n, "pointer to node": &n,
		"embedding": embedding{t, "n"}, "pointer to embedding": &embedding{t, "n"}, "slice": []secret.Text{t}, "pointers": []*secret.Text{p},
		"array": [1]secret.Text{t}, "map": map[string]secret.Text{"k": t}, "map of pointers": map[string]*secret.Text{"k": p},
		"map of anything": map[any]any{1: t, p: t}, "slice of anything": []any{t, p, hold(), map[string]any{"k": []any{t}}},
		"anonymous": struct{ a, B any }{t, p}, "error": fmt.Errorf("an error about %v: %w", t, errors.New(t.String())),
		"reflected": reflect.ValueOf(t), "reflected field": reflect.ValueOf(hold()).Field(1), "channel": n.ch, "function": n.fn,
	}
}

// TestEveryVerb prints every shape with every verb, known or not, and every flag, width and precision.
func TestEveryVerb(t *testing.T) {
	printed := 0
	for name, v := range shapes() {
		for _, flags := range []string{"", "+", "-", "#", " ", "0", "+#", "# ", "+-# 0"} {
			for _, size := range []string{"", "1", "40", ".3", ".40", "30.5", "[1]", "*"} {
				for verb := 'A'; verb <= 'z'; verb++ {
					if verb == '[' || verb == ']' || verb == '*' {
						continue
					}
					args := []any{v}
					if size == "*" {
						args = []any{20, v}
					}
					text := fmt.Sprintf("%"+flags+size+string(verb), args...)
					printed++
					if leaked(text) != "" {
						t.Fatalf("%%%s%s%c prints part of the secret of: %s", flags, size, verb, name)
					}
				}
			}
		}
		for _, format := range []string{"", "%", "%!", "%[3]v", "%*d", "%.*d", "%[1]*[1]d", "%s %s", "%w", "%é", "%-10v|%10v"} {
			if leaked(fmt.Sprintf(format, v)) != "" || leaked(fmt.Errorf(format, v).Error()) != "" {
				t.Errorf("%q prints part of the secret of: %s", format, name)
			}
		}
	}
	if printed < 50_000 {
		t.Fatalf("only %d texts were printed", printed)
	}
}

// TestEveryPrinter gives every shape to whatever else turns values into text.
func TestEveryPrinter(t *testing.T) {
	page := htmltemplate.Must(htmltemplate.New("").Funcs(htmltemplate.FuncMap{"lower": strings.ToLower}).Parse(
		`{{.}}<a href="{{.}}" href="/x?{{.}}" title={{.}} style="color: {{.}}" onclick="f({{.}})">{{printf "%s%x%q%d" . . . .}}</a>` +
			`<script>var x = {{.}}; var y = "{{.}}"; var z = /{{.}}/</script><style>p { a: {{.}} }</style><!-- {{.}} -->`))
	plain := template.Must(template.New("").Parse(`{{.}} {{printf "%v %s %q %x" . . . .}} {{print .}} {{println .}} {{html .}} {{js .}} {{urlquery .}}`))
	printers := map[string]func(w io.Writer, v any){
		"fmt":    func(w io.Writer, v any) { fmt.Fprint(w, v); fmt.Fprintln(w, v); fmt.Fprint(w, "a", v, 1, v) },
		"append": func(w io.Writer, v any) { _, _ = w.Write(fmt.Append(fmt.Appendln(nil, v), v)) },
		"log":    func(w io.Writer, v any) { l := log.New(w, "", 0); l.Print(v); l.Printf("%v", v); l.Println(v) },
		"tabs": func(w io.Writer, v any) {
			x := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
			fmt.Fprintf(x, "%v\t%s\n", v, v)
			_ = x.Flush()
		},
		"JSON": func(w io.Writer, v any) {
			_ = json.NewEncoder(w).Encode(v)
			b, _ := json.MarshalIndent(v, "", " ")
			_, _ = w.Write(b)
		},
		"XML":      func(w io.Writer, v any) { _ = xml.NewEncoder(w).Encode(v) },
		"gob":      func(w io.Writer, v any) { _ = gob.NewEncoder(w).Encode(v) },
		"expvar":   func(w io.Writer, v any) { _, _ = io.WriteString(w, expvar.Func(func() any { return v }).String()) },
		"template": func(w io.Writer, v any) { _ = plain.Execute(w, v) },
		"page":     func(w io.Writer, v any) { _ = page.Execute(w, v) },
		"errors":   func(w io.Writer, v any) { fmt.Fprint(w, errors.Join(fmt.Errorf("a %v", v), fmt.Errorf("b %+v", v))) },
		"panic": func(w io.Writer, v any) {
			defer func() { fmt.Fprint(w, recover()) }()
			panic(v)
		},
		"key": func(w io.Writer, v any) {
			defer func() { fmt.Fprint(w, recover()) }()
			fmt.Fprint(w, map[any]bool{v: true})
		},
	}
	for name, options := range map[string]*slog.HandlerOptions{
		"plainly": nil, "with source": {AddSource: true},
		"replaced": {ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return slog.String(a.Key, fmt.Sprint(a.Value.Any())) }},
		"resolved": {ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return slog.Any(a.Key, a.Value.Resolve().Any()) }},
	} {
		for format, handler := range map[string]func(io.Writer) slog.Handler{
			"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) },
			"json": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) },
		} {
			printers["slog "+format+" "+name] = func(w io.Writer, v any) {
				l := slog.New(handler(w))
				l.Info("m", "a", v, slog.Group("g", "a", v, slog.Group("h", slog.Any("b", v))))
				l.With("a", v).WithGroup("g").With("b", v).Info(fmt.Sprint(v), v, v, "c", slog.AnyValue(v), "valuer", valuer{v})
			}
		}
	}
	for printer, print := range printers {
		for name, v := range shapes() {
			var out bytes.Buffer
			func() {
				defer func() { fmt.Fprint(&out, recover()) }() // of a template that gets a reflect.Value
				print(&out, v)
			}()
			if leaked(out.String()) != "" {
				t.Errorf("%s prints part of the secret of: %s", printer, name)
			}
			if name == "text" && out.Len() < len("<nil>")+2 {
				t.Errorf("%s prints nothing", printer)
			}
		}
	}
}

type valuer struct{ v any }

func (v valuer) LogValue() slog.Value { return slog.GroupValue(slog.Any("v", v.v)) }

// TestNoCopyIsStored: where the redacted form would be kept for the value, there is an error.
func TestNoCopyIsStored(t *testing.T) {
	s := secret.New(canary)
	for _, v := range []driver.Valuer{s, &s, embedding{s, ""}} {
		if got, err := v.Value(); err == nil || got != nil || leaked(err.Error()) != "" {
			t.Errorf("a database gets %v, %v", got, err)
		}
	}
	j, err := json.Marshal(map[string]secret.Text{"k": s})
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]secret.Text
	if err := json.Unmarshal(j, &back); err == nil {
		t.Error("the redacted form was read as a secret")
	}
	x, err := xml.Marshal(hold().Public)
	if err != nil {
		t.Fatal(err)
	}
	var text secret.Text
	if err := xml.Unmarshal(x, &text); err == nil {
		t.Error("the redacted form was read as a secret")
	}
}

// TestNotComparable: == and map keys do not compile. Of what compiles, a comparison of interfaces panics.
func TestNotComparable(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[secret.Text](), reflect.TypeFor[holder](), reflect.TypeFor[[1]secret.Text]()} {
		if typ.Comparable() {
			t.Errorf("%v can be compared with ==", typ)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("interfaces that hold Texts were compared")
		}
	}()
	a, b := any(secret.New(canary)), any(secret.New(canary))
	t.Error(a == b)
}

// deaths are the ways in which a program dies while it holds a secret.
var deaths = map[string]func(s secret.Text){
	"panic":             func(s secret.Text) { panic(s) },
	"pointer":           func(s secret.Text) { panic(&s) },
	"holder":            func(s secret.Text) { panic(hold()) },
	"embedding":         func(s secret.Text) { panic(embedding{s, "n"}) },
	"error":             func(s secret.Text) { panic(fmt.Errorf("with %v: %w", s, io.EOF)) },
	"again":             func(s secret.Text) { defer func() { panic(fmt.Sprint(recover(), s)) }(); panic(s) },
	"goroutine":         func(s secret.Text) { go func() { panic(s) }(); select {} },
	"argument":          func(s secret.Text) { explode(s, hold(), []secret.Text{s}) },
	"key":               func(s secret.Text) { fmt.Print(map[any]int{s: 1}) },
	"conversion":        func(s secret.Text) { _ = any(s).(fmt.Formatter).(error) },
	"log":               func(s secret.Text) { log.Fatal(s, hold()) },
	"slog":              func(s secret.Text) { slog.Error("dies", "s", s, "h", hold()); os.Exit(2) },
	"exhausted":         func(s secret.Text) { recurse(s, 0) },
	"print by the root": func(s secret.Text) { println(&s, s.String(), s.IsZero()); os.Exit(2) },
}

//go:noinline
func explode(s secret.Text, h holder, list []secret.Text) { panic(len(list) + len(h.list)) }

//go:noinline
func recurse(s secret.Text, depth int) int {
	if depth < 0 {
		return 0
	}
	return recurse(s, depth+1) + len(s.String())
}

// TestDeaths runs this test's own program and lets it die.
func TestDeaths(t *testing.T) {
	if how := os.Getenv("AIRWORTHY_TEST_DEATH"); how != "" {
		deaths[how](secret.New(canary))
		return
	}
	for how := range deaths {
		c := exec.Command(os.Args[0], "-test.run=^TestDeaths$")
		c.Env = append(os.Environ(), "AIRWORTHY_TEST_DEATH="+how, "GOTRACEBACK=all")
		out, err := c.CombinedOutput()
		if err == nil || len(out) == 0 {
			t.Errorf("%s: the program lives on, and says %q", how, out)
		}
		if leaked(string(out)) != "" {
			t.Errorf("%s: part of the secret stands in what the program left", how)
		}
	}
}
