package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"spreadable/core/host"
)

// Blobs is a host.Blobs in a directory: each blob is a file named by its key, in one of
// 256 folders, and drafts have a folder of their own, which is emptied at the start. All
// paths are below an os.Root, and are made of keys and numbers only.
type Blobs struct {
	root  *os.Root
	dir   string
	limit int64

	mu     sync.Mutex
	blobs  map[host.Key]host.Blob
	sorted []host.Key // of blobs; nil when it is outdated
	used   int64      // bytes of blobs, and reserved for drafts
	drafts uint64     // begun so far
}

var _ host.Blobs = (*Blobs)(nil)

// Names in the directory. The format is a number; a directory without the file is of the
// first, too.
const (
	draftsDir  = "drafts"
	formatName = "format"
	blobFormat = 1
)

// OpenBlobs opens a directory for blobs, which it makes if it does not exist. Limit is how
// many bytes they may take.
func OpenBlobs(dir string, limit int64) (*Blobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	b := &Blobs{root: root, dir: dir, limit: limit, blobs: make(map[host.Key]host.Blob)}
	if err := b.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("store: blobs in %s: %w", dir, err), root.Close())
	}
	return b, nil
}

// open sweeps drafts and finds the blobs. Files with other names are not ours, and stay.
func (b *Blobs) open() error {
	if err := b.checkFormat(); err != nil {
		return err
	}
	if err := b.root.RemoveAll(draftsDir); err != nil {
		return err
	}
	if err := b.root.Mkdir(draftsDir, 0o700); err != nil {
		return err
	}
	return fs.WalkDir(b.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		key, err := host.ParseKey(entry.Name())
		if err != nil || name != place(key) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		b.blobs[key] = host.Blob{Key: key, Size: info.Size(), Added: time.Duration(info.ModTime().UnixNano())}
		b.used += info.Size()
		return nil
	})
}

// checkFormat refuses a directory that a newer version of this program has written.
func (b *Blobs) checkFormat() error {
	text, err := b.root.ReadFile(formatName)
	if errors.Is(err, fs.ErrNotExist) {
		return b.root.WriteFile(formatName, strconv.AppendInt(nil, blobFormat, 10), 0o600)
	}
	if err != nil {
		return err
	}
	switch format, err := strconv.Atoi(string(bytes.TrimSpace(text))); {
	case err != nil || format < 1:
		return fmt.Errorf("%w: its format is %.20q", ErrDamaged, text)
	case format > blobFormat:
		return fmt.Errorf("%w: its format is %d, this one knows up to %d", ErrNewer, format, blobFormat)
	}
	return nil
}

// Close ends the use of the directory.
func (b *Blobs) Close() error { return b.root.Close() }

// place is the path of a blob.
func place(key host.Key) string {
	text := key.String()
	return path.Join(text[:2], text)
}

// Create implements host.Blobs.
func (b *Blobs) Create(size int64) (host.Draft, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if size < 0 || b.used+size > b.limit {
		return nil, fmt.Errorf("%w: %d of %d bytes are used, and %d wanted", host.ErrFull, b.used, b.limit, size)
	}
	b.drafts++
	name := path.Join(draftsDir, strconv.FormatUint(b.drafts, 10))
	file, err := b.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	b.used += size
	return &draft{blobs: b, name: name, file: file, reserved: size, sums: host.NewSums()}, nil
}

// Receive implements host.Blobs.
func (b *Blobs) Receive(s *host.Stream) (host.Draft, error) {
	if d, ok := s.Held.(host.Draft); ok {
		return d, nil
	}
	return nil, host.ErrNoBytes
}

// Stat implements host.Blobs.
func (b *Blobs) Stat(key host.Key) (host.Blob, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	blob, found := b.blobs[key]
	return blob, found
}

// List implements host.Blobs.
func (b *Blobs) List(after host.Key, visit func(host.Blob) bool) {
	compare := func(a, b host.Key) int { return bytes.Compare(a[:], b[:]) }
	b.mu.Lock()
	if b.sorted == nil {
		b.sorted = slices.SortedFunc(maps.Keys(b.blobs), compare)
	}
	keys := b.sorted // never changed once made
	b.mu.Unlock()
	i, found := slices.BinarySearchFunc(keys, after, compare)
	if found {
		i++
	}
	for _, key := range keys[i:] {
		if blob, there := b.Stat(key); there && !visit(blob) {
			return
		}
	}
}

