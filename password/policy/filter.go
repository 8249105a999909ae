package policy

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/bits"
	"os"
)

// The format of a filter, all numbers big end first. It is a Golomb-Rice coded set in buckets:
//
//	 0  8  "AWBREACH"
//	 8  4  version, 1
//	12  4  bits: the parameter of the code
//	16  8  scale: how many entries it was laid out for
//	24  8  entries: how many different ones there are, at most scale
//	32  8  buckets: scale/256, rounded up
//	40  8  length of the data
//	48 12  zero
//	60  4  CRC-32C of the 60 bytes before
//	64     index: for each bucket, and for the end, where its data begins (8 bytes) and its CRC-32C (4 bytes)
//	 …     data
//
// Of the SHA-1 of a password only the ninth to sixteenth byte count, as a number x. It becomes y = x·scale·2^bits / 2^64,
// whose upper digits (y >> bits+8) are the number of the bucket and whose lower ones are its value there. The data of a
// bucket are its values in ascending order, each as what it adds to the one before it, less one: the quotient by 2^bits as
// so many zero bits and a one bit, then the remainder in that many bits. Zero bits fill the last byte. The checksum of a
// bucket is that of its number (8 bytes) and its data.
//
// What is not in the set has the y of something that is once in 2^bits times. An entry takes bits+1.6 bits, and 12/256
// bytes of the index.
const (
	filterMagic   = "AWBREACH"
	filterVersion = 1
	filterHead    = 64
	indexEntry    = 12
	bucketBits    = 8 // 256 entries in the mean

	minFilterBits, defaultFilterBits, maxFilterBits = 6, 10, 24

	maxEntries = 1 << 36
	maxBucket  = 8 << 10 // bytes; the mean is below 1 KiB, and SHA-1 spreads evenly
)

// crcTable is Castagnoli's polynomial, which processors know.
var crcTable = crc32.MakeTable(crc32.Castagnoli)

// shape is what the head of a filter says.
type shape struct {
	bits            int
	scale, entries  uint64
	buckets, length uint64
}

// bucketsOf returns how many buckets a filter for so many entries has.
func bucketsOf(scale uint64) uint64 { return (scale + 1<<bucketBits - 1) >> bucketBits }

// place returns the bucket and the value there of a hash.
func (s shape) place(x uint64) (bucket, value uint64) {
	y, _ := bits.Mul64(x, s.scale<<s.bits)
	return y >> (s.bits + bucketBits), y & (1<<(s.bits+bucketBits) - 1)
}

// dataAt returns where in the file the data begin.
func (s shape) dataAt() int64 { return filterHead + indexEntry*int64(s.buckets+1) }

func (s shape) encode() []byte {
	h := []byte(filterMagic)
	h = binary.BigEndian.AppendUint32(h, filterVersion)
	h = binary.BigEndian.AppendUint32(h, uint32(s.bits))
	for _, n := range []uint64{s.scale, s.entries, s.buckets, s.length} {
		h = binary.BigEndian.AppendUint64(h, n)
	}
	h = append(h, make([]byte, filterHead-4-len(h))...)
	return binary.BigEndian.AppendUint32(h, headSum(h))
}

// headSum is the checksum of a head.
func headSum(h []byte) uint32 { return crc32.Checksum(h[:filterHead-4], crcTable) }

// decodeShape reads the head of a file of the given size, which may be hostile.
func decodeShape(h []byte, size int64) (shape, error) {
	number := func(at int) uint64 { return binary.BigEndian.Uint64(h[at:]) }
	if string(h[:8]) != filterMagic {
		return shape{}, errors.New("is no filter of breached passwords")
	}
	if v := binary.BigEndian.Uint32(h[8:]); v != filterVersion {
		return shape{}, fmt.Errorf("has version %d of the format, and this program knows %d", v, filterVersion)
	}
	if binary.BigEndian.Uint32(h[filterHead-4:]) != headSum(h) {
		return shape{}, errors.New("is damaged: its head has another checksum")
	}
	width := binary.BigEndian.Uint32(h[12:])
	s := shape{int(width & 0xff), number(16), number(24), number(32), number(40)}
	switch {
	case width < minFilterBits || width > maxFilterBits, s.scale == 0 || s.scale > maxEntries,
		s.entries == 0 || s.entries > s.scale, s.buckets != bucketsOf(s.scale):
		return shape{}, errors.New("is damaged: its head contradicts itself")
	case s.length > 1<<50 || s.dataAt()+int64(s.length) != size:
		return shape{}, errors.New("is cut short or too long")
	}
	return s, nil
}

