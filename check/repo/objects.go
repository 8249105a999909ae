package repo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

// maxObjects is how many blobs and trees are looked at; each takes about forty bytes of memory.
const maxObjects = 6_000_000

// objects are blobs, or trees, in the order in which git keeps them, which is the one in which it reads them fastest.
type objects struct {
	hash  int
	ids   []byte   // one after the other
	sizes []uint32 // in bytes; what is larger counts as the largest
	kinds []uint32 // of the names under which each is known; for blobs

	table []uint32 // where an id is, plus one: an open hash table, filled by index
	seed  uint64
}

func (o *objects) len() int        { return len(o.sizes) }
func (o *objects) id(i int) []byte { return o.ids[i*o.hash : (i+1)*o.hash] }

func (o *objects) add(id []byte, size int64) {
	o.ids = append(o.ids, id...)
	o.sizes = append(o.sizes, uint32(min(size, 1<<32-1)))
}

// index makes find possible. Nobody can choose ids so that they collide, as the seed is not known.
func (o *objects) index() {
	o.kinds = make([]uint32, o.len())
	o.seed = rand.Uint64() | 1
	o.table = make([]uint32, 1<<bits.Len(uint(o.len())*3/2+1))
	for i := range o.len() {
		slot := o.slot(o.id(i))
		for ; o.table[slot] != 0; slot = (slot + 1) & (len(o.table) - 1) {
		}
		o.table[slot] = uint32(i + 1)
	}
}

func (o *objects) slot(id []byte) int {
	high, low := bits.Mul64(binary.LittleEndian.Uint64(id)^binary.LittleEndian.Uint64(id[8:]), o.seed)
	return int((high ^ low) & uint64(len(o.table)-1))
}

// find returns the number of an object, -1 if it is none of these.
func (o *objects) find(id []byte) int {
	if len(o.table) == 0 {
		return -1
	}
	for slot := o.slot(id); o.table[slot] != 0; slot = (slot + 1) & (len(o.table) - 1) {
		if i := int(o.table[slot]) - 1; bytes.Equal(o.id(i), id) {
			return i
		}
	}
	return -1
}

// list returns all blobs and trees that the repository holds, whether something leads to them or not. more is true if there are
// more than it may return.
func (s *store) list(ctx context.Context, unread *atomic.Int64) (blobs, trees *objects, more bool, err error) {
	blobs, trees = &objects{hash: s.hash}, &objects{hash: s.hash}
	id := make([]byte, s.hash)
	err = stream(ctx, s.dir, nil, func(r *bufio.Reader) error {
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return ended(err)
			}
			name, kind, size, ok := header(line)
			if ok = ok && len(name) == 2*s.hash; ok {
				_, err := hex.Decode(id, name)
				ok = err == nil
			}
			if !ok {
				unread.Add(1)
				continue
			}
			if blobs.len()+trees.len() >= maxObjects {
				more = true
				continue
			}
			switch {
			case string(kind) == "blob" && size > 0:
				blobs.add(id, size)
			case string(kind) == "tree" && size > 0:
				trees.add(id, size)
			}
		}
	}, "cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check")
	return blobs, trees, more, err
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return errors.New("git could not be read")
}

// header reads a line such as "6178…72 blob 123".
func header(line []byte) (name, kind []byte, size int64, ok bool) {
	name, rest, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	kind, number, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return nil, nil, 0, false
	}
	size, err := strconv.ParseInt(string(number), 10, 64)
	return name, kind, size, err == nil && size >= 0
}

// asked feeds the names of objects to git, one in a line.
type asked struct {
	o        *objects
	numbers  []uint32
	leftover []byte
}

func (a *asked) Read(p []byte) (int, error) {
	if len(a.leftover) == 0 {
		if len(a.numbers) == 0 {
			return 0, io.EOF
		}
		n := min(len(a.numbers), 512)
		for _, i := range a.numbers[:n] {
			a.leftover = append(hex.AppendEncode(a.leftover, a.o.id(int(i))), '\n')
		}
		a.numbers = a.numbers[n:]
	}
	n := copy(p, a.leftover)
	a.leftover = a.leftover[n:]
	return n, nil
}

