package session

// Attach keeps v with this request's session, for a package that derives something costly from it, such as the user
// whose session it is. It is not stored, and gone as soon as the session changes hands or id: see [Session.Attached].
// Only one value is kept.
func (s *Session) Attach(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beside().attached = v
}

// Attached returns what Attach was given last, nil if nothing was or if SetUser, Renew, Clear or Destroy came since.
func (s *Session) Attached() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aside == nil {
		return nil
	}
	return s.aside.attached
}

// aside is what few requests have, so that the others do not pay for its room.
type aside struct {
	err      error // why the session could not be loaded, or ended
	attached any
}

func (s *Session) beside() *aside {
	if s.aside == nil {
		s.aside = new(aside)
	}
	return s.aside
}

// failure returns why the session could not be loaded, or ended; nil if it could.
func (s *Session) failure() error {
	if s.aside == nil {
		return nil
	}
	return s.aside.err
}

func (s *Session) fail(err error) {
	if err != nil || s.aside != nil {
		s.beside().err = err
	}
}

func (s *Session) detach() {
	if s.aside != nil {
		s.aside.attached = nil
	}
}
