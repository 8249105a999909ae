package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"hash/maphash"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/airworthy-go/airworthy/lockout"
)

// Lockout keeps what lockout counts, each state under its key, which Redis forgets when it is worth nothing any more, and
// two sorted sets of what is locked. It is safe for concurrent use, by several processes too.
//
// An update is one round trip where nobody else changes the same state: the new state is made of the one that this process
// saw last, and Redis takes it if it still has that one. Otherwise it answers with what it has, change is called again, and
// until then Redis takes nothing from others: who is a step behind them would be so for ever.
type Lockout struct {
	c     *Client
	name  string // of this process among those that wait for their turn
	seed  maphash.Seed
	turns [256]chan *seen
}

// seen is what a process saw last under one of the keys that share a turn.
type seen struct {
	key   lockout.Key
	value string
}

var _ lockout.Store = (*Lockout)(nil)

// NewLockout returns the store. The caller closes c, after the last request.
func NewLockout(c *Client) *Lockout {
	l := &Lockout{c: c, name: rand.Text(), seed: maphash.MakeSeed()}
	for i := range l.turns {
		l.turns[i] = make(chan *seen, 1)
		l.turns[i] <- &seen{}
	}
	return l
}

// wait is how long to wait for others at most before each attempt.
const wait = 5 * time.Millisecond

func (l *Lockout) key(k lockout.Key) string  { return l.c.prefix + "lockout:" + member(k) }
func (l *Lockout) turn(k lockout.Key) string { return l.c.prefix + "turn:" + member(k) }
func (l *Lockout) locks() []string           { return []string{l.c.prefix + "locks", l.c.prefix + "locks:until"} }

// member names a key in the sets. A kind is the caller's own, and may hold what separates it from the subject.
func member(k lockout.Key) string { return escape.Replace(string(k.Kind)) + ":" + k.Subject }

var (
	escape   = strings.NewReplacer("%", "%25", ":", "%3A")
	unescape = strings.NewReplacer("%25", "%", "%3A", ":")
)

// keyOf returns the key that member names.
func keyOf(member string) lockout.Key {
	kind, subject, _ := strings.Cut(member, ":")
	return lockout.Key{Kind: lockout.Kind(unescape.Replace(kind)), Subject: subject}
}

// locking is the part of the scripts that keeps the sets of what is locked: KEYS[2] the latest lock first, KEYS[3] by
// when it may be dropped by the server's clock: a little after it ends, since other clocks may be behind.
const locking = `
local function locked(member, since, left)
	local time = redis.call('TIME')
	local now = time[1] * 1000 + math.floor(time[2] / 1000)
	if left > 0 then
		redis.call('ZADD', KEYS[2], since, member)
		redis.call('ZADD', KEYS[3], now + left, member)
		for i = 2, 3 do
			if redis.call('PTTL', KEYS[i]) < left then redis.call('PEXPIRE', KEYS[i], left) end
		end
	else
		redis.call('ZREM', KEYS[2], member)
		redis.call('ZREM', KEYS[3], member)
	end
	for _, over in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 100)) do
		redis.call('ZREM', KEYS[2], over)
		redis.call('ZREM', KEYS[3], over)
	end
end
`

var (
	// exchange puts a state in place of another: ARGV is the former and the new one, nothing for none, and of the new one
	// for how many milliseconds to keep it, its member, when its lock began, negative, and for how many milliseconds to keep that; and
	// the name of who asks. KEYS[4] says whose turn it is, for long enough to ask once more. It returns 1, or 0 if there is
	// another state, or 2 if it is another's turn, and the state.
	exchange = redis.NewScript(locking + `
local have, turn = redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[4])
if turn and turn ~= ARGV[7] then return {2, have} end
if have ~= ARGV[1] then
	redis.call('SET', KEYS[4], ARGV[7], 'PX', 100)
	return {0, have}
end
if turn then redis.call('DEL', KEYS[4]) end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
locked(ARGV[4], ARGV[5], tonumber(ARGV[6]))
return {1, ''}`)

	forget = redis.NewScript(locking + `
redis.call('DEL', KEYS[1])
locked(ARGV[1], 0, 0)
return 1`)
)

