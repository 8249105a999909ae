package gcp_test

import (
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
)

const (
	bulletin = "gcp-sm://" + project + "/bulletin"
	manager  = "secretmanager.googleapis.com:443"
	member   = "serviceAccount:bulletin@my-project.iam.gserviceaccount.com"
	noGCE    = "NO_GCE_CHECK=true" // nobody looks for a metadata server
)

// only lets the member read, and nobody else.
func only(g *google, member string) {
	g.Grant("", &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/secretmanager.secretAccessor", Members: []string{member}}}})
}

// asked fails unless the program talked to those hosts and no others: there is no telemetry.
func asked(t *testing.T, g *google, want string) {
	t.Helper()
	if got := g.hosts(); got != want {
		t.Errorf("it talked to %q, want %q", got, want)
	}
}

// refresh is the token endpoint for a refresh token.
func (g *google) refresh(w http.ResponseWriter, r *http.Request) {
	if r.Host != "oauth2.googleapis.com" || r.URL.Path != "/token" || r.FormValue("grant_type") != "refresh_token" ||
		r.FormValue("refresh_token") != "refresh-"+canary || r.FormValue("client_secret") != "client-"+canary {
		http.Error(w, canary, http.StatusBadRequest)
		return
	}
	g.answer(w, "user:ann@example.com")
}

var user = map[string]any{"type": "authorized_user", "client_id": "1", "client_secret": "client-" + canary, "refresh_token": "refresh-" + canary}

// metadata is the metadata server.
func (g *google) metadata(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Metadata-Flavor", "Google")
	if r.Header.Get("Metadata-Flavor") != "Google" || r.URL.Path != "/computeMetadata/v1/instance/service-accounts/default/token" {
		http.NotFound(w, r)
		return
	}
	g.answer(w, member)
}

// TestCredentials is the SDK's search for credentials: the program is told nothing but where to find them.
func TestCredentials(t *testing.T) {
	t.Run("the key of a service account", func(t *testing.T) {
		g := newGoogle(t, nil)
		a := newAccount(t, strings.TrimPrefix(member, "serviceAccount:"))
		only(g, member)
		g.Who = func(token string) (string, bool) { return member, a.signed(token) }
		g.reads(bulletin, g.file(a.content(t)), noGCE)
		asked(t, g, manager) // it signs its tokens itself: no token endpoint is asked
		g.file(newAccount(t, a.email).content(t))
		g.fails("20s", bulletin, "Unauthenticated", "GOOGLE_APPLICATION_CREDENTIALS="+filepath.Join(g.dir, "credentials.json"), noGCE)
	})
	t.Run("the file of a user", func(t *testing.T) {
		g := newGoogle(t, nil)
		only(g, "user:ann@example.com")
		g.oauth = g.refresh
		g.reads(bulletin, g.file(user), noGCE)
		asked(t, g, "oauth2.googleapis.com:443 "+manager)
	})
	t.Run("the file where gcloud puts it", func(t *testing.T) {
		g := newGoogle(t, nil)
		only(g, "user:ann@example.com")
		g.oauth = g.refresh
		data, err := json.Marshal(user)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(g.dir, ".config", "gcloud", "application_default_credentials.json"), data)
		g.reads(bulletin, noGCE)
		asked(t, g, "oauth2.googleapis.com:443 "+manager)
	})
	t.Run("the metadata server", func(t *testing.T) {
		g := newGoogle(t, nil)
		only(g, member)
		g.meta = g.metadata
		g.reads(bulletin, "GCE_METADATA_HOST="+g.metaURL)
		asked(t, g, manager)
	})
	t.Run("workload identity federation", func(t *testing.T) {
		g := newGoogle(t, nil)
		const principal = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/p/subject/s"
		only(g, principal)
		subject := filepath.Join(g.dir, "token")
		write(t, subject, []byte("subject-"+canary))
		g.oauth = func(w http.ResponseWriter, r *http.Request) {
			if r.Host != "sts.googleapis.com" || r.FormValue("subject_token") != "subject-"+canary {
				http.Error(w, canary, http.StatusBadRequest)
				return
			}
			g.answer(w, principal)
		}
		g.reads(bulletin, g.file(map[string]any{
			"type":               "external_account",
			"audience":           "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/p/providers/q",
			"subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
			"token_url":          "https://sts.googleapis.com/v1/token",
			"credential_source":  map[string]any{"file": subject},
		}), noGCE)
		asked(t, g, manager+" sts.googleapis.com:443")
	})
}

// TestEndpoints: which host is asked.
func TestEndpoints(t *testing.T) {
	g := newGoogle(t, nil)
	only(g, member)
	g.meta = g.metadata
	g.reads(bulletin+"?location=europe-west3", "GCE_METADATA_HOST="+g.metaURL)
	asked(t, g, "secretmanager.europe-west3.rep.googleapis.com:443")
	g.asked = nil
	g.reads(bulletin+"?endpoint="+g.manager, "GCE_METADATA_HOST="+g.metaURL)
	asked(t, g, "") // loopback needs no proxy
}

