package vault_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

func TestKV1(t *testing.T) {
	s := start(t)
	root := s.root(t)
	mount(t, root, "old", "kv", map[string]string{"version": "1"})
	write(t, root, "old/mail", map[string]any{"password": "first"})
	got := read(t, root, "old/mail")
	if got.Data["password"] != "first" || got.LeaseID != "" || got.Renewable {
		t.Errorf("read %v", got)
	}
	if none, err := root.Logical().Read("old/other"); none != nil || err != nil {
		t.Errorf("what is not there: %v, %v", none, err)
	}
}

func TestKV2(t *testing.T) {
	s := start(t)
	root := s.root(t)
	mount(t, root, "secret", "kv", map[string]string{"version": "2"})
	settle(t, root, "secret")
	kv := root.KVv2("secret")
	for version, password := range []string{"first", "second"} {
		put, err := kv.Put(t.Context(), "mail", map[string]any{"password": password})
		if err != nil || put.VersionMetadata.Version != version+1 {
			t.Fatalf("put: %v, %v", put, err)
		}
	}
	latest, err := kv.Get(t.Context(), "mail")
	if err != nil || latest.Data["password"] != "second" || latest.VersionMetadata.Version != 2 {
		t.Errorf("got %v, %v", latest, err)
	}
	first, err := kv.GetVersion(t.Context(), "mail", 1)
	if err != nil || first.Data["password"] != "first" {
		t.Errorf("got %v, %v", first, err)
	}
	if err := kv.Delete(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	// A deleted version is an answer of status 404 that has a body.
	deleted, err := kv.Get(t.Context(), "mail")
	if err != nil || deleted.Data != nil || deleted.VersionMetadata.DeletionTime.IsZero() {
		t.Errorf("deleted: %v, %v", deleted, err)
	}
}

// settle waits until a KV of version 2 is ready: for a moment after it is mounted, Vault refuses what is asked of it.
func settle(t *testing.T, client *api.Client, path string) {
	t.Helper()
	var err error
	for range 100 {
		if _, err = client.Logical().Read(path + "/config"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(err)
}

func TestLease(t *testing.T) {
	s := start(t)
	root := s.root(t)
	mount(t, root, "leased", "leased-kv", nil)
	write(t, root, "leased/mail", map[string]any{"password": "first", "ttl": "1h"})
	got := read(t, root, "leased/mail")
	if got.LeaseID == "" || !got.Renewable || got.LeaseDuration != 3600 {
		t.Fatalf("read %v", got)
	}
	renewed, err := root.Sys().Renew(got.LeaseID, 0)
	if err != nil || renewed.LeaseID != got.LeaseID || renewed.LeaseDuration != 3600 {
		t.Errorf("renewed: %v, %v", renewed, err)
	}
	if err := root.Sys().RevokeWithOptions(&api.RevokeOptions{LeaseID: got.LeaseID, Sync: true}); err != nil {
		t.Fatal(err)
	}
	_, err = root.Sys().Renew(got.LeaseID, 0)
	refused(t, err, http.StatusBadRequest)
}

func TestSealed(t *testing.T) {
	s := start(t)
	root := s.root(t)
	mount(t, root, "old", "kv", nil)
	write(t, root, "old/mail", map[string]any{"password": "first"})
	if err := root.Sys().Seal(); err != nil {
		t.Fatal(err)
	}
	_, err := root.Logical().Read("old/mail")
	refused(t, err, http.StatusServiceUnavailable)
	if status, err := root.Sys().Unseal(s.UnsealKey); err != nil || status.Sealed {
		t.Fatalf("unsealing: %v, %v", status, err)
	}
	if got := read(t, root, "old/mail"); got.Data["password"] != "first" {
		t.Errorf("read %v", got)
	}
}
