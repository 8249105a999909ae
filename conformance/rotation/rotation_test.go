package rotation

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	rotations = 5
	enough    = 100_000 // requests, at least
	visitors  = 24
)

// TestRotationUnderLoad is the whole story.
func TestRotationUnderLoad(t *testing.T) {
	vault := startVault(t)
	relay := newRelay(t, vault.Address)
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AIRWORTHY_ENV=production",
		"ALLOWED_HOSTS=rotation.example,127.0.0.1", "DATABASE_URL=" + os.Getenv("POSTGRES_TEST_URL"), "VAULT_TOKEN=" + vault.Token,
		"AIRWORTHY_SECRETS=vault://" + relay.listener.Addr().String() + "/secret/site?insecure=true", "AIRWORTHY_SECRETS_REFRESH=1s"}
	_, first, errs := command(t, env, "key", "generate")
	if !strings.HasPrefix(first, "aw1_production_") {
		t.Fatalf("key generate prints something else than a key: %s", errs)
	}
	vault.post(t, "secret/data/site", map[string]any{"data": map[string]string{"SECRET_KEY": strings.TrimSpace(first), "OTHER": "kept"}})

	var instances []*instance
	var addresses []string
	for _, name := range []string{"a", "b", "c"} {
		i := newInstance(t, name, env)
		instances, addresses = append(instances, i), append(addresses, i.address)
	}

	var tr traffic
	stop := make(chan struct{})
	halt := sync.OnceFunc(func() { close(stop) })
	t.Cleanup(halt)
	var load sync.WaitGroup
	all := make([]*visitor, visitors)
	for n := range all {
		v := newVisitor(n)
		all[n] = v
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if tr.refused.Load() > 20 {
						return // what there is to see has been seen
					}
					v.visit(t, &tr, addresses)
					time.Sleep(5 * time.Millisecond) // the rotation needs some of the machine too
				}
			}
		})
	}
	// A visitor who is away while all keys but the last are made.
	away := newVisitor(visitors)
	away.visit(t, &tr, addresses)

	var without []string
	for n := range rotations {
		switch n {
		case 1: // the source dies, and nobody can rotate; when it is back the rotation goes on
			relay.die(false)
			if status, _, errs := command(t, env, "key", "rotate"); status == 0 {
				t.Errorf("key rotate says that it rotated without a source:\n%s", errs)
			}
			time.Sleep(3 * time.Second) // several refreshes fail
			relay.live()
		case 2: // an instance is killed between the writing of the new key and its own swap
			done := make(chan struct{})
			go func() {
				defer close(done)
				time.Sleep(300 * time.Millisecond)
				instances[1].kill()
				time.Sleep(2 * time.Second)
				instances[1].start(t)
			}()
			// Nobody can know that it is dead rather than slow: the rotation waits, until it is told.
			code, _, errs := command(t, env, "key", "rotate", "--wait", "8s")
			<-done
			said := regexp.MustCompile(`1 of \d instances lacks? the key: (\S+); the key stays staged`).FindStringSubmatch(errs)
			if code == 0 || said == nil {
				t.Fatalf("key rotate did not wait for the instance that was killed: status %d\n%s", code, errs)
			}
			without = append(without, "--without", said[1])
			rotate(t, env, n, without...)
			continue
		case 3: // the source hangs while the rotation waits for the instances
			done := make(chan struct{})
			go func() {
				defer close(done)
				time.Sleep(500 * time.Millisecond)
				relay.die(true)
				time.Sleep(4 * time.Second)
				relay.live()
			}()
			command(t, env, append([]string{"key", "rotate"}, without...)...) // it may fail or wait; what it began is finished below
			<-done
		}
		rotate(t, env, n, without...)
	}
	for tr.requests.Load() < enough && !t.Failed() {
		time.Sleep(100 * time.Millisecond)
	}

	// Who was away finds the session, and what was signed by the first key is good.
	away.visit(t, &tr, addresses)
	s := status(t, env)
	if len(s.Keys) < 2 || s.Keys[0].Role != "current" {
		t.Errorf("key status lists %d keys, the first as %q", len(s.Keys), s.Keys[0].Role)
	}
	used := false
	for _, k := range s.Keys[1:] {
		used = used || k.Verified > 0
	}
	if !used {
		t.Error("key status counts no use of any fallback, over all instances")
	}

	// The keys are retired while visitors are there. Sessions have moved to newer keys; values signed long ago are
	// worth nothing, which is what retiring means, so visitors have new ones made.
	waitFor(t, "all three instances sign with the newest key", func() bool { return status(t, env).Keys[0].Signing == len(instances) })
	halt()
	load.Wait()
	old, oldCookies := all[0].signed, maps.Clone(away.cookies)
	for _, v := range append(all, away) {
		v.signed = ""
		v.visit(t, &tr, addresses)
	}
	refusedBefore := tr.refused.Load()
	if refusedBefore != 0 {
		t.Errorf("%d of %d requests were refused", refusedBefore, tr.requests.Load())
	}
	if code, _, errs := command(t, env, "key", "retire", "--expired"); code == 0 && strings.Contains(errs, "retired") {
		t.Logf("retire --expired: %s", errs) // young keys stay
	}
	args := []string{"key", "retire", "--force"}
	for _, k := range s.Keys[1:] {
		args = append(args, k.Fingerprint)
	}
	if code, out, errs := command(t, env, args...); code != 0 {
		t.Fatalf("key retire --force: status %d\n%s%s", code, out, errs)
	}
	waitFor(t, "only the current key is left everywhere", func() bool {
		for _, a := range addresses {
			if answer, ok := get(t, a, "/verify?v="+url.QueryEscape(old), nil); ok || answer != http.StatusForbidden {
				return false
			}
		}
		return true
	})
	for _, v := range append(all, away) {
		v.visit(t, &tr, addresses)
	}
	for _, a := range addresses {
		if answer, _ := get(t, a, "/verify?v="+url.QueryEscape(old), nil); answer != http.StatusForbidden {
			t.Errorf("a value that the retired key signed: status %d", answer)
		}
	}
	_ = oldCookies
	if tr.requests.Load() < enough {
		t.Errorf("only %d requests were sent, want %d", tr.requests.Load(), enough)
	}
	if n := tr.refused.Load(); n != 0 {
		t.Errorf("%d of %d requests were refused", n, tr.requests.Load())
	}
	for _, i := range instances {
		if strings.Contains(i.logged(), strings.TrimSpace(first)[len(first)-20:]) {
			t.Errorf("%s logged a part of the key", i.name)
		}
		if !strings.Contains(i.logged(), "airworthy.secrets.Stale") {
			t.Errorf("%s did not say that the source was dead", i.name)
		}
	}
	t.Logf("%d requests, %d visitors, %d rotations", tr.requests.Load(), visitors+1, rotations)
}

