package redisstore

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/airworthy-go/airworthy/keyring"
)

// KeyLedger keeps what the instances of a site say of their keys, fingerprints and counts and no keys, in one hash with a
// field for each instance. It is safe for concurrent use, by several processes too.
//
// Instances that are not heard of for [keyring.Forgotten] are folded into one, of which a key that nobody has had for
// 400 days is dropped.
type KeyLedger struct{ c *Client }

var _ keyring.Ledger = (*KeyLedger)(nil)

// keptFor is for how long a key is remembered that nobody has any more.
const keptFor = 400 * 24 * time.Hour

// NewKeyLedger returns the ledger. The caller closes c, after the application.
func NewKeyLedger(c *Client) *KeyLedger { return &KeyLedger{c} }

func (l *KeyLedger) key() string { return l.c.prefix + "keys" }

// swap replaces fields of the ledger if they all hold what was read: ARGV is the new value of the field "", or nothing to
// remove it, then each field that was read with its value.
var swap = redis.NewScript(`
for i = 2, #ARGV, 2 do
	if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
for i = 2, #ARGV, 2 do redis.call('HDEL', KEYS[1], ARGV[i]) end
if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], '', ARGV[1]) end
return 1`)

// report is a keyring.Report as a field holds it. That of no instance is a list of them, one for each key, so that each
// has a time at which somebody had it last.
type report struct {
	At   int64 `json:"at"` // times are Unix seconds, 0 for none
	Gone bool  `json:"gone,omitempty"`
	Keys []use `json:"keys"`
}

type use struct {
	Fingerprint string `json:"fingerprint"`
	Environment string `json:"environment,omitempty"`
	Made        int64  `json:"made,omitempty"`
	Since       int64  `json:"since,omitempty"`
	Fallback    bool   `json:"fallback,omitempty"`
	Staged      bool   `json:"staged,omitempty"`
	Verified    uint64 `json:"verified,omitempty"`
	Last        int64  `json:"last,omitempty"`
}

func packed(r keyring.Report) report {
	p := report{At: unix(r.At), Gone: r.Gone}
	for _, k := range r.Keys {
		p.Keys = append(p.Keys, use{k.Fingerprint, k.Environment, unix(k.Made), unix(k.Since), k.Fallback, k.Staged, k.Verified, unix(k.Last)})
	}
	return p
}

func (p report) unpacked(instance string) keyring.Report {
	r := keyring.Report{Instance: instance, At: moment(p.At), Gone: p.Gone}
	for _, k := range p.Keys {
		r.Keys = append(r.Keys, keyring.Use{Fingerprint: k.Fingerprint, Environment: k.Environment, Made: moment(k.Made),
			Since: moment(k.Since), Fallback: k.Fallback, Staged: k.Staged, Verified: k.Verified, Last: moment(k.Last)})
	}
	return r
}

// unix returns t in Unix seconds, and 0 for the zero time.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Report implements [keyring.Ledger].
func (l *KeyLedger) Report(ctx context.Context, r keyring.Report) error {
	if err := r.Validate(); err != nil {
		return err
	}
	const what = "report"
	value, err := json.Marshal(packed(r))
	if err != nil {
		return err // never: it is all numbers and text
	}
	if err := ctx.Err(); err != nil {
		return l.c.failed(what, err)
	}
	bounded, cancel := l.c.within(ctx)
	defer cancel()
	var all *redis.MapStringStringCmd
	if _, err := l.c.redis.Pipelined(bounded, func(p redis.Pipeliner) error {
		p.HSet(bounded, l.key(), r.Instance, value)
		all = p.HGetAll(bounded, l.key())
		return nil
	}); err != nil {
		return l.c.failedIn(ctx, what, err)
	}
	return l.fold(ctx, all.Val(), r.At)
}

// fold makes one of the instances that are forgotten. If another process changes one of them at the same time nothing
// happens: the next report will fold them.
func (l *KeyLedger) fold(ctx context.Context, held map[string]string, now time.Time) error {
	var old []keyring.Report
	args := []any{""}
	forgotten := false
	for _, instance := range slices.Sorted(maps.Keys(held)) {
		some, err := l.read(instance, held[instance])
		if err != nil {
			return err
		}
		if instance != "" && now.Sub(some[0].At) <= keyring.Forgotten {
			continue
		}
		forgotten = forgotten || instance != ""
		args = append(args, instance, held[instance])
		for _, r := range some {
			for _, k := range r.Keys {
				old = append(old, keyring.Report{At: r.At, Keys: []keyring.Use{k}})
			}
		}
	}
	if !forgotten { // in most minutes nobody is
		return nil
	}
	var folded []report
	for _, r := range byKey(old) {
		if now.Sub(r.At) <= keptFor {
			folded = append(folded, packed(r))
		}
	}
	if len(folded) > 0 {
		value, err := json.Marshal(folded)
		if err != nil {
			return err // never
		}
		args[0] = value
	}
	_, err := l.c.number(ctx, "fold", swap, []string{l.key()}, args...)
	return err
}

// byKey folds the reports of each key, which have one key each.
func byKey(all []keyring.Report) []keyring.Report {
	keys := map[string][]keyring.Report{}
	for _, r := range all {
		keys[r.Keys[0].Fingerprint] = append(keys[r.Keys[0].Fingerprint], r)
	}
	var folded []keyring.Report
	for _, fingerprint := range slices.Sorted(maps.Keys(keys)) {
		folded = append(folded, keyring.Fold(keys[fingerprint]...))
	}
	return folded
}

// read returns the report in an instance's field, or those of no instance, at least one.
func (l *KeyLedger) read(instance, value string) ([]keyring.Report, error) {
	var packed []report
	text := value
	if instance != "" {
		text = "[" + value + "]"
	}
	if err := json.Unmarshal([]byte(text), &packed); err != nil || len(packed) == 0 {
		return nil, &failure{"reports", l.c.address, "holds something else in place of a report",
			"give a prefix, or a database, that nobody else uses", nil}
	}
	var all []keyring.Report
	for _, p := range packed {
		all = append(all, p.unpacked(instance))
	}
	return all, nil
}

// Reports implements [keyring.Ledger].
func (l *KeyLedger) Reports(ctx context.Context) ([]keyring.Report, error) {
	const what = "reports"
	if err := ctx.Err(); err != nil {
		return nil, l.c.failed(what, err)
	}
	bounded, cancel := l.c.within(ctx)
	defer cancel()
	held, err := l.c.redis.HGetAll(bounded, l.key()).Result()
	if err != nil {
		return nil, l.c.failedIn(ctx, what, err)
	}
	var all []keyring.Report
	for _, instance := range slices.Sorted(maps.Keys(held)) {
		some, err := l.read(instance, held[instance])
		if err != nil {
			return nil, err
		}
		if instance == "" {
			some = []keyring.Report{keyring.Fold(some...)}
		}
		all = append(all, some...)
	}
	return all, nil
}
