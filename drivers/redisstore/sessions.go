package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/airworthy-go/airworthy/session"
)

// Sessions keeps sessions, each a hash under the hash of its token, which Redis forgets when it expires. It is safe for
// concurrent use, by several processes too. A change is one script, so that it happens as a whole or not at all.
//
// Each user has an index, a sorted set of hashes by the time at which they expire. It loses those that have expired when
// a session of the user is next written, and goes as a whole with the last of them.
type Sessions struct{ c *Client }

var (
	_ session.UserStore = (*Sessions)(nil)
	_ session.Toucher   = (*Sessions)(nil)
)

// NewSessions returns the store. The caller closes c, after the last request.
func NewSessions(c *Client) *Sessions { return &Sessions{c} }

func (s *Sessions) key(id string) string { return s.c.prefix + "session:" + id }

// index returns the key of a user's index; of the empty user what all begin with.
func (s *Sessions) index(user string) string { return s.c.prefix + "user:" + user }

// index is the part of the scripts that puts a session into its user's index. The clock is the server's, which ends the
// sessions: an application's that is ahead would drop sessions from the index that are still alive, and nobody could
// end them.
const index = `
local function index(key, id, expires)
	redis.call('ZADD', key, expires, id)
	redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. redis.call('TIME')[1])
	local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
	if last then redis.call('EXPIREAT', key, last) end
end
`

// The scripts. KEYS[1] is that of the session, or of the index in removeUser; a session's field u is its user.
var (
	put = redis.NewScript(index + `
local id, fresh, indexes, user, expires = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = redis.call('HGET', KEYS[1], 'u')
if fresh == '0' and not before then return 0 end
if before and before ~= '' and before ~= user then redis.call('ZREM', indexes .. before, id) end
redis.call('HSET', KEYS[1], 'u', user, 'd', ARGV[6], 'c', ARGV[7], 's', ARGV[8], 'e', ARGV[9], 'f', ARGV[10])
redis.call('EXPIREAT', KEYS[1], expires)
if user ~= '' then index(indexes .. user, id, expires) end
return 1`)

	touch = redis.NewScript(index + `
local id, indexes, expires = ARGV[1], ARGV[2], ARGV[3]
local user = redis.call('HGET', KEYS[1], 'u')
if not user then return 0 end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'e', ARGV[5])
redis.call('EXPIREAT', KEYS[1], expires)
if user ~= '' then index(indexes .. user, id, expires) end
return 1`)

	remove = redis.NewScript(`
local id, indexes = ARGV[1], ARGV[2]
local user = redis.call('HGET', KEYS[1], 'u')
if not user or ARGV[3] and ARGV[3] ~= user then return 0 end
redis.call('DEL', KEYS[1])
if user ~= '' then redis.call('ZREM', indexes .. user, id) end
return 1`)

	removeUser = redis.NewScript(`
local user, keep, sessions, batch = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local ended, seen = 0, 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, batch)) do
	if id ~= keep and seen < batch then
		seen = seen + 1
		if redis.call('HGET', sessions .. id, 'u') == user then ended = ended + redis.call('DEL', sessions .. id) end
		redis.call('ZREM', KEYS[1], id)
	end
end
return {ended, seen}`)
)

const (
	flagFixed = 1 << iota
	flagTransient
)

// batch is how many sessions one script ends, and one round trip reads, so that nobody else waits for long.
const batch = 1000

// deadline returns what EXPIREAT takes: a time from 1970 to 9999.
func deadline(t time.Time) int64 { return min(max(t.Unix(), 0), 253402300799) }

// Load implements [session.Store].
func (s *Sessions) Load(ctx context.Context, token string) (session.Record, error) {
	const what = "load"
	if err := ctx.Err(); err != nil {
		return session.Record{}, s.c.failed(what, err)
	}
	bounded, cancel := s.c.within(ctx)
	defer cancel()
	values, err := s.c.redis.HMGet(bounded, s.key(session.Hash(token)), fields...).Result()
	if err != nil {
		return session.Record{}, s.c.failedIn(ctx, what, err)
	}
	return s.record(what, values)
}

// fields are those of a session, in the order that record reads.
var fields = []string{"u", "d", "c", "s", "e", "f"}

