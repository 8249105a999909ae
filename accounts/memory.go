package accounts

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxByEmail is how many users ByEmail returns. Twins, of whom it would be 10, there are none.
const maxByEmail = 100

// Memory keeps users and their second factors in the process: for tests, for development, for a demonstration. What it
// keeps is gone when the process ends. It refuses twins. It is safe for concurrent use.
type Memory struct {
	mu          sync.Mutex
	byID        map[string]*User
	byCanonical map[string]*User
	byEmail     map[string]map[string]*User // by canonical address and ID
	factors     map[string]*Factor
}

var (
	_ Store       = (*Memory)(nil)
	_ FactorStore = (*Memory)(nil)
)

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{byID: map[string]*User{}, byCanonical: map[string]*User{}, byEmail: map[string]map[string]*User{},
		factors: map[string]*Factor{}}
}

// kept returns t as a Memory keeps it: as a database would.
func kept(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// ByID implements [Store].
func (m *Memory) ByID(_ context.Context, id string) (User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return found(m.byID[id])
}

func found(u *User) (User, error) {
	if u == nil {
		return User{}, ErrNotFound
	}
	return *u, nil
}

// ByUsername implements [Store].
func (m *Memory) ByUsername(_ context.Context, username string) (User, error) {
	canonical := CanonicalUsername(username)
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.byCanonical[canonical]
	if u == nil || u.Username != username {
		return User{}, ErrNotFound
	}
	return *u, nil
}

// Twins implements [Store].
func (m *Memory) Twins(_ context.Context, username string) ([]User, error) {
	canonical := CanonicalUsername(username)
	m.mu.Lock()
	defer m.mu.Unlock()
	if u := m.byCanonical[canonical]; u != nil {
		return []User{*u}, nil
	}
	return nil, nil
}

// ByEmail implements [Store].
func (m *Memory) ByEmail(_ context.Context, email string) ([]User, error) {
	canonical := CanonicalEmail(email)
	m.mu.Lock()
	defer m.mu.Unlock()
	if canonical == "" {
		return nil, nil
	}
	return first(m.byEmail[canonical], maxByEmail, byJoined, func(*User) bool { return true }), nil
}

func byJoined(a, b User) int { return cmp.Or(a.Joined.Compare(b.Joined), byName(a, b)) }
func byName(a, b User) int   { return strings.Compare(a.Username, b.Username) }

// List implements [Store].
func (m *Memory) List(_ context.Context, after string, limit int) ([]User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return first(m.byID, limit, byName, func(u *User) bool { return u.Username > after }), nil
}

// first returns copies of the first of those users.
func first(some map[string]*User, limit int, order func(a, b User) int, in func(*User) bool) []User {
	var users []User
	for _, u := range some {
		if in(u) {
			users = append(users, *u)
		}
	}
	slices.SortFunc(users, order)
	return users[:max(0, min(limit, len(users)))]
}

// Create implements [Store].
func (m *Memory) Create(_ context.Context, u User) (User, error) {
	if err := u.Validate(); err != nil {
		return User{}, err
	}
	if u.Joined.IsZero() {
		u.Joined = time.Now()
	}
	u.ID, u.Joined, u.LastLogin = rand.Text(), kept(u.Joined), kept(u.LastLogin)
	canonical := CanonicalUsername(u.Username)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byCanonical[canonical] != nil {
		return User{}, ErrTaken
	}
	m.byID[u.ID], m.byCanonical[canonical] = &u, &u
	m.addEmail(&u)
	return u, nil
}

func (m *Memory) addEmail(u *User) {
	canonical := CanonicalEmail(u.Email)
	if m.byEmail[canonical] == nil {
		m.byEmail[canonical] = map[string]*User{}
	}
	m.byEmail[canonical][u.ID] = u
}

func (m *Memory) removeEmail(u *User) {
	canonical := CanonicalEmail(u.Email)
	delete(m.byEmail[canonical], u.ID)
	if len(m.byEmail[canonical]) == 0 {
		delete(m.byEmail, canonical)
	}
}

// Update implements [Store].
func (m *Memory) Update(_ context.Context, u User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.byID[u.ID]
	if have == nil {
		return ErrNotFound
	}
	next := *have
	next.Email, next.FirstName, next.LastName = u.Email, u.FirstName, u.LastName
	next.Active, next.Staff, next.Superuser = u.Active, u.Staff, u.Superuser
	if err := next.Validate(); err != nil {
		return err
	}
	m.removeEmail(have)
	*have = next
	m.addEmail(have)
	return nil
}

// SetEmail implements [Store].
func (m *Memory) SetEmail(_ context.Context, id, email string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.byID[id]
	if have == nil {
		return ErrNotFound
	}
	next := *have
	next.Email = email
	if err := next.Validate(); err != nil {
		return err
	}
	m.removeEmail(have)
	have.Email = email
	m.addEmail(have)
	return nil
}

// SetActive implements [Store].
func (m *Memory) SetActive(_ context.Context, id string, active bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.byID[id]
	if have == nil {
		return ErrNotFound
	}
	have.Active = active
	return nil
}

// SetPassword implements [Store].
func (m *Memory) SetPassword(_ context.Context, id, was, encoded string) error {
	if err := ValidEncoded(encoded); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch u := m.byID[id]; {
	case u == nil:
		return ErrNotFound
	case u.Password != was:
		return ErrConflict
	default:
		u.Password = encoded
		return nil
	}
}

// SetLastLogin implements [Store].
func (m *Memory) SetLastLogin(_ context.Context, id string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.byID[id]
	if u == nil {
		return ErrNotFound
	}
	u.LastLogin = kept(at)
	return nil
}

// Factors implements [FactorStore].
func (m *Memory) Factors(_ context.Context, user string) ([]Factor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var factors []Factor
	for _, f := range m.factors {
		if f.User == user {
			factors = append(factors, f.copied())
		}
	}
	slices.SortFunc(factors, func(a, b Factor) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return factors, nil
}

// copied returns a copy whose Data nobody else has.
func (f *Factor) copied() Factor {
	c := *f
	c.Data = slices.Clone(f.Data)
	return c
}

// AddFactor implements [FactorStore].
func (m *Memory) AddFactor(_ context.Context, f Factor) (Factor, error) {
	if err := f.Validate(); err != nil {
		return Factor{}, err
	}
	if f.Created.IsZero() {
		f.Created = time.Now()
	}
	f = f.copied()
	f.ID, f.Version, f.Created, f.Used = rand.Text(), 1, kept(f.Created), kept(f.Used)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.factors[f.ID] = &f
	return f.copied(), nil
}

// factor returns the user's factor, or nil.
func (m *Memory) factor(user, id string) *Factor {
	if f := m.factors[id]; f != nil && f.User == user {
		return f
	}
	return nil
}

// UpdateFactor implements [FactorStore].
func (m *Memory) UpdateFactor(_ context.Context, f Factor) (Factor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.factor(f.User, f.ID)
	switch {
	case have == nil:
		return Factor{}, ErrNotFound
	case have.Version != f.Version:
		return Factor{}, ErrConflict
	}
	next := *have
	next.Name, next.Confirmed, next.Data, next.Used = f.Name, f.Confirmed, slices.Clone(f.Data), kept(f.Used)
	if err := next.Validate(); err != nil {
		return Factor{}, err
	}
	next.Version++
	*have = next
	return have.copied(), nil
}

// DeleteFactor implements [FactorStore].
func (m *Memory) DeleteFactor(_ context.Context, user, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.factor(user, id) == nil {
		return ErrNotFound
	}
	delete(m.factors, id)
	return nil
}

// AllFactors implements [FactorStore].
func (m *Memory) AllFactors(_ context.Context, after string, limit int) ([]Factor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var factors []Factor
	for _, f := range m.factors {
		if f.ID > after {
			factors = append(factors, f.copied())
		}
	}
	slices.SortFunc(factors, func(a, b Factor) int { return strings.Compare(a.ID, b.ID) })
	return factors[:max(0, min(limit, len(factors)))], nil
}