// Open implements host.Blobs.
func (b *Blobs) Open(key host.Key) (io.ReadSeekCloser, error) {
	file, err := b.root.Open(place(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, host.ErrNoBlob
	}
	return file, err
}

// Stream implements host.Blobs.
func (b *Blobs) Stream(key host.Key) (*host.Stream, error) {
	blob, found := b.Stat(key)
	if !found {
		return nil, host.ErrNoBlob
	}
	return &host.Stream{Size: blob.Size, Hash: key, Open: func() (io.ReadCloser, error) { return b.Open(key) }}, nil
}

// Verify implements host.Blobs.
func (b *Blobs) Verify(key host.Key) error {
	file, err := b.Open(key)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return fmt.Errorf("%w: %w", host.ErrDamaged, err)
	}
	if host.Key(h.Sum(nil)) != key {
		return host.ErrDamaged
	}
	return nil
}

// Remove implements host.Blobs.
func (b *Blobs) Remove(key host.Key) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	blob, found := b.blobs[key]
	if !found {
		return nil
	}
	if err := b.root.Remove(place(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %w", err)
	}
	delete(b.blobs, key)
	b.sorted, b.used = nil, b.used-blob.Size
	return b.syncDir(path.Dir(place(key)))
}

// Space implements host.Blobs.
func (b *Blobs) Space() host.Space {
	b.mu.Lock()
	defer b.mu.Unlock()
	return host.Space{Used: b.used, Limit: b.limit}
}

// Price implements host.Blobs. A real disk takes the time that it takes.
func (b *Blobs) Price(int64) time.Duration { return 0 }

// syncDir makes the names in a folder of the directory durable.
func (b *Blobs) syncDir(name string) error { return syncDir(filepath.Join(b.dir, name)) }

// draft is a host.Draft in a file. One thread writes; any may discard it.
type draft struct {
	blobs    *Blobs
	name     string
	reserved int64
	written  int64
	sums     *host.Sums

	mu     sync.Mutex
	file   *os.File // nil once it has ended
	failed error    // of the first write that failed: then the hashes are not of what is on disk
}

var errEnded = errors.New("the draft has ended")

// Write implements host.Draft.
func (d *draft) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.file == nil:
		return 0, errEnded
	case d.failed != nil:
		return 0, d.failed
	case d.written+int64(len(p)) > d.reserved:
		return 0, fmt.Errorf("%w: the draft has %d bytes", host.ErrFull, d.reserved)
	}
	var hashing sync.WaitGroup // on other processors, while this one writes
	for _, sums := range d.sums.Parts() {
		hashing.Go(func() { _, _ = sums.Write(p) }) // it never fails
	}
	n, err := d.file.Write(p)
	hashing.Wait()
	d.written += int64(n)
	if errors.Is(err, errNoSpace) {
		err = fmt.Errorf("%w: %w", host.ErrFull, err)
	}
	d.failed = err
	return n, err
}

// Sum implements host.Draft.
func (d *draft) Sum() (host.Key, int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sums.Sum()
}

// Blocks implements host.Draft.
func (d *draft) Blocks() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sums.Blocks()
}

// Commit implements host.Draft: the bytes are synced before they get their name, and the
// name is synced before Commit returns.
func (d *draft) Commit() error {
	key, size := d.Sum()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		return errEnded
	}
	to := place(key)
	err := d.failed
	if err == nil {
		err = d.file.Sync()
	}
	err = errors.Join(err, d.file.Close())
	if err == nil {
		err = d.blobs.name(d.name, to)
	}
	d.file = nil
	b := d.blobs
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= d.reserved
	if err != nil {
		_ = b.root.Remove(d.name) // it is swept at the next start
		return fmt.Errorf("store: blob %s: %w", key, err)
	}
	b.used += size - b.blobs[key].Size // it replaces one of the same key, which may be damaged
	b.blobs[key] = host.Blob{Key: key, Size: size, Added: time.Duration(time.Now().UnixNano())}
	b.sorted = nil
	return nil
}

// name gives a synced draft the name of its blob.
func (b *Blobs) name(draft, to string) error {
	dir := path.Dir(to)
	fresh := b.root.Mkdir(dir, 0o700)
	if fresh != nil && !errors.Is(fresh, fs.ErrExist) {
		return fresh
	}
	if err := b.root.Rename(draft, to); err != nil {
		return err
	}
	if fresh == nil {
		if err := b.syncDir("."); err != nil {
			return err
		}
	}
	return b.syncDir(dir)
}

// Discard implements host.Draft.
func (d *draft) Discard() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		return
	}
	_ = d.file.Close()
	_ = d.blobs.root.Remove(d.name) // if that fails, it is swept at the next start
	d.file = nil
	d.blobs.mu.Lock()
	d.blobs.used -= d.reserved
	d.blobs.mu.Unlock()
}