// rotate rotates to the end: a rotation that was interrupted is finished by the next.
func rotate(t *testing.T, env []string, n int, flags ...string) {
	t.Helper()
	before := status(t, env).Keys[0].Fingerprint
	waitFor(t, "key rotate succeeds", func() bool {
		code, _, errs := command(t, env, append([]string{"key", "rotate"}, flags...)...)
		if code != 0 {
			t.Logf("rotation %d: %s", n, errs)
		}
		return code == 0
	})
	if after := status(t, env).Keys[0].Fingerprint; after == before {
		t.Errorf("rotation %d: the key is the same", n)
	}
}

type keys struct {
	Keys []struct {
		Fingerprint string `json:"fingerprint"`
		Role        string `json:"role"`
		Verified    uint64 `json:"verified"`
		Signing     int    `json:"signing"` // instances
	} `json:"keys"`
}

func status(t *testing.T, env []string) keys {
	t.Helper()
	var k keys
	waitFor(t, "key status answers", func() bool {
		code, out, errs := command(t, env, "key", "status", "--format", "json")
		if code != 0 {
			t.Logf("key status: %s", errs)
			return false
		}
		k = keys{}
		if err := json.Unmarshal([]byte(out), &k); err != nil || len(k.Keys) == 0 {
			t.Fatalf("key status prints no keys: %v\n%s", err, out)
		}
		return true
	})
	return k
}

// get asks one instance, without a session unless cookies are given, and reports whether it answers 200.
func get(t *testing.T, address, path string, cookies map[string]string) (int, bool) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "rotation.example"
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, false
	}
	answer.Body.Close()
	return answer.StatusCode, answer.StatusCode == http.StatusOK
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if done() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after two minutes it is not so that %s", what)
		}
	}
}