// state is a lockout.State as a key holds it. Times are Unix milliseconds, 0 for none.
type state struct {
	Failures int    `json:"failures,omitempty"`
	Leaked   int64  `json:"leaked,omitempty"`
	Last     int64  `json:"last,omitempty"`
	Locked   int64  `json:"locked,omitempty"`
	Until    int64  `json:"until,omitempty"`
	Locks    int    `json:"locks,omitempty"`
	From     string `json:"from,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Expires  int64  `json:"expires,omitempty"`
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}

// pack returns s as it is kept, and as it will be read.
func pack(s lockout.State) (value string, kept lockout.State, err error) {
	p := state{s.Failures, milliseconds(s.Leaked), milliseconds(s.Last), milliseconds(s.Locked), milliseconds(s.Until), s.Locks,
		strings.ToValidUTF8(s.From, "\ufffd"), strings.ToValidUTF8(s.Reason, "\ufffd"), milliseconds(s.Expires)}
	b, err := json.Marshal(p)
	return string(b), p.unpacked(), err
}

func (p state) unpacked() lockout.State {
	return lockout.State{Failures: p.Failures, Leaked: instant(p.Leaked), Last: instant(p.Last), Locked: instant(p.Locked), Until: instant(p.Until),
		Locks: p.Locks, From: p.From, Reason: p.Reason, Expires: instant(p.Expires)}
}

// unpack returns the state in value at now, the zero State if it has expired or there is none.
func (l *Lockout) unpack(what, value string, now time.Time) (lockout.State, error) {
	if value == "" {
		return lockout.State{}, nil
	}
	var p state
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		return lockout.State{}, &failure{what, l.c.address, "holds something else in place of a count of failures",
			"give a prefix, or a database, that nobody else uses", nil}
	}
	s := p.unpacked()
	if !now.Before(s.Expires) {
		return lockout.State{}, nil
	}
	return s, nil
}

// Update implements [lockout.Store].
func (l *Lockout) Update(ctx context.Context, key lockout.Key, now time.Time, change func(lockout.State) lockout.State) (lockout.State, error) {
	const what = "lockout"
	if err := ctx.Err(); err != nil {
		return lockout.State{}, l.c.failed(what, err)
	}
	bounded, cancel := l.c.within(ctx)
	defer cancel()
	// Within a process one after the other: otherwise all but one of a thousand at once would try in vain.
	turn := l.turns[maphash.Comparable(l.seed, key)%uint64(len(l.turns))]
	var last *seen
	select {
	case <-bounded.Done():
		return lockout.State{}, l.c.failedIn(ctx, what, bounded.Err())
	case last = <-turn:
	}
	defer func() { turn <- last }()
	if last.key != key {
		last = &seen{key: key}
	}
	for {
		s, outcome, err := l.exchange(ctx, bounded, last, now, change)
		if outcome == taken || err != nil {
			return s, err
		}
		if outcome == othersTurn {
			select {
			case <-bounded.Done():
			case <-time.After(mathrand.N(wait)):
			}
		}
	}
}

// The outcomes of an exchange.
const (
	stale = iota
	taken
	othersTurn
)

// exchange tries to change the state that was seen last, and notes what is there then.
func (l *Lockout) exchange(ctx, bounded context.Context, last *seen, now time.Time, change func(lockout.State) lockout.State) (
	kept lockout.State, outcome int64, err error) {
	const what = "lockout"
	before, err := l.unpack(what, last.value, now)
	if err != nil {
		last.value = "" // somebody may have put it right
		return lockout.State{}, stale, err
	}
	value, kept, err := pack(change(before))
	if err != nil {
		return lockout.State{}, stale, err // never: it is all numbers and text
	}
	keep, left := kept.Expires.Sub(now), kept.Until.Sub(now)
	if keep <= 0 {
		value, kept, left = "", lockout.State{}, 0
	}
	answer, err := exchange.Run(bounded, l.c.redis, append(append([]string{l.key(last.key)}, l.locks()...), l.turn(last.key)),
		last.value, value, lasting(keep), member(last.key), -milliseconds(kept.Locked), lasting(left), l.name).Slice()
	if err != nil {
		return lockout.State{}, stale, l.c.failedIn(ctx, what, err)
	}
	if len(answer) != 2 {
		return lockout.State{}, stale, l.c.failed(what, errGarbage)
	}
	outcome, ok1 := answer[0].(int64)
	have, ok2 := answer[1].(string)
	if !ok1 || !ok2 {
		return lockout.State{}, stale, l.c.failed(what, errGarbage)
	}
	if outcome == taken {
		have = value
	}
	last.value = have
	return kept, outcome, nil
}

// slack is for how long Redis keeps what is worth nothing any more: its clock may be ahead of that of whoever asks.
const slack = time.Minute

// lasting returns for how many milliseconds Redis keeps what is good for d; 0 if it is not good any more.
func lasting(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return (min(d, tenYears) + slack).Milliseconds()
}

const tenYears = 10 * 365 * 24 * time.Hour

// Load implements [lockout.Store].
func (l *Lockout) Load(ctx context.Context, key lockout.Key, now time.Time) (lockout.State, error) {
	const what = "lockout"
	if err := ctx.Err(); err != nil {
		return lockout.State{}, l.c.failed(what, err)
	}
	bounded, cancel := l.c.within(ctx)
	defer cancel()
	value, err := l.c.redis.Get(bounded, l.key(key)).Result()
	if err != nil && err != redis.Nil {
		return lockout.State{}, l.c.failedIn(ctx, what, err)
	}
	return l.unpack(what, value, now)
}

// Delete implements [lockout.Store].
func (l *Lockout) Delete(ctx context.Context, key lockout.Key) error {
	_, err := l.c.number(ctx, "unlock", forget, append([]string{l.key(key)}, l.locks()...), member(key))
	return err
}

// page is how many locks one round trip reads.
const page = 200

// Locked implements [lockout.Store].
func (l *Lockout) Locked(ctx context.Context, now time.Time, limit int) ([]lockout.Entry, error) {
	const what = "list of locks"
	if err := ctx.Err(); err != nil {
		return nil, l.c.failed(what, err)
	}
	bounded, cancel := l.c.within(ctx)
	defer cancel()
	var all []lockout.Entry
	had := map[string]bool{} // a lock that begins meanwhile moves others to the next page
	for start := int64(0); len(all) < limit; start += page {
		members, err := l.c.redis.ZRange(bounded, l.locks()[0], start, start+page-1).Result()
		if err != nil {
			return nil, l.c.failedIn(ctx, what, err)
		}
		some, err := l.entries(bounded, members, now)
		if err != nil {
			return nil, l.c.failedIn(ctx, what, err)
		}
		for _, e := range some {
			if m := member(e.Key); !had[m] && len(all) < limit {
				had[m] = true
				all = append(all, e)
			}
		}
		if len(members) < page {
			break
		}
	}
	slices.SortFunc(all, func(a, b lockout.Entry) int { // Redis does not know of kinds
		return cmp.Or(b.State.Locked.Compare(a.State.Locked), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	return all, nil
}

// entries returns those of members that are locked at now.
func (l *Lockout) entries(ctx context.Context, members []string, now time.Time) ([]lockout.Entry, error) {
	if len(members) == 0 {
		return nil, nil
	}
	keys := make([]string, len(members))
	for i, m := range members {
		keys[i] = l.c.prefix + "lockout:" + m
	}
	values, err := l.c.redis.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, err
	}
	if len(values) != len(members) {
		return nil, errGarbage
	}
	var all []lockout.Entry
	for i, m := range members {
		value, _ := values[i].(string) // nil if it has expired
		s, err := l.unpack("list of locks", value, now)
		if err != nil {
			return nil, err
		}
		if now.Before(s.Until) {
			all = append(all, lockout.Entry{Key: keyOf(m), State: s})
		}
	}
	return all, nil
}
