package vault_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// cluster is a stand-in for the API of a Kubernetes cluster, the only stand-in there is here. It signs tokens of service
// accounts and answers Vault's one question, a TokenReview, as Kubernetes documents it: is this token one of yours, not
// expired, for this audience, and whose? It knows no other request.
type cluster struct {
	*httptest.Server
	key      *ecdsa.PrivateKey
	reviewer string // the token with which Vault may ask
}

// account is what a cluster says of a service account in its token.
type account struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Audience   []string `json:"aud"`
	Issued     int64    `json:"iat"`
	NotBefore  int64    `json:"nbf"`
	Expires    int64    `json:"exp"`
	Kubernetes struct {
		Namespace      string `json:"namespace"`
		ServiceAccount struct {
			Name string `json:"name"`
			UID  string `json:"uid"`
		} `json:"serviceaccount"`
	} `json:"kubernetes.io"`
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{key: key}
	c.reviewer = c.issue(t, "vault", "vault", "https://kubernetes.default.svc")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", c.review)
	c.Server = httptest.NewTLSServer(mux)
	t.Cleanup(c.Close)
	return c
}

// ca is the certificate that the API's own is signed with, in PEM.
func (c *cluster) ca() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw}))
}

// issue returns a service account's token for an audience, as a pod finds it in its projected volume.
func (c *cluster) issue(t *testing.T, namespace, name, audience string) string {
	t.Helper()
	now := time.Now()
	claims := account{
		Issuer: "https://kubernetes.default.svc", Subject: "system:serviceaccount:" + namespace + ":" + name,
		Audience: []string{audience},
		Issued:   now.Unix(), NotBefore: now.Unix(), Expires: now.Add(time.Hour).Unix(),
	}
	claims.Kubernetes.Namespace = namespace
	claims.Kubernetes.ServiceAccount.Name = name
	claims.Kubernetes.ServiceAccount.UID = "uid-of-" + namespace + "-" + name
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed := encode([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + encode(body)
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, c.key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encode(signature)
}

// verify returns what a token says, if it is the cluster's own and for one of the audiences; any will do if there are none.
func (c *cluster) verify(token string, audiences []string) (account, bool) {
	var claims account
	end := strings.LastIndexByte(token, '.')
	if end < 0 {
		return claims, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil || len(signature) != 64 {
		return claims, false
	}
	hash := sha256.Sum256([]byte(token[:end]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(&c.key.PublicKey, hash[:], r, s) {
		return claims, false
	}
	_, body, _ := strings.Cut(token[:end], ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(raw, &claims) != nil || claims.Expires < time.Now().Unix() {
		return claims, false
	}
	meant := func(audience string) bool { return slices.Contains(claims.Audience, audience) }
	return claims, len(audiences) == 0 || slices.ContainsFunc(audiences, meant)
}

// review answers a TokenReview.
func (c *cluster) review(w http.ResponseWriter, r *http.Request) {
	var question struct {
		Spec struct {
			Token     string   `json:"token"`
			Audiences []string `json:"audiences"`
		} `json:"spec"`
	}
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if bearer != c.reviewer {
		http.Error(w, "not a reviewer", http.StatusForbidden)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
		http.Error(w, "not a TokenReview", http.StatusBadRequest)
		return
	}
	status := map[string]any{"authenticated": false}
	if claims, ok := c.verify(question.Spec.Token, question.Spec.Audiences); ok {
		status = map[string]any{
			"authenticated": true, "audiences": question.Spec.Audiences,
			"user": map[string]any{"username": claims.Subject, "uid": claims.Kubernetes.ServiceAccount.UID},
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status,
	})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
