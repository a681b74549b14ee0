package host

import (
	"container/list"
	"time"
)

// Cache keeps values in memory, bounded in number and age, for what can be had again at a
// higher cost. The least recently used gives way. It belongs to the node's thread.
type Cache[K comparable, V any] struct {
	host     *Host
	limit    int
	lifetime time.Duration
	used     *list.List // of *cached, the latest first
	index    map[K]*list.Element
}

type cached[K comparable, V any] struct {
	key   K
	value V
	until time.Duration
}

// NewCache returns a cache of at most limit values, each of which is valid for a lifetime
// after it was set.
func NewCache[K comparable, V any](h *Host, limit int, lifetime time.Duration) *Cache[K, V] {
	return &Cache[K, V]{host: h, limit: max(1, limit), lifetime: lifetime, used: list.New(), index: make(map[K]*list.Element)}
}

// Get returns a value, and whether there is one.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	e := c.index[key]
	if e == nil {
		return value, false
	}
	if entry := e.Value.(*cached[K, V]); entry.until > c.host.Now() {
		c.used.MoveToFront(e)
		return entry.value, true
	}
	c.Remove(key)
	return value, false
}

// Set keeps a value.
func (c *Cache[K, V]) Set(key K, value V) {
	c.Remove(key)
	for c.used.Len() >= c.limit {
		c.Remove(c.used.Back().Value.(*cached[K, V]).key)
	}
	c.index[key] = c.used.PushFront(&cached[K, V]{key, value, c.host.Now() + c.lifetime})
}

// Remove forgets a value, if there is one.
func (c *Cache[K, V]) Remove(key K) {
	if e := c.index[key]; e != nil {
		c.used.Remove(e)
		delete(c.index, key)
	}
}

// Len is how many values there are, those included whose lifetime has ended.
func (c *Cache[K, V]) Len() int { return len(c.index) }
