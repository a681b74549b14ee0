package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/store"
)

// clockwork is a clock that tests turn.
type clockwork struct{ now time.Time }

func (c *clockwork) options() store.Options {
	return store.Options{LockTimeout: -1, Now: func() time.Time { return c.now }}
}

func openCache(t testing.TB, s *store.Store, kind string, o store.CacheOptions) *store.Cache {
	t.Helper()
	c, err := s.Cache(kind, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// modelCache is the cache as a list, the latest used last.
type modelCache struct {
	keys  []string
	value map[string]string
	born  map[string]time.Time
}

func (m *modelCache) use(key string) {
	m.drop(key, false)
	m.keys = append(m.keys, key)
}

func (m *modelCache) drop(key string, all bool) {
	for i, k := range m.keys {
		if k == key {
			m.keys = append(m.keys[:i:i], m.keys[i+1:]...)
			break
		}
	}
	if all {
		delete(m.value, key)
		delete(m.born, key)
	}
}

// The cache is what its rules say, also after it was closed and opened again.
func TestCacheKeepsItsRules(t *testing.T) {
	t.Parallel()
	const limit, life = 4, 10 * time.Second
	root := t.TempDir()
	dirs := 0
	rapid.Check(t, func(rt *rapid.T) {
		dirs++
		dir := fmt.Sprintf("%s/%d", root, dirs)
		clock := &clockwork{time.Unix(1_700_000_000, 0)}
		s, err := store.Open(dir, clock.options())
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { s.Close() }()
		o := store.CacheOptions{Limit: limit, Lifetime: life}
		c := openCache(t, s, "a", o)
		m := modelCache{value: make(map[string]string), born: make(map[string]time.Time)}
		expired := func(key string) bool { return clock.now.Sub(m.born[key]) > life }
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			clock.now = clock.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "ms")) * time.Millisecond)
			key := rapid.StringMatching("[a-f]").Draw(rt, "key")
			var err error
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				value := rapid.String().Draw(rt, "value")
				err = c.Set(key, []byte(value))
				if _, known := m.value[key]; known && expired(key) {
					m.born[key] = clock.now
				} else if !known {
					m.born[key] = clock.now
				}
				m.value[key] = value
				if m.use(key); len(m.keys) > limit {
					m.drop(m.keys[0], true)
				}
			case 2:
				err = c.Remove(key)
				m.drop(key, true)
			case 3:
				err = c.Sweep()
				for k := range m.value {
					if expired(k) {
						m.drop(k, true)
					}
				}
			case 4:
				// writes the times of use, which a process that ends without it forgets
				if err := c.Sweep(); err != nil {
					rt.Fatal(err)
				}
				for k := range m.value {
					if expired(k) {
						m.drop(k, true)
					}
				}
				s.Close()
				if s, err = store.Open(dir, clock.options()); err == nil {
					c = openCache(t, s, "a", o)
				}
			default:
				value, ok, getErr := c.Get(key)
				err = getErr
				want, known := m.value[key]
				if known = known && !expired(key); ok != known || ok && string(value) != want {
					rt.Fatalf("%s is %q, %v, want %q, %v", key, value, ok, want, known)
				}
				if ok {
					m.use(key)
				}
			}
			if err != nil || c.Len() != len(m.value) {
				rt.Fatalf("error %v, %d values, want %d", err, c.Len(), len(m.value))
			}
		}
	})
}

func TestCachesOfDifferentTypesAreApart(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	a, b := openCache(t, s, "a", store.CacheOptions{}), openCache(t, s, "ab", store.CacheOptions{})
	for i, c := range []*store.Cache{a, b} {
		if err := c.Set("key", []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	value, ok, err := b.Get("key")
	if _, there, _ := a.Get("key"); there || !ok || err != nil || len(value) != 1 || value[0] != 1 {
		t.Errorf("a has a value: %v; b has %v, %v, %v", there, value, ok, err)
	}
}

// What a cache promises to keep is there after a kill, as it is on disk when Set returns.
func TestCacheIsDurable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if err := openCache(t, s, "a", store.CacheOptions{}).Set("key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	content := fileContent(t, dir) // as a kill at this moment would leave it
	s.Close()
	w := open(t, t.TempDir())
	w.Close()
	file := w.Dir() + "/state.db"
	writeFile(t, file, content)
	if value, ok, err := openCache(t, open(t, w.Dir()), "a", store.CacheOptions{}).Get("key"); !ok || string(value) != "value" {
		t.Errorf("got %q, %v, %v", value, ok, err)
	}
}

func TestCacheRefuses(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for _, kind := range []string{"", "a\x00b", strings.Repeat("x", 65)} {
		if _, err := s.Cache(kind, store.CacheOptions{}); err == nil {
			t.Errorf("a cache of type %q", kind)
		}
	}
	if _, err := s.Cache("a", store.CacheOptions{Limit: -1}); err == nil {
		t.Error("a cache of -1 values")
	}
	c := openCache(t, s, "a", store.CacheOptions{})
	if err := c.Set(strings.Repeat("k", 16<<10+1), nil); err == nil {
		t.Error("a key without end")
	}
	if err := c.Set("k", make([]byte, 16<<20+1)); err == nil {
		t.Error("a value without end")
	}
	if _, ok, err := c.Get("k"); ok || err != nil {
		t.Errorf("a refused value is there: %v", err)
	}
}

// Applications use a cache from many goroutines while the node commits.
func TestCacheIsShared(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	c := openCache(t, s, "a", store.CacheOptions{Limit: 10})
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 10 {
				key := fmt.Sprint(i)
				if err := c.Set(key, []byte(key)); err != nil {
					t.Error(err)
				}
				if value, ok, err := c.Get(fmt.Sprint((i + g) % 10)); err != nil || ok && string(value) != fmt.Sprint((i+g)%10) {
					t.Errorf("got %q, %v", value, err)
				}
			}
		})
	}
	w := newWorld()
	for k := range 20 {
		w.step(k)
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
	if c.Len() != 10 || text(load(t, s)) != text(w.node.State()) {
		t.Errorf("%d values", c.Len())
	}
}
