package store_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/store"
)

// A bucket on disk and one in memory do the same, whatever is put, deleted and committed
// in between, and the one on disk has it all after it is opened again.
func TestABucketOnDiskIsOneInMemory(t *testing.T) {
	dir := t.TempDir()
	count := 0
	rapid.Check(t, func(t *rapid.T) {
		count++
		path := filepath.Join(dir, fmt.Sprint(count))
		s, n := openNode(t, path)
		onDisk, other, inMemory := s.Bucket("notes"), s.Bucket("note"), new(memory.Bucket)
		if err := other.Put("a", []byte("another extension's")); err != nil {
			t.Fatal(err)
		}
		key := rapid.SampledFrom([]string{"a", "b", "b\x00", "c", "\xff", "long key"})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), []byte(rapid.String().Draw(t, "value"))
				if err := errors.Join(onDisk.Put(k, v), inMemory.Put(k, v)); err != nil {
					t.Fatal(err)
				}
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				onDisk.Delete(k)
				inMemory.Delete(k)
			},
			"commit": func(t *rapid.T) {
				if err := s.Commit(n); err != nil {
					t.Fatal(err)
				}
			},
			"reopen": func(t *rapid.T) {
				if err := errors.Join(s.Commit(n), s.Close()); err != nil {
					t.Fatal(err)
				}
				s, n = openNode(t, path)
				onDisk = s.Bucket("notes")
			},
			"": func(t *rapid.T) {
				from := key.Draw(t, "from")
				limit := rapid.IntRange(1, 5).Draw(t, "limit")
				if got, want := scan(onDisk, from, limit), scan(inMemory, from, limit); !maps.Equal(got, want) {
					t.Fatalf("from %q at most %d: %q, want %q", from, limit, got, want)
				}
				if got, want := onDisk.Space().Used, inMemory.Space().Used; got != want {
					t.Fatalf("%d bytes, want %d", got, want)
				}
				k := key.Draw(t, "key")
				if got, want := onDisk.Get(k), inMemory.Get(k); string(got) != string(want) || (got == nil) != (want == nil) {
					t.Fatalf("%q is %q, want %q", k, got, want)
				}
			},
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func scan(b host.Bucket, from string, limit int) map[string]string {
	found := make(map[string]string)
	last := ""
	b.Scan(from, func(key string, value []byte) bool {
		if key < last {
			panic("out of order")
		}
		last = key
		found[key] = string(value)
		return len(found) < limit
	})
	return found
}

// A bucket that is full takes nothing more, until something is deleted.
func TestABucketHasALimit(t *testing.T) {
	s, err := store.Open(t.TempDir(), store.Options{BucketLimit: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, b := range map[string]host.Bucket{"on disk": s.Bucket("notes"), "in memory": &memory.Bucket{Limit: 10}} {
		if err := errors.Join(b.Put("a", []byte("1234")), b.Put("b", []byte("123"))); err != nil {
			t.Fatal(err)
		}
		if err := b.Put("c", []byte("1")); !errors.Is(err, host.ErrFull) {
			t.Errorf("%s: one too much: %v", name, err)
		}
		if err := b.Put("a", []byte("123456")); !errors.Is(err, host.ErrFull) || string(b.Get("a")) != "1234" {
			t.Errorf("%s: a longer value: %v", name, err)
		}
		b.Delete("b")
		b.Delete("b")
		if err := b.Put("c", []byte("1234")); err != nil || b.Space() != (host.Space{Used: 10, Limit: 10}) {
			t.Errorf("%s: after a deletion: %v, %+v", name, err, b.Space())
		}
	}
}

// What was not committed is lost, and what was is there with the node's own state.
func TestABucketIsCommittedWithTheNode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, n := openNode(t, dir)
	b := s.Bucket("notes")
	if err := errors.Join(b.Put("a", []byte("1")), s.Commit(n), b.Put("b", []byte("2")), s.Close()); err != nil {
		t.Fatal(err)
	}
	s, _ = openNode(t, dir)
	defer s.Close()
	if got := scan(s.Bucket("notes"), "", 9); !maps.Equal(got, map[string]string{"a": "1"}) {
		t.Errorf("%q", got)
	}
	if err := b.Put("", nil); !errors.Is(err, host.ErrTooLong) {
		t.Errorf("an empty key: %v", err)
	}
}

// Blobs are there after a restart, drafts are not; space is given back; a blob that is
// damaged on disk is found, and replaced by a good one of the same key.
func TestBlobsOnDisk(t *testing.T) {
	dir := t.TempDir()
	b := openBlobs(t, dir)
	key := keep(t, b, "some bytes")
	keep(t, b, "some bytes")
	draft, err := b.Create(80)
	if err != nil || b.Space() != (host.Space{Used: 90, Limit: 100}) {
		t.Fatalf("%v, space %+v", err, b.Space())
	}
	if _, err := b.Create(11); !errors.Is(err, host.ErrFull) {
		t.Errorf("more than there is: %v", err)
	}
	draft.Discard()
	if err := draft.Commit(); err == nil || b.Space().Used != 10 {
		t.Errorf("after discard: %v, space %+v", err, b.Space())
	}
	if _, err := b.Create(50); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, key.String()[:2], key.String())
	if err := errors.Join(b.Close(), os.WriteFile(path, []byte("some bits!"), 0o600)); err != nil {
		t.Fatal(err)
	}
	b = openBlobs(t, dir)
	if blob, found := b.Stat(key); !found || blob.Size != 10 || b.Space().Used != 10 {
		t.Errorf("%+v, %t, space %+v", blob, found, b.Space())
	}
	if err := b.Verify(key); !errors.Is(err, host.ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}
	keep(t, b, "some bytes")
	if err := b.Verify(key); err != nil {
		t.Errorf("replaced: %v", err)
	}
	if err := errors.Join(b.Remove(key), b.Remove(key)); err != nil || b.Space().Used != 0 {
		t.Errorf("removed: %v, space %+v", err, b.Space())
	}
	if _, err := b.Open(key); !errors.Is(err, host.ErrNoBlob) {
		t.Errorf("after removal: %v", err)
	}
}

func openBlobs(t *testing.T, dir string) *store.Blobs {
	t.Helper()
	b, err := store.OpenBlobs(dir, 100)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func keep(t *testing.T, b host.Blobs, text string) host.Key {
	t.Helper()
	draft, err := b.Create(int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	key, _ := draft.Sum()
	if err := draft.Commit(); err != nil {
		t.Fatal(err)
	}
	return key
}

// openNode opens a directory for a new node, which has what was saved there.
func openNode(t rapid.TB, dir string) (*store.Store, *core.Node) {
	t.Helper()
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	saved, ok, err := s.Load()
	if err == nil && ok {
		err = w.node.Restore(saved)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, &w.node
}
