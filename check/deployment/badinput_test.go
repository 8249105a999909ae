package deployment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestBadInput gives the readers what other readers of YAML did not survive. A secret that stands beside it is found, or it is
// said that the file was not read to its end; and the end comes soon.
func TestBadInput(t *testing.T) {
	const planted = "services:\n  web:\n    environment:\n      API_KEY: Xk29fmqwL0\n"
	bomb := "x-a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += fmt.Sprintf("x-%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ","))
	}
	for _, row := range []struct {
		name, file, text string
		want             string // an ID
	}{
		{"58: an alias bomb", "compose.yml", bomb + planted, "deployment.E001"},
		{"58: a merge bomb where variables are looked for", "compose.yml", merges() + "services:\n  web:\n    environment: *m39\n", "deployment.I008"},
		{"58: a million anchors", "compose.yml", strings.Repeat("x-a: &a b\n", 60_000) + planted, "deployment.E001"},
		{"58: longer than is read", "compose.yml", planted + strings.Repeat("# c\n", 1<<20), "deployment.E001"},
		{"58: a secret behind what is read", "compose.yml", strings.Repeat("# c\n", 1<<20) + planted, "deployment.I008"},
		{"58: a Dockerfile longer than is read", "Dockerfile", "FROM x\n" + strings.Repeat("# c\n", 1<<20) + "ENV API_KEY=Xk29fmqwL0\n", "deployment.I008"},
		{"58: keys that stand twice", "compose.yml", planted + "      API_KEY: ${API_KEY:?}\n", "deployment.E001"},
		{"58: services that stand twice", "compose.yml", planted + "services: {}\n", "deployment.E001"},
		{"58: a merge key that hides", "compose.yml", "x-base: &b\n  API_KEY: Xk29fmqwL0\nservices:\n  web:\n    environment:\n      <<: *b\n      A: b\n", "deployment.E001"},
		{"58: a merge of itself", "compose.yml", "services: &a\n  <<: *a\n  web:\n    environment: {API_KEY: Xk29fmqwL0}\n", "deployment.E001"},
		{"58: a tag that makes objects", "compose.yml", "services:\n  web:\n    environment:\n      API_KEY: !!python/object/apply:os.system [touch /tmp/x]\n      B_TOKEN: !!str Xk29fmqwL0\n", "deployment.E001"},
		{"58: deep nesting", "compose.yml", planted + "x-a: " + strings.Repeat("[", 20_000) + "\n", "deployment.I008"},
		{"58: our environment", "compose.yml", "services: {web: {environment: {API_KEY: '${HOME:-Xk29fmqwL0}'}}}\n", "deployment.E001"},
		{"58: a tab where none may be", "compose.yml", "services:\n\tweb:\n    environment:\n      API_KEY: Xk29fmqwL0\n", "deployment.E001"},
		{"58: UTF-16", "compose.yml", "\xff\xfe" + wide(planted), "deployment.E001"},
		{"58: a byte order mark", "compose.yml", "\ufeff" + planted, "deployment.E001"},
		{"58: no UTF-8", "compose.yml", "x-a: \xff\xfe\n" + planted, "deployment.E001"},
		{"58: carriage returns", "compose.yml", strings.ReplaceAll(planted, "\n", "\r\n"), "deployment.E001"},
		{"58: ten thousand documents", "k8s.yaml", strings.Repeat("---\na: b\n", 9_000) + "---\napiVersion: v1\nkind: Secret\nstringData: {a: Xk29fmqwL0}\n", "deployment.E002"},
		{"58: a Dockerfile that never ends a line", "Dockerfile", "FROM x\nENV A=b " + strings.Repeat("\\\n", 100_000) + "API_KEY=Xk29fmqwL0", "deployment.E003"},
		{"58: a heredoc without an end", "Dockerfile", "FROM x\nRUN <<E\nexport API_KEY=Xk29fmqwL0\n" + strings.Repeat("a\n", 100_000), "deployment.E003"},
	} {
		t.Run(row.name, func(t *testing.T) {
			start := time.Now()
			r := judge(t, map[string]string{row.file: row.text})
			got := map[string]bool{}
			for _, f := range r.Findings {
				got[f.ID] = true
				if strings.Contains(f.Evidence+f.Title+f.Key, "Xk29fmqwL0") {
					t.Errorf("a finding holds the secret: %s", f.Evidence)
				}
			}
			if !r.Failed() && row.want == "deployment.I008" && strings.Contains(row.name, "bomb") {
				t.Error("a file that nobody could read to its end passes")
			}
			if !got[row.want] || len(r.NotRun) > 0 {
				t.Errorf("findings %v, not run %v; want %s", got, r.NotRun, row.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// merges are mappings each of which takes two of the one before.
func merges() string {
	all := "x-0: &m0 {k0: 1}\n"
	for i := 1; i < 40; i++ {
		all += fmt.Sprintf("x-%d: &m%d\n  <<: [*m%d, *m%d]\n  k%d: 1\n", i, i, i-1, i-1, i)
	}
	return all
}

// wide writes ASCII as UTF-16.
func wide(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}
