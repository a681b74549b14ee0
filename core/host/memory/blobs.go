package memory

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"spreadable/core/host"
)

// Blobs is a simulated disk, a host.Blobs without bytes: of each blob it has the key, the
// size, and whether it is intact. Its fields may be changed at any time.
type Blobs struct {
	Limit int64         // bytes; 0 for none
	Rate  float64       // bytes per second, of reading and of writing; 0 for no limit
	Seek  time.Duration // that each operation takes besides
	Full  bool          // takes nothing more
	// Boasts says that the disk is a liar's: it claims to be empty and takes everything, but
	// what it gives is never intact.
	Boasts bool
	Now    func() time.Duration

	blobs map[host.Key]*stored
	keys  []host.Key // sorted
	used  int64
	lives int // crashes so far: drafts of before are gone
}

type stored struct {
	host.Blob
	damaged bool
}

var _ host.Blobs = (*Blobs)(nil)

// Create implements host.Blobs. What is written into the draft counts as bytes of the
// size, and is hashed.
func (b *Blobs) Create(size int64) (host.Draft, error) {
	if b.Full || size < 0 || !b.Boasts && b.Limit > 0 && b.used+size > b.Limit {
		return nil, fmt.Errorf("%w: %d bytes of %d are used", host.ErrFull, b.used, b.Limit)
	}
	b.used += size
	return &draft{blobs: b, reserved: size, life: b.lives}, nil
}

// Receive implements host.Blobs. A stream that is not intact comes as bytes with another
// hash.
func (b *Blobs) Receive(s *host.Stream) (host.Draft, error) {
	d, err := b.Create(s.Size)
	if err != nil {
		return nil, err
	}
	key := host.Key(s.Hash)
	if !s.Intact {
		key[0] ^= 1
	}
	d.(*draft).set(key, s.Size)
	return d, nil
}

// Place puts a blob there without a draft, for a simulation that begins with content.
func (b *Blobs) Place(key host.Key, size int64) {
	b.used += size
	b.add(host.Blob{Key: key, Size: size, Added: b.now()})
}

// NewDraft is a draft of simulated bytes that hash to the key.
func (b *Blobs) NewDraft(key host.Key, size int64) (host.Draft, error) {
	return b.Receive(&host.Stream{Size: size, Hash: key, Intact: true})
}

func (b *Blobs) now() time.Duration {
	if b.Now == nil {
		return 0
	}
	return b.Now()
}

func (b *Blobs) add(blob host.Blob) {
	if b.blobs == nil {
		b.blobs = make(map[host.Key]*stored)
	}
	if old := b.blobs[blob.Key]; old != nil {
		b.used -= old.Size // it is written again, or a second time
	} else {
		i, _ := slices.BinarySearchFunc(b.keys, blob.Key, compare)
		b.keys = slices.Insert(b.keys, i, blob.Key)
	}
	b.blobs[blob.Key] = &stored{Blob: blob}
}

func compare(a, b host.Key) int { return bytes.Compare(a[:], b[:]) }

// Stat implements host.Blobs.
func (b *Blobs) Stat(key host.Key) (host.Blob, bool) {
	if s := b.blobs[key]; s != nil {
		return s.Blob, true
	}
	return host.Blob{}, false
}

// List implements host.Blobs.
func (b *Blobs) List(after host.Key, visit func(host.Blob) bool) {
	i, found := slices.BinarySearchFunc(b.keys, after, compare)
	if found {
		i++
	}
	for _, key := range slices.Clone(b.keys[i:]) {
		if s := b.blobs[key]; s != nil && !visit(s.Blob) {
			return
		}
	}
}

// Open implements host.Blobs.
func (b *Blobs) Open(host.Key) (io.ReadSeekCloser, error) { return nil, host.ErrNoBytes }

// Stream implements host.Blobs.
func (b *Blobs) Stream(key host.Key) (*host.Stream, error) {
	s := b.blobs[key]
	if s == nil {
		return nil, host.ErrNoBlob
	}
	return &host.Stream{Size: s.Size, Hash: key, Intact: !s.damaged && !b.Boasts}, nil
}

// Damage flips a bit of a blob, if there is one.
func (b *Blobs) Damage(key host.Key) {
	if s := b.blobs[key]; s != nil {
		s.damaged = true
	}
}

// Verify implements host.Blobs.
func (b *Blobs) Verify(key host.Key) error {
	switch s := b.blobs[key]; {
	case s == nil:
		return host.ErrNoBlob
	case s.damaged:
		return host.ErrDamaged
	}
	return nil
}

// Remove implements host.Blobs.
func (b *Blobs) Remove(key host.Key) error {
	if s := b.blobs[key]; s != nil {
		b.used -= s.Size
		delete(b.blobs, key)
		i, _ := slices.BinarySearchFunc(b.keys, key, compare)
		b.keys = slices.Delete(b.keys, i, i+1)
	}
	return nil
}

// Space implements host.Blobs.
func (b *Blobs) Space() host.Space {
	if b.Boasts {
		return host.Space{Limit: b.Limit}
	}
	return host.Space{Used: b.used, Limit: b.Limit}
}

// Price implements host.Blobs.
func (b *Blobs) Price(bytes int64) time.Duration {
	price := b.Seek
	if b.Rate > 0 {
		price += time.Duration(float64(bytes) / b.Rate * float64(time.Second))
	}
	return price
}

// Crash loses what was not committed.
func (b *Blobs) Crash() {
	b.used = 0
	b.lives++
	for _, s := range b.blobs { // order-free: a sum
		b.used += s.Size
	}
}

// draft is a host.Draft.
type draft struct {
	blobs    *Blobs
	reserved int64
	key      host.Key
	size     int64
	written  []byte
	given    bool // key and size were set
	life     int  // see Blobs.lives
	ended    bool
}

func (d *draft) set(key host.Key, size int64) { d.key, d.size, d.given = key, size, true }

var errEnded = errors.New("the draft has ended")

// Write implements host.Draft.
func (d *draft) Write(p []byte) (int, error) {
	switch {
	case d.ended || d.given:
		return 0, errEnded
	case int64(len(d.written)+len(p)) > d.reserved:
		return 0, host.ErrFull
	}
	d.written = append(d.written, p...)
	return len(p), nil
}

// Sum implements host.Draft.
func (d *draft) Sum() (host.Key, int64) {
	if d.given {
		return d.key, d.size
	}
	return sha256.Sum256(d.written), int64(len(d.written))
}

// Blocks implements host.Draft.
func (d *draft) Blocks() []byte { return nil }

// Commit implements host.Draft.
func (d *draft) Commit() error {
	if d.ended || d.life != d.blobs.lives {
		return errEnded
	}
	if d.blobs.Full {
		d.Discard()
		return host.ErrFull
	}
	key, size := d.Sum()
	d.ended = true
	d.blobs.used += size - d.reserved
	d.blobs.add(host.Blob{Key: key, Size: size, Added: d.blobs.now()})
	return nil
}

// Discard implements host.Draft.
func (d *draft) Discard() {
	if !d.ended && d.life == d.blobs.lives {
		d.ended = true
		d.blobs.used -= d.reserved
	}
}
