package djangoversions_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
)

// claimed are the IDs that are Django's and that airworthy finds where Django does.
var claimed = strings.Fields(`security.W001 security.W002 security.W003 security.W004 security.W005 security.W006 security.W008
	security.W009 security.W010 security.W011 security.W012 security.W013 security.W014 security.W015 security.W016
	security.W018 security.W019 security.W020 security.W021 security.W022 security.E023 security.E024 security.W025
	security.E026 security.W027 security.E100 security.E101 security.E102 4_0.E001 async.E001 auth.E013 caches.E001
	caches.W002 caches.W003 files.E001 mail.E001 mail.W001 urls.E006 urls.E007 urls.E008`)

// absent are those that a release does not have, and so never finds.
func absent(release string) []string {
	series := release[:3]
	switch {
	case series == "3.2":
		return strings.Fields("security.E024 security.W025 security.E026 security.W027 4_0.E001 auth.E013 files.E001 mail.E001 mail.W001")
	case series < "5.1":
		return strings.Fields("security.E026 security.W027 security.E100 auth.E013 mail.E001 mail.W001")
	case series < "6.0":
		return strings.Fields("security.E026 security.W027 security.E100 mail.E001 mail.W001")
	case series < "6.1":
		return strings.Fields("security.W027 security.E100 mail.E001 mail.W001")
	}
	return []string{"security.E100"}
}

type django1 struct{ release, python string }

// releases returns the Djangos to compare with.
func releases(t *testing.T) (all []django1) {
	t.Helper()
	for _, pair := range strings.Fields(os.Getenv("AIRWORTHY_DJANGOS")) {
		release, python, _ := strings.Cut(pair, "=")
		all = append(all, django1{release, python})
	}
	if len(all) == 0 {
		t.Skip("set AIRWORTHY_DJANGOS, or use run.sh")
	}
	return all
}

func seed(t *testing.T) *rand.Rand {
	n := uint64(time.Now().UnixNano())
	if s := os.Getenv("AIRWORTHY_SEED"); s != "" {
		n, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("AIRWORTHY_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 62))
}

// answer is what Django and the exporter say of a module.
type answer struct {
	Module string
	IDs    []string
	Failed string
	Unread string
	Export json.RawMessage
}

// project writes the modules of one release and returns its directory and their names.
func project(t *testing.T, release string, sources []string) (dir string, names []string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		write(name, text)
	}
	write("base.py", "from pathlib import Path\n"+hardened)
	csp := ""
	if strings.HasPrefix(release, "6.") {
		csp = "from django.utils.csp import CSP"
	}
	write("setup_settings.py", fmt.Sprintf(head, csp)+hardened)
	write("requirements.txt", "django=="+release+"\n")
	for i, src := range sources {
		name := fmt.Sprintf("settings_%04d", i)
		write(name+".py", src)
		names = append(names, name)
	}
	return dir, names
}

// ask has Django judge the modules.
func ask(t *testing.T, python, dir string, names []string) (all []answer) {
	t.Helper()
	export, err := filepath.Abs("../../check/django/export.py")
	if err != nil {
		t.Fatal(err)
	}
	question, err := json.Marshal(map[string]any{"dir": dir, "export": export, "setup": "setup_settings", "modules": names})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "oracle.py")
	cmd.Stdin = strings.NewReader(string(question) + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("%v: %.200s", err, lines.Bytes())
		}
		all = append(all, a)
	}
	if err := cmd.Wait(); err != nil || len(all) != len(names) {
		t.Fatalf("%d answers for %d modules: %v", len(all), len(names), err)
	}
	return all
}

