package vaultsecrets

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// mount is where a secrets engine is mounted.
type mount struct {
	path string // with the slash at its end
	kv   int    // the version of the KV engine; 0 if it is another
	told bool   // by the Config, and not by Vault
}

// api is where the API has the data at path.
func (m mount) api(path string) string {
	if m.kv == 2 {
		return m.path + "data/" + strings.TrimPrefix(path, m.path)
	}
	return path
}

// mountOf finds out where the engine of a path is mounted.
func (s *Source) mountOf(ctx context.Context, sess *session, path string) (mount, held, *problem) {
	first, _, _ := strings.Cut(s.cfg.Path, "/")
	if s.cfg.Mount != "" {
		first = s.cfg.Mount
	}
	if s.cfg.KV != 0 && strings.HasPrefix(path, first+"/") {
		return mount{first + "/", s.cfg.KV, true}, held{}, nil
	}
	return s.askMount(ctx, sess, path)
}

// askMount asks Vault, once for each path.
func (s *Source) askMount(ctx context.Context, sess *session, path string) (mount, held, *problem) {
	s.mu.Lock()
	m, ok := s.mounts[path]
	s.mu.Unlock()
	if ok {
		return m, held{}, nil
	}
	r, p := s.get(ctx, sess.client, "sys/internal/ui/mounts/"+path)
	if p != nil {
		return m, held{}, p
	}
	var said struct {
		Path    string `json:"path"`
		Type    string `json:"type"`
		Options struct {
			Version string `json:"version"`
		} `json:"options"`
	}
	switch {
	case r.status == http.StatusForbidden:
		return m, held{retry: true, problem: &problem{"no secrets engine is mounted there, or permission is denied to all that is in it",
			"check the path and the namespace, or allow \"read\" on it in a policy of the token (in KV version 2 with data/ behind the mount)", nil}}, nil
	case r.status != http.StatusOK:
		return m, held{}, unreadable()
	case json.Unmarshal(r.Data, &said) != nil, said.Path == "", !strings.HasPrefix(path+"/", said.Path):
		return m, held{}, unreadable()
	}
	m = mount{path: said.Path}
	switch said.Type {
	case "kv", "generic", "leased-kv":
		m.kv = 1
		if said.Options.Version == "2" {
			m.kv = 2
		}
	}
	switch rest := strings.TrimPrefix(path+"/", said.Path); {
	case rest == "":
		return m, held{problem: &problem{"is a mount and not a secret", "write the path of the secret behind it", nil}}, nil
	case m.kv == 2 && (strings.HasPrefix(rest, "data/") || strings.HasPrefix(rest, "metadata/")):
		return m, held{problem: &problem{"has the API's data/ or metadata/ in its path", "leave it out, as in the vault command", nil}}, nil
	}
	s.mu.Lock()
	s.mounts[path] = m
	s.mu.Unlock()
	return m, held{}, nil
}

func otherVersion() *problem {
	return &problem{"is not in a mount of that version of the KV engine", "leave kv out, or give the other version", nil}
}

// confirm is for a mount that Vault was not asked for, and a path of it where nothing is: read as version 2, a mount of
// version 1 seems empty. A token that may not ask is believed.
func (s *Source) confirm(ctx context.Context, sess *session, path string, m mount) (held, *problem) {
	real, h, p := s.askMount(ctx, sess, path)
	if p == nil && h.problem == nil && real.kv != m.kv {
		h.problem = otherVersion()
	} else {
		h = held{}
	}
	return h, p
}

// hold reads what Vault says of a path. The problem is an answer that is not Vault's.
func (m mount) hold(path string, r reply) (held, *problem) {
	var v2 struct {
		Data     json.RawMessage `json:"data"`
		Metadata struct {
			Version int64 `json:"version"`
		} `json:"metadata"`
	}
	versioned := m.kv == 2 && json.Unmarshal(r.Data, &v2) == nil && v2.Metadata.Version > 0
	switch r.status {
	case http.StatusForbidden:
		return held{retry: true, problem: denied("read", m.api(path))}, nil
	case http.StatusBadRequest:
		return held{problem: &problem{"reading " + m.api(path) + " is refused as a bad request", "check the path and kv; a mount that was just made is not ready at once", nil}}, nil
	case http.StatusNotFound:
		switch {
		case versioned && !isObject(v2.Data): // deleted or destroyed
			return held{cas: v2.Metadata.Version}, nil
		case len(r.Errors) > 0:
			return held{problem: noMount()}, nil
		case len(r.Warnings) > 0:
			return held{problem: otherVersion()}, nil
		case r.Errors == nil:
			return held{}, unreadable()
		}
		return held{}, nil
	}
	switch {
	case m.kv != 2 && isObject(r.Data):
		return held{data: string(r.Data), version: fingerprint(path, r.Data)}, nil
	case versioned && isObject(v2.Data):
		return held{data: string(v2.Data), version: strconv.FormatInt(v2.Metadata.Version, 10), cas: v2.Metadata.Version}, nil
	}
	return held{}, unreadable()
}
