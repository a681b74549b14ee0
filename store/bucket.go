package store

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"spreadable/core/host"
)

// bucket is a host.Bucket in the state file. What is put waits in memory for the next
// Commit, which writes it together with the node's own state: so after a crash both are
// of the same step.
type bucket struct {
	store   *Store
	prefix  string            // of its records: the extension's name and a zero byte
	pending map[string][]byte // since the last commit; nil for what was deleted
	used    int64             // bytes of keys and values, with what is pending
}

var _ host.Bucket = (*bucket)(nil)

// Bucket returns the bucket of an extension. Like Commit it belongs to the node's thread.
func (s *Store) Bucket(extension string) host.Bucket {
	if b := s.buckets[extension]; b != nil {
		return b
	}
	if s.buckets == nil {
		s.buckets = make(map[string]*bucket)
	}
	b := &bucket{store: s, prefix: extension + "\x00", pending: make(map[string][]byte)}
	b.view(func(records *bbolt.Bucket) {
		c := records.Cursor()
		for k, v := c.Seek([]byte(b.prefix)); bytes.HasPrefix(k, []byte(b.prefix)); k, v = c.Next() {
			b.used += int64(len(k) - len(b.prefix) + len(v))
		}
	})
	s.buckets[extension] = b
	return b
}

// dirty reports whether an extension has put something since the last commit.
func (s *Store) dirty() bool {
	for _, b := range s.buckets {
		if len(b.pending) > 0 {
			return true
		}
	}
	return false
}

// writeBuckets writes what extensions have put.
func (s *Store) writeBuckets(w *writer) error {
	for _, b := range s.buckets {
		for key, value := range b.pending {
			record := []byte(b.prefix + key)
			var err error
			if value == nil {
				err = w.delete(extensionBucket, record)
			} else {
				err = w.put(extensionBucket, record, value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// clearBuckets forgets what has been written.
func (s *Store) clearBuckets() {
	for _, b := range s.buckets {
		clear(b.pending)
	}
}

// Get implements host.Bucket.
func (b *bucket) Get(key string) (value []byte) {
	if value, changed := b.pending[key]; changed {
		return value
	}
	b.view(func(records *bbolt.Bucket) {
		if v := records.Get([]byte(b.prefix + key)); v != nil {
			value = append([]byte{}, v...) // it is valid in the transaction only
		}
	})
	return value
}

// Put implements host.Bucket.
func (b *bucket) Put(key string, value []byte) error {
	if err := host.CheckSize(key, value); err != nil {
		return err
	}
	more := len(key) + len(value) - b.length(key)
	if err := host.CheckSpace(b.Space(), more); err != nil {
		return err
	}
	b.used += int64(more)
	b.pending[key] = value
	return nil
}

// Delete implements host.Bucket.
func (b *bucket) Delete(key string) {
	b.used -= int64(b.length(key))
	b.pending[key] = nil
}

// length is how many bytes a key and its value take; 0 if there is no such key.
func (b *bucket) length(key string) (length int) {
	if value, changed := b.pending[key]; changed {
		if value == nil {
			return 0
		}
		return len(key) + len(value)
	}
	b.view(func(records *bbolt.Bucket) {
		if v := records.Get([]byte(b.prefix + key)); v != nil {
			length = len(key) + len(v)
		}
	})
	return length
}

// Space implements host.Bucket.
func (b *bucket) Space() host.Space {
	return host.Space{Used: b.used, Limit: b.store.opts.BucketLimit}
}

// Scan implements host.Bucket: it merges what is on disk with what is not yet.
func (b *bucket) Scan(from string, visit func(key string, value []byte) bool) {
	fresh := slices.Sorted(maps.Keys(b.pending))
	first, _ := slices.BinarySearch(fresh, from)
	fresh = fresh[first:]
	// ahead visits what is pending and comes before a key, "" for the end of all keys;
	// false ends the scan.
	ahead := func(key string) bool {
		for len(fresh) > 0 && (key == "" || fresh[0] < key) {
			next := fresh[0]
			fresh = fresh[1:]
			if value := b.pending[next]; value != nil && !visit(next, value) {
				return false
			}
		}
		return true
	}
	goesOn := true
	b.view(func(records *bbolt.Bucket) {
		c := records.Cursor()
		for k, v := c.Seek([]byte(b.prefix + from)); goesOn && bytes.HasPrefix(k, []byte(b.prefix)); k, v = c.Next() {
			key := strings.TrimPrefix(string(k), b.prefix)
			if goesOn = ahead(key); !goesOn {
				return
			}
			if _, changed := b.pending[key]; !changed {
				goesOn = visit(key, append([]byte{}, v...))
			}
		}
	})
	if goesOn {
		ahead("")
	}
}

// view reads the records of all extensions. A failure to read marks the store as broken,
// so that the node ends at its next commit.
func (b *bucket) view(read func(records *bbolt.Bucket)) {
	err := b.store.db.View(func(tx *bbolt.Tx) error {
		if records := tx.Bucket(extensionBucket); records != nil {
			read(records)
		}
		return nil
	})
	if err != nil {
		b.store.mu.Lock()
		b.store.broken = err
		b.store.mu.Unlock()
	}
}
