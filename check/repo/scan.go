package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

// outcome is what a scan found, and what it did not look at.
type outcome struct {
	leaks      []*leak
	settings   []place           // files of settings that were tracked, and are not any more
	commits    map[string]commit // that leaks and settings name
	repository bool              // else there are files only
	astray     bool              // where leaks stand was not worked out
	large      []oversized
	limits     []string // why not everything was looked at
	shallow    string   // why the history is not whole; empty if it is
}

// oversized is a content over the bound.
type oversized struct {
	path string // empty if it is not known
	blob string // its name, as bytes; empty if it is a file's
	size int64
}

// leak is a secret at a path.
type leak struct {
	rule   *secretrule.Rule
	path   string // empty if nothing leads to the content
	mark   mark
	name   string
	size   int
	line   int
	file   bool   // it stands in the work tree
	staged bool   // it stands in the index
	head   bool   // it stands in the commit that is checked out
	blob   string // a content that holds it, as bytes; empty if only a file does
	since  place  // where it is first known, with the commit
	in     string // the setting whose value in use it is
	level  check.Level
}

// scan is one look at everything.
type scan struct {
	Config
	rules   []*secretrule.Rule
	scanner *secretrule.Scanner
	marks   func() *searcher
	inUse   map[mark]string // the setting of each value in use

	store *store

	mu       sync.Mutex
	contents map[string][]sighting // by the content's name, as bytes
	files    map[string][]sighting // by path in the work tree
	dotenv   map[string]bool       // contents that are files of settings with secrets
	outcome  outcome

	done, total, unread atomic.Int64
}

func (c Config) newScan() (*scan, error) {
	known := c.knownValues()
	s := &scan{Config: c, rules: slices.Concat(known, secretrule.All()), inUse: map[mark]string{}, contents: map[string][]sighting{},
		files: map[string][]sighting{}, dotenv: map[string]bool{}, outcome: outcome{commits: map[string]commit{}}}
	scanner, err := secretrule.New(s.rules)
	if err != nil {
		return nil, err
	}
	mac := marker()
	s.scanner = scanner
	s.marks = func() *searcher { return &searcher{scanner: scanner, series: scanner.Series(), mac: mac()} }
	marks := s.marks()
	for _, v := range c.Secrets {
		if text := v.Value.Reveal(); text != "" {
			s.inUse[marks.mark([]byte(text))] = v.Setting
		}
	}
	return s, nil
}

// run looks, within the time that there is. An error means that nothing could be looked at.
func (s *scan) run(ctx context.Context) (*outcome, error) {
	bounded, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	var err error
	if s.store, err = locate(bounded, s.Dir); err != nil {
		if bounded.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("%s were not enough to begin", s.timeout())
		}
		return nil, err
	}
	s.outcome.repository = s.store != nil
	var wg sync.WaitGroup
	wg.Go(func() { s.limit(bounded, s.searchFiles(bounded)) })
	if s.store != nil {
		s.limit(bounded, s.searchObjects(bounded))
		s.history(bounded)
	}
	wg.Wait()
	// What was found is told even if the time is up: where it is takes a little more.
	after, stop := context.WithTimeout(ctx, s.timeout()/2+time.Second)
	defer stop()
	if err := s.attribute(after); err != nil {
		s.outcome.astray = true
		s.outcome.limits = append(s.outcome.limits, "where secrets stand in the history was not worked out: "+err.Error())
	}
	if n := s.unread.Load(); n > 0 {
		s.outcome.limits = append(s.outcome.limits, fmt.Sprintf("git cannot read %d objects: run \"git fsck\"", n))
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s.Progress != nil {
		s.Progress(s.total.Load(), s.total.Load())
	}
	return &s.outcome, nil
}

func (c Config) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 10 * time.Minute
}

func (c Config) maxBlob() int64 {
	if c.MaxBlob > 0 {
		return c.MaxBlob
	}
	return 100 << 20
}

// limit notes why not everything was looked at, if something was not.
func (s *scan) limit(ctx context.Context, err error) {
	if err == nil {
		return
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%s were not enough: %s of %s had been looked at", s.timeout(), amount(s.done.Load()), amount(s.total.Load()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.outcome.limits, err.Error()) {
		s.outcome.limits = append(s.outcome.limits, err.Error())
	}
}

// tooLarge notes a content that is over the bound.
func (s *scan) tooLarge(path, blob string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcome.large = append(s.outcome.large, oversized{path, blob, size})
}

