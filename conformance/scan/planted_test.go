package scan

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// awsKey returns what looks like the name of a key of AWS, a new one each time.
func awsKey() string {
	b := make([]byte, 10)
	_, _ = rand.Read(b)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	key := []byte("AKIA")
	for i := range 16 {
		key = append(key, letters[(int(b[i%10])>>(i/10*3)+i)%32])
	}
	return string(key)
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)[:n]
}

func privateKey(t *testing.T) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func wide(order binary.AppendByteOrder, mark bool, text string) string {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// planter makes a repository of real code with secrets in it.
type planter struct {
	*testing.T
	dir  string
	want map[string]string // the check that finds something in a file
	all  []string          // every secret
}

func (p *planter) git(args ...string) string { return git(p.T, p.dir, nil, args...) }

func (p *planter) write(name, text string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *planter) commit(files ...string) {
	p.git("add", "--all", ".")
	p.git("commit", "-q", "--allow-empty", "-m", strings.Join(files, " "))
}

func (p *planter) key() string {
	p.all = append(p.all, awsKey())
	return p.all[len(p.all)-1]
}

// TestPlanted plants secrets in every place that a history has, and wants each to be found, in its file, and told whether it
// still stands there.
func TestPlanted(t *testing.T) {
	p := &planter{T: t, dir: filepath.Join(t.TempDir(), "planted"), want: map[string]string{}}
	source := sources(t, goSource(t), func(name string) bool {
		return strings.HasPrefix(name, "net/") && !strings.Contains(name, "test")
	})
	history(t, p.dir, []map[string][]byte{source}, 20, 5)
	p.write(".gitignore", ".env\nsecret.txt\n")
	p.commit(".gitignore")
	now := func(name, text string) { p.write(name, text); p.want[name] = "repo.E004" }
	gone := func(name, text string) { p.write(name, text); p.want[name] = "repo.E005" }

	django := random(50)
	database, mail := random(20), random(40)
	pemText := privateKey(t)
	p.all = append(p.all, django, database, mail, strings.Split(pemText, "\n")[1])
	long := strings.Repeat("var a=1;", 300_000)
	now("site/settings/base.py", "DEBUG = False\nSECRET_KEY = 'x"+django[1:]+"'\n")
	now("deploy/prod.py", "client = boto3.client('s3', aws_access_key_id='"+p.key()+"')\n")
	now("keys/server.key", pemText)
	now("compose.yaml", "services:\n  db:\n    environment:\n      DATABASE_URL: postgres://site:"+database+"@db.internal:5432/site\n")
	now("windows.ini", "[aws]\r\naccess = "+p.key()+"\r\nregion = eu\r\n")
	now("binary.bin", "\x00\x01\xff\xfe\x80"+p.key()+"\x00\x00\x7f")
	now("wide-le.reg", wide(binary.LittleEndian, true, "key="+p.key()+"\r\n"))
	now("wide-be.reg", wide(binary.BigEndian, true, "key="+p.key()+"\r\n"))
	now("wide-unmarked.reg", wide(binary.LittleEndian, false, "access key="+p.key()+"\r\n"))
	now("app.min.js", long+"k='"+p.key()+"';"+long)
	now("secret.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  token: "+base64.StdEncoding.EncodeToString([]byte(mail))+"\n")
	p.write("archive.gz", zipped(p.key())) // nothing is unpacked, which docs/scan.md says
	p.commit("HEAD")

	gone("deleted.sh", "export AWS_ACCESS_KEY_ID="+p.key()+"\n")
	renamed := "key = '" + p.key() + "'\n"
	gone("old/name.py", renamed)
	gone("production.env", "SMTP_PASSWORD="+mail+"\n")
	gone("rewritten.py", "key = '"+p.key()+"'\n")
	p.commit("to be deleted")
	p.git("rm", "-q", "deleted.sh", "production.env")
	p.git("mv", "old/name.py", "new.py")
	p.want["new.py"] = "repo.E004"
	p.write("rewritten.py", "key = os.environ['KEY']\n")
	p.commit("deleted")

	p.git("checkout", "-q", "-b", "branch")
	gone("branch.py", "key = '"+p.key()+"'\n")
	p.commit("branch")
	p.git("checkout", "-q", "main")
	p.commit("main")
	p.git("merge", "-q", "--no-ff", "--no-commit", "branch")
	gone("evil.py", "key = '"+p.key()+"'\n") // in the merge and in none of its parents
	p.commit("merge")
	p.git("rm", "-q", "evil.py", "branch.py")
	p.commit("gone again")

	gone("tag.py", "key = '"+p.key()+"'\n")
	p.commit("tag")
	p.git("tag", "-a", "v1", "-m", "one")
	p.git("reset", "-q", "--hard", "HEAD~1")

	gone("remote.py", "key = '"+p.key()+"'\n")
	p.commit("remote")
	p.git("update-ref", "refs/remotes/origin/other", "HEAD")
	p.git("reset", "-q", "--hard", "HEAD~1")

	gone("reflog.py", "key = '"+p.key()+"'\n")
	p.commit("reflog")
	p.git("reset", "-q", "--hard", "HEAD~1")

	for _, name := range []string{"stash-old.py", "stash-new.py"} { // the older one is in a reflog only
		gone(name, "key = '"+p.key()+"'\n")
		p.git("add", name)
		p.git("stash", "-q")
	}
	p.write("unreached", "key = '"+p.key()+"'\n")
	p.git("hash-object", "-w", "unreached")
	if err := os.Remove(filepath.Join(p.dir, "unreached")); err != nil {
		t.Fatal(err)
	}
	p.want[""] = "repo.E005" // a content that nothing leads to
	p.git("notes", "add", "-m", "the key was "+p.key())
	p.want["note"] = "repo.E005"

	now("staged.py", "key = '"+p.key()+"'\n")
	p.git("add", "staged.py")
	p.write("staged.py", "")
	now("untracked.py", "key = '"+p.key()+"'\n")
	p.write("secret.txt", p.key()) // ignored: it is where it belongs

	inUse := filepath.Join(t.TempDir(), "in-use.env")
	if err := os.WriteFile(inUse, []byte("SMTP_PASSWORD="+mail+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.judge("as it is", "--in-use", inUse)
	p.git("repack", "-adfq")
	p.judge("packed", "--in-use", inUse)
	clone := filepath.Join(t.TempDir(), "clone.git")
	git(t, "", nil, "clone", "-q", "--mirror", "file://"+p.dir, clone)
	bare := &planter{T: t, dir: clone, want: map[string]string{}, all: p.all}
	for name, id := range p.want { // what a mirror has
		if !slices.Contains([]string{"", "staged.py", "untracked.py", "stash-old.py", "reflog.py"}, name) {
			bare.want[name] = id
		}
	}
	bare.judge("a bare clone", "--in-use", inUse)
}

type finding struct {
	ID, Level, File, Evidence, Setting string
	Line                               int
}

// scanned returns the findings of E004 and E005.
func scanned(t *testing.T, dir string, secrets []string, args ...string) []finding {
	t.Helper()
	out, err := exec.Command(tool(t, "AIRWORTHY"), append(append([]string{"scan", "--format", "json"}, args...), dir)...).Output()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 1) {
		t.Fatalf("scan: %v", err)
	}
	for _, s := range secrets {
		if bytes.Contains(out, []byte(s)) {
			t.Errorf("the report holds a secret")
		}
	}
	var report struct {
		Findings []finding
		NotRun   []struct{ ID, Reason string } `json:"not_run"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("scan: %v", err)
	}
	for _, n := range report.NotRun {
		t.Errorf("%s could not look: %s", n.ID, n.Reason)
	}
	return slices.DeleteFunc(report.Findings, func(f finding) bool { return f.ID != "repo.E004" && f.ID != "repo.E005" })
}

func (p *planter) judge(name string, args ...string) {
	p.Helper()
	got := map[string]string{}
	for _, f := range scanned(p.T, p.dir, p.all, append(args, "--no-cache")...) {
		file := f.File
		if len(file) == 40 && !strings.ContainsAny(file, "/.") {
			file = "note" // git names the file of a note after what it is about
		}
		if p.want[file] == "" {
			p.Errorf("%s: found in %s: %s", name, file, f.Evidence)
		}
		if had := got[file]; had != "" && had != f.ID {
			p.Errorf("%s: %s is both in the file and not", name, file)
		}
		got[file] = f.ID
		if inUse := f.Setting == "SMTP_PASSWORD"; inUse != (file == "production.env" || file == "secret.yaml") || inUse != (f.Level == "CRITICAL") {
			p.Errorf("%s: %s is said to be in use: %t, %s", name, file, inUse, f.Level)
		}
		if f.ID == "repo.E005" && file != "" && !strings.Contains(f.Evidence, "since commit") {
			p.Errorf("%s: %s: %s", name, file, f.Evidence)
		}
	}
	for file, id := range p.want {
		if got[file] != id {
			p.Errorf("%s: %q: got %q, want %q", name, file, got[file], id)
		}
	}
	fmt.Printf("%-20s %d secrets in %d places, %d found\n", name, len(p.all), len(p.want), len(got))
}
