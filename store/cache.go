package store

import (
	"cmp"
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// CacheOptions bound a cache. The zero value of an option means its default.
type CacheOptions struct {
	// Limit is how many values it keeps: 50,000 by default, as in the npm package. The
	// least recently used value is dropped first.
	Limit int

	// Lifetime is how long a value is valid after it was first set; setting it again does
	// not extend it. 0 means for ever.
	Lifetime time.Duration
}

// DefaultCacheLimit is how many values a cache keeps by default.
const DefaultCacheLimit = 50_000

const (
	maxCacheType  = 64
	maxCacheKey   = 16 << 10 // bbolt takes keys of 32 KiB
	maxCacheValue = 16 << 20
)

// Cache keeps values by key, on disk, bounded in number and age: for what an application
// can compute again at a higher cost. Many goroutines may use it at once. The index, not
// the values, is in memory.
type Cache struct {
	store *Store
	kind  string
	opts  CacheOptions

	mu    sync.Mutex
	used  *list.List // of *cached, the latest first
	index map[string]*list.Element
	stale map[string]bool // used since their last time of use was written
}

// cached is the part of a value that is in memory.
type cached struct {
	key            string
	used, inserted time.Duration // since the Unix epoch
}

// Cache opens the cache of a type, such as "documents". There must be one Cache for each
// type at a time.
func (s *Store) Cache(kind string, o CacheOptions) (*Cache, error) {
	if o.Limit == 0 {
		o.Limit = DefaultCacheLimit
	}
	switch {
	case kind == "" || len(kind) > maxCacheType || strings.ContainsRune(kind, 0):
		return nil, fmt.Errorf("store: cache type %.80q: want 1 to %d bytes, none of them zero", kind, maxCacheType)
	case o.Limit < 0 || o.Lifetime < 0:
		return nil, errors.New("store: a limit of a cache is negative")
	}
	c := &Cache{
		store: s, kind: kind, opts: o, used: list.New(),
		index: make(map[string]*list.Element), stale: make(map[string]bool),
	}
	var all []*cached
	err := s.db.View(func(tx *bbolt.Tx) error {
		return each(tx, cacheBucket, func(key, record []byte) error {
			name, ok := strings.CutPrefix(string(key), kind+"\x00")
			if !ok {
				return nil
			}
			r, err := decodeCached(record)
			all = append(all, &cached{name, r.used, r.inserted})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("store: cache %s: %w", kind, err)
	}
	slices.SortStableFunc(all, func(a, b *cached) int { return cmp.Compare(a.used, b.used) })
	for _, e := range all {
		c.index[e.key] = c.used.PushFront(e)
	}
	return c, nil
}

func (c *Cache) recordKey(key string) []byte { return []byte(c.kind + "\x00" + key) }

func (c *Cache) now() time.Duration { return time.Duration(c.store.opts.Now().UnixNano()) }

func (c *Cache) expired(e *cached, now time.Duration) bool {
	return c.opts.Lifetime > 0 && now-e.inserted > c.opts.Lifetime
}

// Len returns how many values there are, expired ones included until the next Sweep.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.index)
}

// Get returns a value, and whether there is one. The time of use is written with the next
// Set or Sweep.
func (c *Cache) Get(key string) (value []byte, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.index[key]
	now := c.now()
	if !ok || c.expired(e.Value.(*cached), now) {
		return nil, false, nil
	}
	err = c.store.db.View(func(tx *bbolt.Tx) error {
		r, err := decodeCached(tx.Bucket(cacheBucket).Get(c.recordKey(key)))
		value = slices.Clone(r.value)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("store: cache %s: %w", c.kind, err)
	}
	c.touch(e, now)
	return value, true, nil
}

func (c *Cache) touch(e *list.Element, now time.Duration) {
	entry := e.Value.(*cached)
	entry.used = now
	c.used.MoveToFront(e)
	c.stale[entry.key] = true
}

// Set keeps a value, and returns when it is on disk.
func (c *Cache) Set(key string, value []byte) error {
	if len(key) > maxCacheKey || len(value) > maxCacheValue {
		return fmt.Errorf("store: cache %s: key of %d and value of %d bytes, want at most %d and %d",
			c.kind, len(key), len(value), maxCacheKey, maxCacheValue)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	entry := &cached{key, now, now}
	old, replaces := c.index[key]
	if replaces && !c.expired(old.Value.(*cached), now) {
		entry.inserted = old.Value.(*cached).inserted
	}
	doomed := c.oldest(len(c.index) + 1 - c.opts.Limit)
	if replaces {
		doomed = nil
	}
	err := c.store.update(func(w *writer) error {
		if err := c.writeUses(w); err != nil {
			return err
		}
		if err := c.deleteAll(w, doomed); err != nil {
			return err
		}
		return w.put(cacheBucket, c.recordKey(key), cachedRecord{entry.used, entry.inserted, value}.encode())
	})
	if err != nil {
		return err
	}
	clear(c.stale)
	c.forget(doomed)
	if replaces {
		c.used.Remove(old)
	}
	c.index[key] = c.used.PushFront(entry)
	return nil
}

// Remove forgets a value, if there is one.
func (c *Cache) Remove(key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.index[key]; !ok {
		return nil
	}
	return c.drop([]string{key})
}

// Sweep drops expired values, and those beyond the limit. An application calls it from
// time to time, such as once an hour.
func (c *Cache) Sweep() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	doomed := c.oldest(len(c.index) - c.opts.Limit)
	now := c.now()
	for e := c.used.Front(); e != nil; e = e.Next() {
		if entry := e.Value.(*cached); c.expired(entry, now) {
			doomed = append(doomed, entry.key)
		}
	}
	return c.drop(doomed)
}

// Flush forgets all values.
func (c *Cache) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drop(c.oldest(len(c.index)))
}

// oldest returns the n least recently used keys.
func (c *Cache) oldest(n int) []string {
	var keys []string
	for e := c.used.Back(); e != nil && len(keys) < n; e = e.Prev() {
		keys = append(keys, e.Value.(*cached).key)
	}
	return keys
}

// drop forgets keys, on disk and in memory.
func (c *Cache) drop(keys []string) error {
	err := c.store.update(func(w *writer) error {
		if err := c.writeUses(w); err != nil {
			return err
		}
		return c.deleteAll(w, keys)
	})
	if err == nil {
		clear(c.stale)
		c.forget(keys)
	}
	return err
}

func (c *Cache) deleteAll(w *writer, keys []string) error {
	for _, key := range keys {
		if err := w.delete(cacheBucket, c.recordKey(key)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cache) forget(keys []string) {
	for _, key := range keys {
		if e, ok := c.index[key]; ok {
			c.used.Remove(e)
			delete(c.index, key)
		}
	}
}

// writeUses writes the times of use that are only in memory.
func (c *Cache) writeUses(w *writer) error {
	for key := range c.stale {
		name := c.recordKey(key)
		r, err := decodeCached(w.tx.Bucket(cacheBucket).Get(name))
		if err != nil {
			return err
		}
		r.used = c.index[key].Value.(*cached).used
		if err := w.put(cacheBucket, name, r.encode()); err != nil {
			return err
		}
	}
	return nil
}

// cachedRecord is a value on disk: two times, then the value as it is.
type cachedRecord struct {
	used, inserted time.Duration
	value          []byte
}

func (r cachedRecord) encode() []byte {
	record := binary.BigEndian.AppendUint64(make([]byte, 0, 16+len(r.value)), uint64(r.used))
	record = binary.BigEndian.AppendUint64(record, uint64(r.inserted))
	return append(record, r.value...)
}

// decodeCached reads a record; the value is a part of it.
func decodeCached(record []byte) (cachedRecord, error) {
	if len(record) < 16 || len(record) > 16+maxCacheValue {
		return cachedRecord{}, fmt.Errorf("%w: a cached record of %d bytes", ErrDamaged, len(record))
	}
	return cachedRecord{
		used:     time.Duration(binary.BigEndian.Uint64(record)),
		inserted: time.Duration(binary.BigEndian.Uint64(record[8:])),
		value:    record[16:],
	}, nil
}
