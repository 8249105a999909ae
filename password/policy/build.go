package policy

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// FilterOptions say how [BuildFilter] reads its list and how exact the filter is. The zero value reads hashes.
type FilterOptions struct {
	// Plain says that the lines of the list are passwords. Otherwise each is the SHA-1 of one in hexadecimal, and may have
	// a colon and a number after it, as the lists of Have I Been Pwned do.
	Plain bool

	// MinCount leaves out hashes whose number is smaller; those without a number stay.
	MinCount uint64

	// Bits sets how often a password that is not in the list is taken for one that is: once in 2^Bits times. From 6 to
	// 24; 0 for 10, one in 1024. An entry takes about Bits+2 bits.
	Bits int

	// TempDir is where the hashes are sorted, which takes 8 bytes for each beyond the first few millions; empty for the
	// directory of the filter.
	TempDir string
}

// FilterInfo is what BuildFilter has done.
type FilterInfo struct {
	Lines          uint64  // of the list
	Skipped        uint64  // lines that were empty, too long for a password, or whose count was too small
	Entries        uint64  // different passwords in the filter
	Bytes          int64   // of the file
	FalsePositives float64 // as [Filter.FalsePositives] returns it
}

// FilterProgress says how far BuildFilter is: first it reads, then it writes.
type FilterProgress struct {
	Lines   uint64  // read so far
	Written float64 // the part of the filter that is written, from 0 to 1
}

// BuildFilter makes the filter file dst of the list src. progress, if it is not nil, is told now and then how far it is.
//
// The list may be in any order and may repeat itself. Memory is bounded: 32 MiB for sorting, and 1/256 of 8 bytes for each
// line, which are 32 MiB for a thousand million; 2^36 lines are the limit. The rest is sorted in a temporary file. dst is
// replaced at once when all is written, or not at all. ctx is asked between lines, so that a src that blocks has to
// be ended by its owner.
//
// Errors name the line, never what stands in it.
func BuildFilter(ctx context.Context, dst string, src io.Reader, opts FilterOptions, progress func(FilterProgress)) (FilterInfo, error) {
	info, err := buildFilter(ctx, dst, src, opts, progress)
	if err != nil {
		return FilterInfo{}, fmt.Errorf("policy: filter %q: %w", dst, err)
	}
	return info, nil
}

func buildFilter(ctx context.Context, dst string, src io.Reader, opts FilterOptions, progress func(FilterProgress)) (info FilterInfo, err error) {
	if opts.Bits == 0 {
		opts.Bits = defaultFilterBits
	}
	if opts.Bits < minFilterBits || opts.Bits > maxFilterBits {
		return info, fmt.Errorf("%d bits: choose from %d to %d", opts.Bits, minFilterBits, maxFilterBits)
	}
	if progress == nil {
		progress = func(FilterProgress) {}
	}
	dir := opts.TempDir
	if dir == "" {
		dir = filepath.Dir(dst)
	}
	s := &sorter{dir: dir}
	defer func() { err = errors.Join(err, s.close()) }()
	l := lines{in: bufio.NewReaderSize(src, 64<<10), opts: opts}
	if err := l.each(ctx, s.add, progress); err != nil {
		return info, err
	}
	if s.count == 0 {
		return info, errors.New("the list has no entries: an empty filter would find nothing")
	}
	b := builder{shape: shape{bits: opts.Bits, scale: s.count, buckets: bucketsOf(s.count)}}
	if err := replace(dst, func(file *os.File) error {
		return b.write(ctx, file, s, func(part float64) { progress(FilterProgress{l.read, part}) })
	}); err != nil {
		return info, err
	}
	f := Filter{shape: b.shape}
	return FilterInfo{l.read, l.skipped, b.shape.entries, b.shape.dataAt() + int64(b.shape.length), f.FalsePositives()}, nil
}

// builder writes the buckets in their order.
type builder struct {
	shape       shape
	index, data *bufio.Writer
	current     uint64 // number of the bucket
	values      riceWriter
}