func amount(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func (s *scan) history(ctx context.Context) {
	switch {
	case s.NoHistory:
	case s.store.shallow:
		s.outcome.shallow = "the clone is shallow"
	case s.store.partial(ctx):
		s.outcome.shallow = "the clone is partial"
	}
}

func (s *scan) advance(n int64) {
	done := s.done.Add(n)
	if s.Progress != nil {
		s.Progress(done, s.total.Load())
	}
}

// searchObjects looks at the contents that git holds: all of them, or those of the index and of the commit that is checked out.
func (s *scan) searchObjects(ctx context.Context) error {
	if s.NoHistory {
		return s.searchCurrent(ctx)
	}
	blobs, trees, more, err := s.store.list(ctx, &s.unread)
	if err != nil {
		return err
	}
	if more {
		s.limit(ctx, fmt.Errorf("the repository has more than %d objects", maxObjects))
	}
	blobs.index()
	memory := s.recall(blobs)
	todo := memory.forget(trees)
	s.total.Store(sum(trees, todo) + sum(blobs, nil))
	err = s.nameAll(ctx, blobs, trees, todo)
	if err != nil {
		return err
	}
	s.limit(ctx, s.nameStaged(ctx, blobs))
	var numbers []uint32
	skipped := int64(0)
	for i := range blobs.len() {
		switch {
		case memory.clean(i, blobs.kinds[i]):
			skipped += int64(blobs.sizes[i])
		case int64(blobs.sizes[i]) > s.maxBlob():
			s.tooLarge("", string(blobs.id(i)), int64(blobs.sizes[i]))
		default:
			numbers = append(numbers, uint32(i))
		}
	}
	s.total.Add(-skipped)
	if err := s.searchBlobs(ctx, blobs, numbers); err != nil {
		return err
	}
	if s.unread.Load() == 0 && !more {
		memory.keep(s, blobs, trees)
	}
	return nil
}

// searchCurrent looks at the contents of the index and of the commit that is checked out.
func (s *scan) searchCurrent(ctx context.Context) error {
	blobs := &objects{hash: s.store.hash}
	seen := map[string]bool{}
	var names []string
	each := func(id, p string) error {
		if !seen[id] {
			blobs.add([]byte(id), 0)
		}
		seen[id] = true
		names = append(names, id+path.Base(p))
		return nil
	}
	head, err := s.store.head(ctx)
	if err == nil && head != "" {
		err = s.store.entries(ctx, head, each)
	}
	if err == nil {
		err = s.store.entries(ctx, "", each)
	}
	if err != nil {
		return err
	}
	blobs.index()
	for _, n := range names {
		blobs.kinds[blobs.find([]byte(n[:s.store.hash]))] |= fileKinds(n[s.store.hash:])
	}
	numbers := make([]uint32, blobs.len())
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	return s.searchBlobs(ctx, blobs, numbers)
}

func sum(o *objects, numbers []uint32) (n int64) {
	if numbers == nil {
		for _, size := range o.sizes {
			n += int64(size)
		}
		return n
	}
	for _, i := range numbers {
		n += int64(o.sizes[i])
	}
	return n
}

// nameAll reads trees, so that the kinds of all names of each blob are known.
func (s *scan) nameAll(ctx context.Context, blobs, trees *objects, numbers []uint32) error {
	return s.share(ctx, trees, numbers, func() func(int, int64, *bufio.Reader) error {
		kinds := &kindsOf{}
		return func(_ int, size int64, r *bufio.Reader) error {
			s.advance(size)
			return blobs.name(r, size, kinds)
		}
	})
}

// nameStaged adds the names that only the index has.
func (s *scan) nameStaged(ctx context.Context, blobs *objects) error {
	return s.store.entries(ctx, "", func(id, p string) error {
		if i := blobs.find([]byte(id)); i >= 0 {
			blobs.kinds[i] |= fileKinds(path.Base(p))
		}
		return nil
	})
}

// maxSightings is how many sightings are kept in memory.
const maxSightings = 200_000

func (s *scan) searchBlobs(ctx context.Context, blobs *objects, numbers []uint32) error {
	var kept atomic.Int64
	return s.share(ctx, blobs, numbers, func() func(int, int64, *bufio.Reader) error {
		search := s.marks()
		return func(i int, size int64, r *bufio.Reader) error {
			defer s.advance(size)
			if size > s.maxBlob() { // only git knew
				s.tooLarge("", string(blobs.id(i)), size)
				_, err := io.CopyN(io.Discard, r, size)
				return err
			}
			kinds := atomic.LoadUint32(&blobs.kinds[i])
			held := false
			if kinds&settingsFile != 0 && size <= window {
				text, err := r.Peek(int(size))
				if err != nil {
					return errCut
				}
				held = holds(text)
			}
			found, err := search.blob(ctx, r, size, secretrule.Kind(kinds&^settingsFile))
			if err != nil || len(found) == 0 && !held {
				return err
			}
			if kept.Add(int64(len(found))) > maxSightings {
				return fmt.Errorf("more than %d secrets were found", maxSightings)
			}
			id := string(blobs.id(i))
			s.mu.Lock()
			defer s.mu.Unlock()
			if held {
				s.dotenv[id] = true
			}
			if len(found) > 0 {
				s.contents[id] = found
			}
			return nil
		}
	})
}

// share has several goroutines, each with a git of its own, read objects.
func (s *scan) share(ctx context.Context, o *objects, numbers []uint32, reader func() func(int, int64, *bufio.Reader) error) error {
	if len(numbers) == 0 {
		return nil
	}
	workers := min(max(runtime.GOMAXPROCS(0), 1), 4)
	// Neighbours are made of each other: the longer the parts, the less is made twice.
	part := max(len(numbers)/(4*workers)+1, 4000)
	parts := make(chan []uint32, len(numbers)/part+1)
	for p := range slices.Chunk(numbers, part) {
		parts <- p
	}
	close(parts)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			each := reader()
			for p := range parts {
				if errs[w] = s.store.read(ctx, o, p, &s.unread, each); errs[w] != nil {
					cancel()
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}
