// Package memory has the local means of extensions without a disk: a host.Bucket and
// host.Blobs for simulations and tests. A bucket in memory is as durable as one on disk
// that is committed with each step, because a simulated node ends between two steps.
package memory

import (
	"slices"

	"spreadable/core/host"
)

// Bucket is a host.Bucket. The zero value is ready.
type Bucket struct {
	Limit int64 // bytes of keys and values; 0 for none

	values map[string][]byte
	keys   []string // sorted, unless stale
	stale  bool
	bytes  int
}

var _ host.Bucket = (*Bucket)(nil)

// Get implements host.Bucket.
func (b *Bucket) Get(key string) []byte { return b.values[key] }

// Put implements host.Bucket.
func (b *Bucket) Put(key string, value []byte) error {
	if err := host.CheckSize(key, value); err != nil {
		return err
	}
	if b.values == nil {
		b.values = make(map[string][]byte)
	}
	old, known := b.values[key]
	more := len(value) - len(old)
	if !known {
		more += len(key)
	}
	if err := host.CheckSpace(b.Space(), more); err != nil {
		return err
	}
	b.bytes += more
	if !known {
		b.keys, b.stale = append(b.keys, key), b.stale || len(b.keys) > 0 && b.keys[len(b.keys)-1] > key
	}
	b.values[key] = value
	return nil
}

// Delete implements host.Bucket.
func (b *Bucket) Delete(key string) {
	old, known := b.values[key]
	if !known {
		return
	}
	b.sort()
	i, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, i, i+1)
	b.bytes -= len(key) + len(old)
	delete(b.values, key)
}

// Scan implements host.Bucket.
func (b *Bucket) Scan(from string, visit func(key string, value []byte) bool) {
	b.sort()
	i, _ := slices.BinarySearch(b.keys, from)
	for _, key := range b.keys[i:] {
		if !visit(key, b.values[key]) {
			return
		}
	}
}

func (b *Bucket) sort() {
	if b.stale {
		slices.Sort(b.keys)
		b.stale = false
	}
}

// Space implements host.Bucket.
func (b *Bucket) Space() host.Space { return host.Space{Used: int64(b.bytes), Limit: b.Limit} }

// Len is how many keys there are, and Bytes how long they and their values are together.
func (b *Bucket) Len() int   { return len(b.values) }
func (b *Bucket) Bytes() int { return b.bytes }