func (b *builder) write(ctx context.Context, file *os.File, s *sorter, progress func(float64)) error {
	b.index = bufio.NewWriterSize(io.NewOffsetWriter(file, filterHead), 64<<10)
	b.data = bufio.NewWriterSize(io.NewOffsetWriter(file, b.shape.dataAt()), 256<<10)
	for part := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		hashes, err := s.part(part)
		if err != nil {
			return err
		}
		for _, x := range hashes {
			if err := b.add(x); err != nil {
				return err
			}
		}
		b.shape.entries += uint64(len(hashes))
		progress(float64(part+1) / parts)
	}
	for b.current < b.shape.buckets {
		if err := b.finish(); err != nil {
			return err
		}
	}
	if err := b.entry(0); err != nil { // the end
		return err
	}
	if err := errors.Join(b.index.Flush(), b.data.Flush()); err != nil {
		return err
	}
	_, err := file.WriteAt(b.shape.encode(), 0)
	return err
}

// add puts a hash into its bucket. Hashes come in ascending order.
func (b *builder) add(x uint64) error {
	bucket, value := b.shape.place(x)
	for b.current < bucket {
		if err := b.finish(); err != nil {
			return err
		}
	}
	if value < b.values.next { // another hash has the same value
		return nil
	}
	b.values.add(value, b.shape.bits)
	if len(b.values.data) > maxBucket {
		return errors.New("the hashes are not spread as those of SHA-1 are: give hashes of passwords")
	}
	return nil
}

// finish writes the present bucket and begins the next.
func (b *builder) finish() error {
	if err := b.entry(bucketSum(b.current, b.values.data)); err != nil {
		return err
	}
	if _, err := b.data.Write(b.values.data); err != nil {
		return err
	}
	b.shape.length += uint64(len(b.values.data))
	b.values.reset()
	b.current++
	return nil
}

// entry writes to the index that a bucket begins where the data end so far.
func (b *builder) entry(sum uint32) error {
	var e [indexEntry]byte
	binary.BigEndian.PutUint64(e[:], b.shape.length)
	binary.BigEndian.PutUint32(e[8:], sum)
	_, err := b.index.Write(e[:])
	return err
}

// replace makes a file beside path, has it written, and puts it in the place of path.
func replace(path string, write func(*os.File) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".airworthy-filter-*")
	if err != nil {
		return bare(err)
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if err := write(file); err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o644), file.Sync()); err != nil { // nothing in it is secret
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

const (
	parts  = 256
	atOnce = 16 << 10 // hashes of one part that are held in memory while the list is read
)

// sorter holds hashes by their first byte, each part in blocks that go to a temporary file when they are full.
type sorter struct {
	dir   string
	count uint64
	held  [parts][]uint64
	file  *os.File // nil as long as all are held
	full  [parts][]int64
	end   int64
	buf   []byte
	all   []uint64 // of the part that was asked for last
}

func (s *sorter) add(x uint64) error {
	if s.count == maxEntries {
		return fmt.Errorf("the list has more than %d entries", int64(maxEntries))
	}
	s.count++
	part := x >> 56
	s.held[part] = append(s.held[part], x)
	if len(s.held[part]) < atOnce {
		return nil
	}
	return s.spill(part)
}

// spill writes the block of a part to the file.
func (s *sorter) spill(part uint64) (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp(s.dir, ".airworthy-sort-*"); err != nil {
			return err
		}
	}
	s.buf = s.buf[:0]
	for _, x := range s.held[part] {
		s.buf = binary.BigEndian.AppendUint64(s.buf, x)
	}
	if _, err := s.file.WriteAt(s.buf, s.end); err != nil {
		return err
	}
	s.full[part] = append(s.full[part], s.end)
	s.end += int64(len(s.buf))
	s.held[part] = s.held[part][:0]
	return nil
}

// part returns the hashes of one part in order, each once. They are good until the next part is asked for.
func (s *sorter) part(n int) ([]uint64, error) {
	all := append(slices.Grow(s.all[:0], len(s.full[n])*atOnce+atOnce), s.held[n]...)
	for _, at := range s.full[n] {
		s.buf = s.buf[:8*atOnce]
		if _, err := s.file.ReadAt(s.buf, at); err != nil {
			return nil, err
		}
		for b := range slices.Chunk(s.buf, 8) {
			all = append(all, binary.BigEndian.Uint64(b))
		}
	}
	s.all, s.held[n] = all, nil
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (s *sorter) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
