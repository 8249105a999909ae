package session

import (
	"math"
	"time"
)

// record is a Record as a Session holds it, in little more than half the room: each request that reads its session pays
// for it.
type record struct {
	Data, User             string
	Created, Seen, Expires moment
	Fixed, Transient       bool
	Resave                 bool
}

// pack returns r as a Session holds it.
func (r *Record) pack() record {
	return record{r.Data, r.User, momentOf(r.Created), momentOf(r.Seen), momentOf(r.Expires), r.Fixed, r.Transient, r.Resave}
}

// unpack returns r as stores know it.
func (r *record) unpack() Record {
	return Record{r.Data, r.User, r.Created.time(), r.Seen.time(), r.Expires.time(), r.Fixed, r.Transient, r.Resave}
}

// moment is a time in milliseconds since the zero time, which is 0. Stores need not keep more than seconds.
type moment int64

const (
	sinceZero = 62135596800 // seconds from the zero time to 1970
	maxUnix   = math.MaxInt64/1000 - sinceZero - 1
)

func momentOf(t time.Time) moment { return momentAt(t.Unix()) + moment(t.Nanosecond()/1e6) }

// momentAt is the moment of a Unix time in seconds. What is before the zero time becomes that, and what is after the
// last moment becomes the last.
func momentAt(unix int64) moment {
	return moment(min(max(unix, -sinceZero), maxUnix)+sinceZero) * 1000
}

func (m moment) unix() int64 { return int64(m/1000) - sinceZero }

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(m.unix(), int64(m%1000)*1e6)
}

// add returns the moment d after m.
func (m moment) add(d time.Duration) moment { return m + moment(d/time.Millisecond) }
