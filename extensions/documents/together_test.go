package documents_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
)

// locates is how many questions by a few keys a node has asked.
func (w *town) locates(at int) uint64 {
	queries := w.hosts[at].Queries()
	i := slices.IndexFunc(queries, func(q *host.Traffic) bool { return q.Name == "locate" })
	return queries[i].Asked
}

// Writes that come to one node at once share their questions: four go out with a key each,
// and one with all other keys. Each write gets its own answer: its arbiter, its condition.
func TestWritesAtOneNodeAskTogether(t *testing.T) {
	const writes = 40
	w := newTown(t, 9, things())
	w.mustPut(2, `{"id": 7}`)
	before := w.locates(1)
	errs := make([]error, writes)
	w.do(1, func(t *host.Task, s *documents.Store) {
		for i := range writes {
			t.Fork(func(t *host.Task) {
				write := documents.Write{Collection: "things", Document: fmt.Appendf(nil, `{"id": %d, "at": 1}`, i), IfAbsent: true}
				_, errs[i] = s.Put(t, write)
			})
		}
	})
	w.Run(10 * time.Second)
	if asked := w.locates(1) - before; asked != 5 {
		t.Errorf("%d questions, want 5", asked)
	}
	for i, err := range errs {
		if i == 7 {
			expectError(t, "a document that was there", err, documents.ErrExists)
			w.expect(3, i, `{"id":7}`)
			continue
		}
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		w.expect(3, i, fmt.Sprintf(`{"at":1,"id":%d}`, i))
		if holders := w.holders(i); len(holders) != 3 {
			t.Errorf("%d is at %v", i, holders)
		}
	}
}