// keyOf returns what of a SHA-1 counts. It is not the beginning, so that a list of hashes that begin alike, as the range
// service gives them, is spread evenly too.
func keyOf(sum *[sha1.Size]byte) uint64 { return binary.BigEndian.Uint64(sum[8:16]) }

// Filter is an open filter file. It is not held in memory. Its methods may be called by any goroutine.
type Filter struct {
	file  *os.File
	shape shape
}

// OpenFilter opens a file that [BuildFilter] made. It believes nothing that the file says: what is truncated, damaged or
// something else is refused here, or when the damaged part is read. A file that is replaced stays the old one until it is
// opened again.
func OpenFilter(path string) (*Filter, error) {
	f, err := openFilter(path)
	if err != nil {
		return nil, fmt.Errorf("policy: filter %q: %w", path, err)
	}
	return f, nil
}

func openFilter(path string) (_ *Filter, err error) {
	file, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	head := make([]byte, filterHead)
	if _, err := file.ReadAt(head, 0); errors.Is(err, io.EOF) {
		return nil, errors.New("is no filter of breached passwords: it is too short")
	} else if err != nil {
		return nil, bare(err)
	}
	s, err := decodeShape(head, size)
	if err != nil {
		return nil, err
	}
	f := &Filter{file, s}
	if err := f.ends(); err != nil {
		return nil, err
	}
	return f, nil
}

// openRegular opens a regular file. Another kind is not opened at all: a pipe would block.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, bare(err)
	}
	if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	if err != nil {
		file.Close()
		return nil, 0, bare(err)
	}
	return file, info.Size(), nil
}

// bare returns the cause without the path, which the caller names.
func bare(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// ends checks that the index begins and ends with the data.
func (f *Filter) ends() error {
	var first, last [indexEntry]byte
	if _, err := f.file.ReadAt(first[:], filterHead); err != nil {
		return bare(err)
	}
	if _, err := f.file.ReadAt(last[:], f.shape.dataAt()-indexEntry); err != nil {
		return bare(err)
	}
	if binary.BigEndian.Uint64(first[:]) != 0 || binary.BigEndian.Uint64(last[:]) != f.shape.length {
		return errors.New("is damaged: its index does not fit its data")
	}
	return nil
}

// Contains reports whether the password is in the filter. It may say so of one that is not, as often as
// FalsePositives says; never the reverse. An error means that the file cannot be read or is damaged.
func (f *Filter) Contains(password string) (bool, error) {
	sum := sha1.Sum([]byte(password))
	bucket, value := f.shape.place(keyOf(&sum))
	data, err := f.bucket(bucket)
	if err != nil {
		return false, err
	}
	return search(data, f.shape.bits, value), nil
}

// bucket reads the data of a bucket.
func (f *Filter) bucket(n uint64) ([]byte, error) {
	var index [2 * indexEntry]byte
	if _, err := f.file.ReadAt(index[:], filterHead+indexEntry*int64(n)); err != nil {
		return nil, bare(err)
	}
	begin, end := binary.BigEndian.Uint64(index[:]), binary.BigEndian.Uint64(index[indexEntry:])
	if begin > end || end > f.shape.length || end-begin > maxBucket {
		return nil, errDamaged
	}
	data := make([]byte, end-begin)
	if _, err := f.file.ReadAt(data, f.shape.dataAt()+int64(begin)); err != nil {
		return nil, bare(err)
	}
	if bucketSum(n, data) != binary.BigEndian.Uint32(index[8:]) {
		return nil, errDamaged
	}
	return data, nil
}

var errDamaged = errors.New("the file is damaged: build it again")

// bucketSum is the checksum of a bucket.
func bucketSum(n uint64, data []byte) uint32 {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], n)
	return crc32.Update(crc32.Checksum(number[:], crcTable), crcTable, data)
}

// Entries returns how many passwords are in the filter.
func (f *Filter) Entries() uint64 { return f.shape.entries }

// FalsePositives returns how often a password that is not in the list is taken for one that is: 0.001 for one in a
// thousand.
func (f *Filter) FalsePositives() float64 {
	return float64(f.shape.entries) / float64(f.shape.scale) / float64(uint64(1)<<f.shape.bits)
}

// Verify reads the whole file and returns an error if any part of it is damaged.
func (f *Filter) Verify(ctx context.Context) error {
	for n := range f.shape.buckets {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := f.bucket(n); err != nil {
			return fmt.Errorf("policy: filter: %w", err)
		}
	}
	return nil
}

// Close closes the file. Questions after it are errors.
func (f *Filter) Close() error { return f.file.Close() }
