package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"

	"go.etcd.io/bbolt"
)

// Buckets and keys of the file. A file with anything else in it is not ours.
var (
	formatBucket   = []byte("spreadable")
	nodeBucket     = []byte("node")
	approvalBucket = []byte("approvals")
	useBucket      = []byte("uses")
	keyBucket      = []byte("keys")
	scoreBucket    = []byte("scores")
	cacheBucket    = []byte("cache")
	// extensionBucket has the keys of all extensions, behind their names and a zero byte
	extensionBucket = []byte("extensions")

	schemaKey = []byte("schema")
	tallyKey  = []byte("tally")
)

func schemaValue(version int) []byte { return strconv.AppendInt(nil, int64(version), 10) }

// tally is what all records of the file add up to: how many, and the sum of their hashes.
// It is stored with every transaction and checked when a file is opened. So a record that
// has changed, is missing, or comes from an older page is noticed; bbolt guards only its
// two meta pages by checksums.
type tally struct{ count, sum uint64 }

func (t *tally) add(bucket, key, value []byte) {
	t.count++
	t.sum += recordHash(bucket, key, value)
}

func (t *tally) remove(bucket, key, value []byte) {
	t.count--
	t.sum -= recordHash(bucket, key, value)
}

func recordHash(bucket, key, value []byte) uint64 {
	h := fnv.New64a()
	var size [8]byte
	for _, part := range [][]byte{bucket, key, value} {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return h.Sum64()
}

func (t tally) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, t.count), t.sum)
}

// writer is a transaction that keeps the tally.
type writer struct {
	tx      *bbolt.Tx
	total   tally
	changed bool
}

func (w *writer) put(bucket, key, value []byte) error {
	b := w.tx.Bucket(bucket)
	if b == nil {
		var err error
		if b, err = w.tx.CreateBucket(bucket); err != nil {
			return err
		}
	}
	old := b.Get(key)
	if old != nil && bytes.Equal(old, value) {
		return nil
	}
	if old != nil {
		w.total.remove(bucket, key, old)
	}
	w.total.add(bucket, key, value)
	w.changed = true
	return b.Put(key, value)
}

func (w *writer) delete(bucket, key []byte) error {
	b := w.tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	old := b.Get(key)
	if old == nil {
		return nil
	}
	w.total.remove(bucket, key, old)
	w.changed = true
	return b.Delete(key)
}

// each visits the records of a bucket, in order of their keys, which must not be changed
// meanwhile. Key and value are valid until the transaction changes something.
func each(tx *bbolt.Tx, bucket []byte, visit func(key, value []byte) error) error {
	b := tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	return b.ForEach(visit)
}

// update runs a change as one transaction, which is on disk when it returns; a change
// that changes nothing costs no write. After a failed commit it is not known what is on
// disk, so the store refuses all further writes.
func (s *Store) update(change func(*writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return fmt.Errorf("store: an earlier write failed: %w", s.broken)
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer tx.Rollback()
	w := &writer{tx: tx, total: s.total}
	if err := change(w); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if !w.changed {
		return nil
	}
	if err := w.tx.Bucket(formatBucket).Put(tallyKey, w.total.encode()); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := tx.Commit(); err != nil {
		s.broken = err
		return fmt.Errorf("store: %w", err)
	}
	s.total = w.total
	return nil
}