// mine returns the IDs that are claimed, each as often as it was found.
func mine(r *check.Report) (ids []string) {
	ids = []string{}
	for _, f := range r.Findings {
		if slices.Contains(claimed, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func theirs(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(claimed, id) })
}

// TestAgree compares on hundreds of modules for each release.
func TestAgree(t *testing.T) {
	for _, d := range releases(t) {
		t.Run(d.release, func(t *testing.T) {
			t.Parallel()
			sources := modules(seed(t), d.release)
			dir, names := project(t, d.release, sources)
			compared, failed, seen := 0, map[string]int{}, map[string]int{}
			static, open := 0, 0
			for i, a := range ask(t, d.python, dir, names) {
				if a.Failed != "" {
					failed[a.Failed]++
					continue
				}
				compared++
				p, err := django.Parse(a.Export)
				if err != nil {
					t.Fatalf("%v (%s)\n%s", err, a.Unread, sources[i])
				}
				report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
				if got, want := mine(report), theirs(a.IDs); !slices.Equal(got, want) {
					t.Errorf("findings = %q\nDjango's  = %q\n%s", got, want, tail(sources[i]))
				}
				for _, n := range report.NotRun {
					if slices.Contains(claimed, n.ID) {
						t.Errorf("%s could not look: %s\n%s", n.ID, n.Reason, tail(sources[i]))
					}
				}
				for _, id := range a.IDs {
					seen[id]++
				}
				s, o := literal(t, dir, names[i], theirs(a.IDs), sources[i])
				static, open = static+s, open+o
			}
			t.Logf("%d modules compared; Django failed on %v; found by ID: %v", compared, failed, seen)
			t.Logf("the literal reader judged %d rules and left %d open", static, open)
			if compared < 500 {
				t.Errorf("only %d modules were compared, want 500", compared)
			}
			gone := append(absent(d.release), "async.E001")
			for _, id := range claimed {
				if seen[id] == 0 != slices.Contains(gone, id) {
					t.Errorf("%s was found %d times, so that its comparison means nothing", id, seen[id])
				}
			}
			if static < 20*compared || open > static/3 {
				t.Errorf("the literal reader judged %d rules and left %d open", static, open)
			}
		})
	}
}

// literal holds the reader that runs nothing to the same findings, but for rules that it leaves open.
func literal(t *testing.T, dir, module string, want []string, src string) (judged, open int) {
	t.Helper()
	p, err := django.ReadStatic(dir, module)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
	var left []string
	for _, n := range report.NotRun {
		left = append(left, n.ID)
	}
	drop := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(left, id) })
	}
	// What a rule finds in one setting it reports, though it cannot know whether there is more in another.
	if got, want := slices.Compact(drop(mine(report))), slices.Compact(drop(want)); !slices.Equal(got, want) {
		t.Errorf("the literal reader's findings = %q\nDjango's = %q\n%s", got, want, tail(src))
	}
	for _, id := range claimed {
		if slices.Contains(left, id) {
			open++
		} else {
			judged++
		}
	}
	return judged, open
}

// tail is the part of a module in which it differs from others.
func tail(src string) string {
	_, after, _ := strings.Cut(src, "USE_TZ = True\n")
	return after
}

// TestCommand sends some tens of modules through the built command, and compares with the output of manage.py.
func TestCommand(t *testing.T) {
	all := releases(t)
	bin := filepath.Join(t.TempDir(), "airworthy")
	build := exec.Command("go", "build", "-o", bin, "./cmd/airworthy")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, d := range all {
		t.Run(d.release, func(t *testing.T) {
			t.Parallel()
			r := seed(t)
			sources := modules(r, d.release)
			r.Shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
			dir, names := project(t, d.release, sources[:24])
			n := 0
			for i, a := range ask(t, d.python, dir, names) {
				if a.Failed != "" {
					continue
				}
				n++
				var report check.Report
				status := command(t, bin, d.python, dir, a.Module, &report)
				if got, want := mine(&report), theirs(a.IDs); !slices.Equal(got, want) {
					t.Errorf("findings = %q\nDjango's  = %q\n%s", got, want, tail(sources[i]))
				}
				if status != 1 { // a project on SQLite without a Content-Security-Policy
					t.Errorf("status %d, want 1", status)
				}
				if !strings.Contains(report.Subject, "Django "+d.release) {
					t.Errorf("subject = %q, want it to name Django %s", report.Subject, d.release)
				}
				for _, f := range report.Findings {
					if f.Setting != "" && f.File == "" && f.Setting != "DJANGO_ALLOW_ASYNC_UNSAFE" {
						t.Errorf("%s: %s is found nowhere in the source", f.ID, f.Setting)
					}
				}
			}
			if n < 12 {
				t.Errorf("only %d modules went through the command", n)
			}
		})
	}
}

func command(t *testing.T, bin, python, dir, module string, report *check.Report) (status int) {
	t.Helper()
	cmd := exec.Command(bin, "check", "--deploy", "--django", dir, "--settings", module, "--python", python, "--format", "json")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err := json.Unmarshal(out, report); err != nil {
		t.Fatalf("%v: %.300s\n%s", err, out, errs.String())
	}
	_ = err // the status says it
	return cmd.ProcessState.ExitCode()
}
