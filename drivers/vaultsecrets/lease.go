package vaultsecrets

import (
	"context"
	"net/http"
	"time"
)

// lease is what is kept of a secret that Vault takes back after a time.
type lease struct {
	held      held
	id        string
	renewable bool
	full      time.Duration // what it had at first
	until     time.Time
}

// keepLease keeps what was read at start, if it is leased.
func (s *Source) keepLease(path string, h held, r reply, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.leases, path)
	if r.LeaseID == "" || r.LeaseDuration <= 0 {
		return
	}
	full := time.Duration(r.LeaseDuration) * time.Second
	s.leases[path] = lease{h, r.LeaseID, r.Renewable, full, start.Add(full)}
}

// dropLease has a path read anew.
func (s *Source) dropLease(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.leases, path)
}

// renewLease returns what is leased at path, with its lease renewed; not ok if nothing is, or not for long enough.
func (s *Source) renewLease(ctx context.Context, sess *session, path string) (h held, ok bool, _ *problem) {
	s.mu.Lock()
	l, ok := s.leases[path]
	s.mu.Unlock()
	if !ok {
		return held{}, false, nil
	}
	if l.renewable {
		start := s.now()
		r, p := s.put(ctx, sess.client, "sys/leases/renew", map[string]string{"lease_id": l.id})
		switch {
		case p != nil:
			return held{}, false, p
		case r.status == http.StatusForbidden:
			// The token has ended, or may not renew: then what is left of the lease is used up.
			l.renewable = false
			s.store(path, l)
			return held{retry: true, problem: denied("update", "sys/leases/renew")}, true, nil
		case r.status != http.StatusOK || r.LeaseID != l.id || r.LeaseDuration <= 0:
			s.dropLease(path)
			return held{}, false, nil
		}
		l.until, l.renewable = start.Add(time.Duration(r.LeaseDuration)*time.Second), r.Renewable
		if isObject(r.Data) { // the KV engine reads again when it renews; others say nothing
			l.held.data, l.held.version = string(r.Data), fingerprint(path, r.Data)
		}
	}
	if l.until.Sub(s.now()) < l.full/3 {
		s.dropLease(path)
		return held{}, false, nil
	}
	s.store(path, l)
	return l.held, true, nil
}

func (s *Source) store(path string, l lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases[path] = l
}
