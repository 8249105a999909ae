package manage

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCertificateKeepsTheLastGood replaces the files by nonsense, which leaves the last good certificate served, and
// then renews it.
func TestCertificateKeepsTheLastGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cert, key := dir+"/cert.pem", dir+"/key.pem"
		for name, text := range map[string]string{cert: testCert, key: testKey} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var log strings.Builder
		c := &certificate{cert: cert, key: key, logger: slog.New(slog.NewTextHandler(&log, nil))}
		first, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(cert, time.Now(), time.Now().AddDate(30, 0, 0)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		second, err := c.get(nil)
		if err != nil || second != first {
			t.Errorf("after the files became nonsense: %v, the same certificate: %v", err, second == first)
		}
		time.Sleep(time.Minute)
		if _, err := c.get(nil); err != nil {
			t.Error(err)
		}
		if got := strings.Count(log.String(), "could not be read again"); got != 1 {
			t.Errorf("the log says %d times that the files cannot be read, want once:\n%s", got, log.String())
		}
		if err := os.WriteFile(cert, []byte(testCert), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{cert, key} { // files that were kept, and put back
			if err := os.Chtimes(name, time.Now(), time.Now().AddDate(-1, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		third, err := c.get(nil)
		if err != nil || third == first {
			t.Errorf("after a renewal: %v, still the old certificate: %v", err, third == first)
		}
	})
}

// A pair for tests, which nobody trusts.
const (
	testCert = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUQIu2AF+8KQdT9hTwGb9Y8JlDkB4wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIxNzExNDNaGA8yMTI2MTAyOTE3MTE0
M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBka
+RQc8GS7f6G4mQNccKJps3TrjgKnxRxLQoyXx4CtdNG44ki/tfJ+5UmZKumDIENN
6OAvBdW7F8S5SJNtdo+jUzBRMB0GA1UdDgQWBBTD18bZj7XTfzEyTNcuNVwrn/7V
9TAfBgNVHSMEGDAWgBTD18bZj7XTfzEyTNcuNVwrn/7V9TAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQC2akGGJykpe2CjbcVczPJZOmXP7BbOfKNv
JKVovvyAcAIgA8VcknDGA1aiG9ygkNlALTDkmRt+yKzwv3RgwPqbev8=
-----END CERTIFICATE-----`
	testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEb6eAd4nlgIi8buV
TBBfPfwqM+7Sezf82g6k8+kx4Z6hRANCAAQZGvkUHPBku3+huJkDXHCiabN0644C
p8UcS0KMl8eArXTRuOJIv7XyfuVJmSrpgyBDTejgLwXVuxfEuUiTbXaP
-----END PRIVATE KEY-----`
)