// record returns the session of its fields. If there is none the error is session.ErrNotFound.
func (s *Sessions) record(what string, values []any) (session.Record, error) {
	if len(values) == len(fields) && values[0] == nil {
		return session.Record{}, session.ErrNotFound
	}
	var texts [6]string
	var numbers [6]int64
	for i, v := range values {
		text, ok := v.(string)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && i > 1 {
			numbers[i] = n
		} else if i > 1 {
			ok = false
		}
		if !ok || i >= len(texts) {
			return session.Record{}, &failure{what, s.c.address, "holds something else in place of a session",
				"give a prefix, or a database, that nobody else uses", nil}
		}
		texts[i] = text
	}
	return session.Record{
		User: texts[0], Data: texts[1],
		Created: time.Unix(numbers[2], 0), Seen: time.Unix(numbers[3], 0), Expires: time.Unix(numbers[4], 0),
		Fixed: numbers[5]&flagFixed != 0, Transient: numbers[5]&flagTransient != 0,
	}, nil
}

// Save implements [session.Store].
func (s *Sessions) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	flags := 0
	if rec.Fixed {
		flags |= flagFixed
	}
	if rec.Transient {
		flags |= flagTransient
	}
	fresh := 0
	if token == "" {
		token, fresh = session.NewToken(), 1
	}
	id := session.Hash(token)
	return token, s.one(ctx, "save", put, id, fresh, s.index(""), rec.User, deadline(rec.Expires),
		rec.Data, rec.Created.Unix(), rec.Seen.Unix(), rec.Expires.Unix(), flags)
}

// one runs a script on the session called id, which returns 0 if there is none.
func (s *Sessions) one(ctx context.Context, what string, script *redis.Script, id string, args ...any) error {
	n, err := s.c.number(ctx, what, script, []string{s.key(id)}, append([]any{id}, args...)...)
	if err == nil && n == 0 {
		return session.ErrNotFound
	}
	return err
}

// Delete implements [session.Store].
func (s *Sessions) Delete(ctx context.Context, token string) error {
	return s.one(ctx, "delete", remove, session.Hash(token), s.index(""))
}

// Touch implements [session.Toucher].
func (s *Sessions) Touch(ctx context.Context, token string, seen, expires time.Time) error {
	return s.one(ctx, "touch", touch, session.Hash(token), s.index(""), deadline(expires), seen.Unix(), expires.Unix())
}

// ListByUser implements [session.UserStore].
func (s *Sessions) ListByUser(ctx context.Context, user string, now time.Time) ([]session.Entry, error) {
	const what = "list"
	if user == "" {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, s.c.failed(what, err)
	}
	bounded, cancel := s.c.within(ctx)
	defer cancel()
	ids, err := s.c.redis.ZRange(bounded, s.index(user), 0, -1).Result()
	if err != nil {
		return nil, s.c.failedIn(ctx, what, err)
	}
	var entries []session.Entry
	for len(ids) > 0 {
		n := min(len(ids), batch)
		some, err := s.entries(bounded, ids[:n])
		if err != nil {
			return nil, s.c.failedIn(ctx, what, err)
		}
		for _, e := range some {
			if e.User == user && now.Before(e.Expires) {
				entries = append(entries, e)
			}
		}
		ids = ids[n:]
	}
	return entries, nil
}

// entries returns those of the sessions that are there.
func (s *Sessions) entries(ctx context.Context, ids []string) ([]session.Entry, error) {
	answers := make([]*redis.SliceCmd, len(ids))
	_, err := s.c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			answers[i] = p.HMGet(ctx, s.key(id), fields...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var entries []session.Entry
	for i, id := range ids {
		rec, err := s.record("list", answers[i].Val())
		switch {
		case err == session.ErrNotFound:
		case err != nil:
			return nil, err
		default:
			entries = append(entries, session.Entry{ID: id, Record: rec})
		}
	}
	return entries, nil
}

// DeleteByUser implements [session.UserStore], a thousand sessions at a time.
func (s *Sessions) DeleteByUser(ctx context.Context, user, keep string) (int, error) {
	const what = "delete by user"
	if user == "" {
		return 0, nil
	}
	total := 0
	for {
		answer, err := s.c.run(ctx, what, removeUser, []string{s.index(user)}, user, session.Hash(keep), s.key(""), batch)
		if err != nil {
			return total, err
		}
		counts, ok := answer.([]any)
		if !ok || len(counts) != 2 {
			return total, s.c.failed(what, errGarbage)
		}
		ended, ok1 := counts[0].(int64)
		seen, ok2 := counts[1].(int64)
		if !ok1 || !ok2 {
			return total, s.c.failed(what, errGarbage)
		}
		total += int(ended)
		if seen < batch {
			return total, nil
		}
	}
}

// DeleteEntry implements [session.UserStore].
func (s *Sessions) DeleteEntry(ctx context.Context, user, id string) error {
	if user == "" || len(id) != len(session.Hash("")) {
		return session.ErrNotFound
	}
	return s.one(ctx, "delete entry", remove, id, s.index(""), user)
}

// EntryID implements [session.UserStore].
func (s *Sessions) EntryID(token string) string { return session.Hash(token) }