// TestNoCredentials: an error says what is missing, and nothing of what was found.
func TestNoCredentials(t *testing.T) {
	const none = "there are no credentials that can be used"
	t.Run("none", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.fails("20s", bulletin, none, noGCE)
		asked(t, g, "")
	})
	t.Run("a file that is not there", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.fails("20s", bulletin, none, "GOOGLE_APPLICATION_CREDENTIALS="+filepath.Join(g.dir, canary), noGCE)
	})
	t.Run("a file that is no JSON", func(t *testing.T) {
		g := newGoogle(t, nil)
		write(t, filepath.Join(g.dir, "f"), []byte(canary))
		g.fails("20s", bulletin, none, "GOOGLE_APPLICATION_CREDENTIALS="+filepath.Join(g.dir, "f"), noGCE)
	})
	t.Run("a key that is none", func(t *testing.T) {
		g := newGoogle(t, nil)
		content := newAccount(t, "a@b").content(t)
		content["private_key"] = canary
		g.fails("20s", bulletin, "", g.file(content), noGCE)
	})
	t.Run("a kind that nobody knows", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.fails("20s", bulletin, none, g.file(map[string]any{"type": canary}), noGCE)
	})
	t.Run("the token endpoint refuses", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.oauth = func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error": "invalid_grant", "error_description": "` + canary + `"}`))
		}
		g.fails("20s", bulletin, "Unauthenticated", g.file(user), noGCE)
	})
	t.Run("the token endpoint hangs", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.oauth = hangs(t)
		ends(t, func() { g.fails("1s", bulletin, "context deadline exceeded", g.file(user), noGCE) })
	})
	t.Run("the metadata server hangs", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.meta = hangs(t)
		ends(t, func() { g.fails("1s", bulletin, "context deadline exceeded", "GCE_METADATA_HOST="+g.metaURL) })
	})
	t.Run("the metadata server has no account", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.meta = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, http.StatusNotFound) }
		g.fails("20s", bulletin, "gcp-sm: ", "GCE_METADATA_HOST="+g.metaURL)
	})
}

// hangs answers at the end of the test.
func hangs(t *testing.T) http.HandlerFunc {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return func(http.ResponseWriter, *http.Request) { <-over }
}

func ends(t *testing.T, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v, want about a second", took)
	}
}

// TestCertificates: whoever cannot prove that it is Google gets no token.
func TestCertificates(t *testing.T) {
	for name, spoil := range map[string]func(*x509.Certificate){
		"it is for another name": func(c *x509.Certificate) {
			c.DNSNames = []string{"example.com"}
			c.IPAddresses = []net.IP{{127, 0, 0, 9}}
		},
		"it has expired":        func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) },
		"it is not for servers": func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGoogle(t, spoil)
			g.meta = g.metadata
			for _, address := range []string{bulletin, bulletin + "?endpoint=" + g.manager} {
				g.fails("20s", address, "Unavailable", "GCE_METADATA_HOST="+g.metaURL)
			}
			if calls := g.Calls(); len(calls) != 0 {
				t.Errorf("it called %v", calls)
			}
		})
	}
	t.Run("its authority is not trusted", func(t *testing.T) {
		g := newGoogle(t, nil)
		g.meta = g.metadata
		_, other := certificate(t, nil)
		write(t, g.ca, other)
		g.fails("20s", bulletin, "Unavailable", "GCE_METADATA_HOST="+g.metaURL)
		if calls := g.Calls(); len(calls) != 0 {
			t.Errorf("it called %v", calls)
		}
	})
}

// TestNothingIsLogged: whatever the environment tells the SDK to write, no payload and no token is in it.
func TestNothingIsLogged(t *testing.T) {
	g := newGoogle(t, nil)
	only(g, "user:ann@example.com")
	g.oauth = g.refresh
	g.reads(bulletin, g.file(user), noGCE, "GOOGLE_SDK_GO_LOGGING_LEVEL=debug", "GOOGLE_SDK_GO_EXPERIMENTAL_LOGGING=true",
		"GOOGLE_SDK_GO_EXPERIMENTAL_TRACING=true", "GOOGLE_SDK_GO_EXPERIMENTAL_METRICS=true",
		"GRPC_GO_LOG_SEVERITY_LEVEL=info", "GRPC_GO_LOG_VERBOSITY_LEVEL=99", "GRPC_BINARY_LOG_FILTER=*", "GODEBUG=http2debug=0")
	asked(t, g, "oauth2.googleapis.com:443 "+manager)
	g.fails("20s", "gcp-sm://"+project+"/other/", "slash", "GOOGLE_SDK_GO_LOGGING_LEVEL=debug")
}
