package host

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// Key names a blob: the SHA-256 of its bytes.
type Key [32]byte

// String is the key as 64 hexadecimal digits.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// MarshalText implements encoding.TextMarshaler: the text is that of String.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, as ParseKey reads.
func (k *Key) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKey(string(text))
	return err
}

// ParseKey reads 64 hexadecimal digits, and nothing else: a key is never a path.
func ParseKey(text string) (k Key, err error) {
	if len(text) != 2*len(k) {
		return k, fmt.Errorf("key %.80q: want %d hexadecimal digits", text, 2*len(k))
	}
	if _, err := hex.Decode(k[:], []byte(text)); err != nil {
		return Key{}, fmt.Errorf("key %q: want %d hexadecimal digits", text, 2*len(k))
	}
	return k, nil
}

// Blob is what is known of a stored blob without reading it.
type Blob struct {
	Key   Key
	Size  int64
	Added time.Duration // since the Unix epoch
}

// Errors of Blobs, to be tested by errors.Is.
var (
	ErrFull    = errors.New("no space is left")
	ErrNoBlob  = errors.New("there is no such blob")
	ErrDamaged = errors.New("the blob is damaged")
	ErrNoBytes = errors.New("a simulated blob has no bytes")
)

// Blobs holds the large values of one extension, each under the hash of its bytes. It may
// be used from any thread of the process. What is marked blocking takes the time of a
// disk: in the node's thread it goes to Task.Offload, at the price that Price tells.
type Blobs interface {
	// Create begins a blob of at most size bytes, for which it reserves space. It fails
	// with ErrFull.
	Create(size int64) (Draft, error)
	// Receive is the draft that a stream has become on its way here.
	Receive(s *Stream) (Draft, error)

	// Stat tells whether there is a blob.
	Stat(key Key) (Blob, bool)
	// List visits the blobs whose keys come after one, in the order of their keys, until
	// visit returns false.
	List(after Key, visit func(Blob) bool)
	// Open gives the bytes. Blocking. In a simulation it fails with ErrNoBytes.
	Open(key Key) (io.ReadSeekCloser, error)
	// Stream makes a stream of a blob, to follow a Direct. It verifies nothing: the
	// receiver does.
	Stream(key Key) (*Stream, error)
	// Verify reads a whole blob and fails with ErrDamaged if its bytes are not those of the
	// key. Blocking.
	Verify(key Key) error
	// Remove forgets a blob, if there is one. Blocking.
	Remove(key Key) error

	// Space is how many bytes blobs and drafts take, and how many they may.
	Space() Space
	// Price is how long a disk takes for so many bytes.
	Price(bytes int64) time.Duration
}

// Space is what values take and may take, in bytes.
type Space struct{ Used, Limit int64 }

// Free is what is left.
func (s Space) Free() int64 { return max(0, s.Limit-s.Used) }

// Draft is a blob that is being written. It ends by Commit or Discard. A crash discards
// it.
type Draft interface {
	io.Writer
	// Sum is the key and size of what has been written.
	Sum() (Key, int64)
	// Blocks are the hashes of its blocks, as those of Sums; nil in a simulation.
	Blocks() []byte
	// Commit makes it a blob, which is on disk when it returns. Blocking.
	Commit() error
	// Discard gives the space back. After Commit it does nothing.
	Discard()
}

// Pending is a verified draft in a procedure.
type Pending struct {
	Key   Key
	Size  int64
	blobs Blobs
	draft Draft
}

// Commit makes it a blob. It is on disk when Commit returns.
func (p *Pending) Commit(t *Task) error {
	var err error
	t.Offload(p.blobs.Price(p.Size), func() { err = p.draft.Commit() })
	return err
}

// Blocks are the hashes of its blocks, as those of Sums; nil in a simulation.
func (p *Pending) Blocks() []byte { return p.draft.Blocks() }

// Discard gives the space back. After Commit it does nothing.
func (p *Pending) Discard() { p.draft.Discard() }

// Adopt makes a draft, such as one that a route has written, known to a procedure.
func (h *Host) Adopt(d Draft) *Pending {
	key, size := d.Sum()
	return &Pending{Key: key, Size: size, blobs: h.Blobs(), draft: d}
}

// receive returns what a stream has become, if it is what its sender said.
func (h *Host) receive(t *Task, s *Stream) (*Pending, error) {
	blobs := h.Blobs()
	if blobs == nil {
		return nil, ErrFull
	}
	d, err := blobs.Receive(s)
	if err != nil {
		return nil, err
	}
	p := h.Adopt(d)
	if p.Key != s.Hash || p.Size != s.Size {
		d.Discard()
		return nil, fmt.Errorf("%w: it came as another than it was sent", ErrDamaged)
	}
	return p, nil
}

// VerifyBlob is Blobs.Verify in a procedure, and RemoveBlob is Blobs.Remove.
func (h *Host) VerifyBlob(t *Task, key Key) error {
	blobs := h.Blobs()
	blob, found := blobs.Stat(key)
	if !found {
		return ErrNoBlob
	}
	var err error
	t.Offload(blobs.Price(blob.Size), func() { err = blobs.Verify(key) })
	return err
}

// RemoveBlob forgets a blob, if there is one.
func (h *Host) RemoveBlob(t *Task, key Key) error {
	var err error
	t.Offload(h.Blobs().Price(0), func() { err = h.Blobs().Remove(key) })
	return err
}
