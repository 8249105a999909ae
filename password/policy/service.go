package policy

import (
	"bufio"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// PwnedPasswords is the range service of Have I Been Pwned, for Config.BreachedURL.
const PwnedPasswords = "https://api.pwnedpasswords.com/range/"

const (
	prefixDigits   = 5
	suffixDigits   = 2*sha1.Size - prefixDigits
	defaultTimeout = 3 * time.Second
	maxAnswer      = 1 << 20 // bytes; the largest are some 100 KiB
	maxAnswerLine  = 64
)

// service asks by the first digits of a hash which breached passwords begin so, and looks for the rest in the answer: the
// service does not learn which of the several hundred it was, or whether it was one of them.
type service struct {
	base    string
	client  http.Client
	timeout time.Duration
}

// newService returns what cfg says, nil if it names no service.
func newService(cfg Config) (*service, error) {
	if cfg.BreachedURL == "" {
		return nil, nil
	}
	fault := func(what string) error {
		return errors.New("policy: PASSWORD_BREACHED_URL: " + what + ": write it like " + PwnedPasswords)
	}
	u, err := url.Parse(cfg.BreachedURL)
	switch {
	case err != nil: // which quotes the URL
		return nil, fault("is not a URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, fault("is not an absolute https URL")
	case u.Scheme == "http" && !cfg.InsecureBreachedHTTP:
		return nil, fault("is plain http, so that others on the way learn digits of the hash and can forge the answer")
	case u.User != nil:
		return nil, fault("has a user or password in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fault("has a query or fragment")
	}
	s := &service{base: strings.TrimSuffix(u.String(), "/") + "/", timeout: cfg.BreachedTimeout}
	if s.timeout == 0 {
		s.timeout = defaultTimeout
	}
	s.client = http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // nobody else is to be asked
	}}
	if s.client.Transport == nil {
		s.client.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // an answer is as long as what is read of it
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
			TLSHandshakeTimeout:    defaultTimeout,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	return s, nil
}

// contains asks for a password. Errors hold no part of its hash.
func (s *service) contains(ctx context.Context, password string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	sum := fmt.Sprintf("%X", sha1.Sum([]byte(password)))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+sum[:prefixDigits], nil)
	if err != nil {
		return false, errors.New("cannot be asked") // the cause quotes the URL
	}
	r.Header.Set("Add-Padding", "true") // answers of about one length, for whoever sees the encrypted traffic
	r.Header.Set("Accept", "text/plain")
	r.Header.Set("User-Agent", "airworthy")
	answer, err := s.client.Do(r)
	if err != nil {
		return false, s.cause(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return false, fmt.Errorf("answers with status %d", answer.StatusCode)
	}
	found, err := suffixIn(answer.Body, sum[prefixDigits:])
	if err == nil && !found {
		err = ctx.Err() // to break off makes a server end its answer, and half an answer is no no
	}
	if err != nil {
		return false, s.cause(ctx, err)
	}
	return found, nil
}

// cause returns what went wrong without the URL, whose last digits are the hash's.
func (s *service) cause(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("does not answer within %s", s.timeout)
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("cannot be asked: %w", ue.Err)
	}
	return err
}

// errAnswer is what an answer is called that is not one of a range service. It is not quoted.
var errAnswer = errors.New("answers with what is no list of hashes")

// suffixIn looks for a suffix in an answer: lines of 35 digits, a colon and a number. Those with the number 0 are padding.
// The whole answer is read and judged, so that half an answer is not taken for a no.
func suffixIn(body io.Reader, suffix string) (found bool, err error) {
	limited := &io.LimitedReader{R: body, N: maxAnswer + 1}
	in := bufio.NewScanner(limited)
	in.Buffer(make([]byte, 0, 4<<10), 4<<10)
	n := 0
	for in.Scan() {
		line := strings.TrimSuffix(in.Text(), "\r")
		if line == "" {
			continue
		}
		hash, count, ok := strings.Cut(line, ":")
		if !ok || len(line) > maxAnswerLine || len(hash) != suffixDigits || !isHex(hash) || !isDecimal(count) {
			return false, errAnswer
		}
		n++
		if strings.EqualFold(hash, suffix) && strings.Trim(count, "0") != "" {
			found = true
		}
	}
	switch err := in.Err(); {
	case errors.Is(err, bufio.ErrTooLong), limited.N == 0, err == nil && n == 0:
		return false, errAnswer
	case err != nil:
		return false, err
	}
	return found, nil
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func isDecimal(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