// maxUnread is how many objects git may fail to read before it is given up.
const maxUnread = 1000

// read gives the content of objects to each, in the order of numbers. An object that git cannot read ends git; it is counted
// in unread and the rest is asked of another.
func (s *store) read(ctx context.Context, o *objects, numbers []uint32, unread *atomic.Int64, each func(number int, size int64, body *bufio.Reader) error) error {
	for len(numbers) > 0 {
		done, inside := 0, error(nil)
		err := stream(ctx, s.dir, &asked{o: o, numbers: numbers}, func(r *bufio.Reader) error {
			for done < len(numbers) {
				line, err := r.ReadSlice('\n')
				if err != nil {
					return errCut
				}
				if _, _, size, ok := header(line); ok {
					if err := each(int(numbers[done]), size, r); err != nil {
						inside = err
						return err
					}
					if _, err := r.Discard(1); err != nil { // the end of line behind the content
						return errCut
					}
				} else {
					unread.Add(1) // "missing"
				}
				done++
			}
			return nil
		}, "cat-file", "--batch", "--buffer")
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case inside != nil && !errors.Is(inside, errCut):
			return inside
		case done == len(numbers):
			return nil
		case err != nil && !errors.Is(err, errCut):
			return err
		case unread.Add(1) > maxUnread:
			return fmt.Errorf("git cannot read more than %d objects: run \"git fsck\"", maxUnread)
		}
		numbers = numbers[done+1:]
	}
	return nil
}

// errCut says that git ended before it had said what it was asked.
var errCut = errors.New("git ended too early")

// name notes in blobs the kinds of all names that a tree of the given size has for them.
func (o *objects) name(r *bufio.Reader, size int64, kinds *kindsOf) error {
	for size > 0 {
		mode, err := r.ReadSlice(' ')
		size -= int64(len(mode))
		if err != nil || size <= 0 {
			return errCut
		}
		directory := mode[0] == '4'
		name, n, err := entryName(r)
		size -= n
		if err != nil || size < int64(o.hash) {
			return errCut
		}
		kind := kinds.of(name) // before the buffer moves on
		id, err := r.Peek(o.hash)
		if err != nil {
			return errCut
		}
		if kind != 0 && !directory {
			if i := o.find(id); i >= 0 {
				atomic.OrUint32(&o.kinds[i], kind)
			}
		}
		_, _ = r.Discard(o.hash)
		size -= int64(o.hash)
	}
	return nil
}

// entryName reads a name up to its NUL byte and returns how much that was. A name that is too long for a file system is cut.
func entryName(r *bufio.Reader) (name []byte, n int64, err error) {
	for {
		part, err := r.ReadSlice(0)
		n += int64(len(part))
		if err == nil && name == nil {
			return part[:len(part)-1], n, nil
		}
		if name == nil {
			name = bytes.Clone(part[:min(len(part), 255)])
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return name, n, err
		}
	}
}

// kindsOf remembers the kinds of names, of which a history has few. One goroutine uses it.
type kindsOf struct{ known map[string]uint32 }

const settingsFile = 1 << 31 // beside the kinds of secretrule: the name is one of a file of settings

func (k *kindsOf) of(name []byte) uint32 {
	if kind, ok := k.known[string(name)]; ok {
		return kind
	}
	text := string(name)
	kind := fileKinds(text)
	if k.known == nil || len(k.known) > 100_000 {
		k.known = map[string]uint32{}
	}
	k.known[text] = kind
	return kind
}

func fileKinds(name string) uint32 {
	kind := uint32(secretrule.KindsOf(name)) &^ settingsFile
	if isDotEnv(name) {
		kind |= settingsFile
	}
	return kind
}
