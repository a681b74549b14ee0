package documents_test

import (
	"maps"
	"testing"
	"time"
)

// An extension that declares a collection can follow what the node keeps, and so have an
// index of its own: what is written, changed, deleted, and forgotten for newer documents.
func TestACollectionTellsWhatTheNodeKeeps(t *testing.T) {
	kept := make(map[string]string)
	o := things()
	o.Collections[0].Limit, o.Collections[0].Evict = 2, true
	o.Collections[0].Changed = func(key string, _ time.Duration, document []byte) {
		if kept[key] = string(document); document == nil {
			delete(kept, key)
		}
	}
	w := newTown(t, 1, o)
	expect := func(what string, want map[string]string) {
		t.Helper()
		if !maps.Equal(kept, want) {
			t.Errorf("%s: %v, want %v", what, kept, want)
		}
	}
	w.mustPut(1, `{"id":"a","n":1}`)
	w.mustPut(1, `{"id":"b"}`)
	expect("two documents", map[string]string{`"a"`: `{"id":"a","n":1}`, `"b"`: `{"id":"b"}`})
	w.mustPut(1, `{"id":"a","n":2}`)
	expect("one is written again", map[string]string{`"a"`: `{"id":"a","n":2}`, `"b"`: `{"id":"b"}`})
	w.mustPut(1, `{"id":"c"}`)
	expect("the oldest gives way", map[string]string{`"a"`: `{"id":"a","n":2}`, `"c"`: `{"id":"c"}`})
	if err := w.remove(1, "a"); err != nil {
		t.Fatal(err)
	}
	expect("one is deleted", map[string]string{`"c"`: `{"id":"c"}`})
}
