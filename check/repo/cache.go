package repo

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// memory is what earlier scans of the repository have looked at: the names of its objects, with the kinds of the blobs' names
// and whether something was found in them, not what. It is believed only with a MAC under a key that lies beside it, made
// by the same program: rules that changed have seen nothing.
//
//	magic, MAC of what follows, fingerprint of the program, number of blobs, number of trees,
//	each blob's name, kinds and whether it was clean, each tree's name
type memory struct {
	path string // empty if nothing is remembered
	key  []byte
	of   [sha256.Size]byte // the program

	kinds []uint32 // by number of a blob
	state []byte   // unseen, dirty or clean
	trees map[string]struct{}
}

const (
	unseen = iota
	dirty
	unsoiled

	magic      = "airworthy scan 1"
	maxMemory  = 128 << 20 // bytes of the file
	treeOfThem = 2_000_000 // trees that are remembered
)

// recall returns what is remembered of a repository. Whatever is wrong with it, the scan looks at everything.
func (s *scan) recall(blobs *objects) *memory {
	m := &memory{}
	if s.Cache == "" || len(s.Secrets) > 0 { // what earlier scans did not look for they did not find
		return m
	}
	key, err := localKey(s.Cache)
	if err != nil {
		return m
	}
	program, err := fingerprint()
	if err != nil {
		return m
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(s.store.common))
	m.path, m.key, m.of = filepath.Join(s.Cache, hex.EncodeToString(mac.Sum(nil)[:16])+".seen"), key, program
	m.kinds, m.state = make([]uint32, blobs.len()), make([]byte, blobs.len())
	if err := m.load(blobs); err != nil {
		clear(m.state)
		m.trees = nil
	}
	return m
}

// localKey returns the key that lies in a directory, and makes one if there is none.
func localKey(dir string) ([]byte, error) {
	name := filepath.Join(dir, "key")
	key, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = f.Write(key)
		return key, errors.Join(err, f.Close())
	}
	if err == nil && len(key) != 32 {
		err = errors.New("the key of the cache is not one")
	}
	return key, err
}

// fingerprint is that of the program that runs, as the rules are code.
func fingerprint() (sum [sha256.Size]byte, err error) {
	name, err := os.Executable()
	if err != nil {
		return sum, err
	}
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	h.Sum(sum[:0])
	return sum, err
}

func (m *memory) load(blobs *objects) error {
	f, err := os.Open(m.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxMemory {
		return errors.New("not a cache")
	}
	begin := make([]byte, len(magic)+sha256.Size)
	if _, err := io.ReadFull(f, begin); err != nil || string(begin[:len(magic)]) != magic {
		return errors.New("not a cache")
	}
	mac := hmac.New(sha256.New, m.key)
	if _, err := io.Copy(mac, f); err != nil {
		return err
	}
	if !hmac.Equal(mac.Sum(nil), begin[len(magic):]) {
		return errors.New("not our cache")
	}
	if _, err := f.Seek(int64(len(begin)), io.SeekStart); err != nil {
		return err
	}
	return m.parse(bufio.NewReaderSize(f, 1<<16), blobs)
}

// parse reads what follows the MAC.
func (m *memory) parse(r *bufio.Reader, blobs *objects) error {
	var head struct {
		Of           [sha256.Size]byte
		Blobs, Trees uint32
	}
	if err := binary.Read(r, binary.LittleEndian, &head); err != nil || head.Of != m.of {
		return errors.New("the cache of another program")
	}
	entry := make([]byte, blobs.hash+5)
	for range head.Blobs {
		if _, err := io.ReadFull(r, entry); err != nil {
			return err
		}
		if i := blobs.find(entry[:blobs.hash]); i >= 0 {
			m.kinds[i], m.state[i] = binary.LittleEndian.Uint32(entry[blobs.hash:]), entry[blobs.hash+4]
			blobs.kinds[i] = m.kinds[i] // of trees that are not read again
		}
	}
	m.trees = make(map[string]struct{}, head.Trees)
	id := entry[:blobs.hash]
	for range head.Trees {
		if _, err := io.ReadFull(r, id); err != nil {
			return err
		}
		m.trees[string(id)] = struct{}{}
	}
	return nil
}

// clean reports whether blob i was looked at under all of its kinds, and nothing found in it.
func (m *memory) clean(i int, kinds uint32) bool {
	return m.path != "" && m.state[i] == unsoiled && kinds&^m.kinds[i] == 0
}

// forget returns the numbers of the trees that were not read before. A blob that was not known before stands in one of them.
func (m *memory) forget(trees *objects) []uint32 {
	numbers := make([]uint32, 0, trees.len())
	for i := range trees.len() {
		if _, ok := m.trees[string(trees.id(i))]; !ok {
			numbers = append(numbers, uint32(i))
		}
	}
	return numbers
}

// keep writes down what was looked at. It does so whole or not at all; without, the next scan takes longer.
func (m *memory) keep(s *scan, blobs, trees *objects) {
	if m.path == "" || trees.len() > treeOfThem || (blobs.len()+trees.len())*(blobs.hash+5) > maxMemory {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(m.path), "new-*")
	if err != nil {
		return
	}
	defer os.Remove(f.Name())
	mac := hmac.New(sha256.New, m.key)
	w := bufio.NewWriterSize(f, 1<<16)
	_, _ = w.Write(make([]byte, len(magic)+sha256.Size)) // filled in last
	s.write(io.MultiWriter(w, mac), m.of, blobs, trees)
	err = w.Flush()
	if err == nil {
		_, err = f.WriteAt(macFirst(mac), 0)
	}
	if err := errors.Join(err, f.Close()); err == nil {
		_ = os.Rename(f.Name(), m.path)
	}
}

func macFirst(mac hash.Hash) []byte { return mac.Sum([]byte(magic)) }

// write writes what follows the MAC. Its writer remembers the first error.
func (s *scan) write(w io.Writer, of [sha256.Size]byte, blobs, trees *objects) {
	var buf bytes.Buffer
	buf.Write(of[:])
	_ = binary.Write(&buf, binary.LittleEndian, []uint32{uint32(blobs.len()), uint32(trees.len())})
	for i := range blobs.len() {
		id := blobs.id(i)
		state := byte(unsoiled)
		if s.contents[string(id)] != nil || s.dotenv[string(id)] || int64(blobs.sizes[i]) > s.maxBlob() {
			state = dirty
		}
		buf.Write(id)
		buf.Write(binary.LittleEndian.AppendUint32(nil, blobs.kinds[i]))
		buf.WriteByte(state)
		if buf.Len() > 1<<15 {
			_, _ = buf.WriteTo(w)
		}
	}
	buf.Write(trees.ids)
	_, _ = buf.WriteTo(w)
}
