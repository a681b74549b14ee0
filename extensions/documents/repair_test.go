package documents_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/extensions/documents"
)

// direct makes all nodes react in a way to a request of the store to one node.
func (w *town) direct(name string, reaction coretest.Reaction) {
	for at := 1; at < len(w.stores); at++ {
		w.Host(uint32(at)).Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if d, ok := req.Body.(*message.DirectRequest); ok && d.Name == name {
				return message.Response{Err: errors.New("not now")}, reaction
			}
			return message.Response{}, coretest.Pass
		})
	}
}

// What a repair could not do is done later, though no node comes or goes.
func TestARepairThatFailsIsTriedAgain(t *testing.T) {
	for name, reaction := range map[string]coretest.Reaction{"refused": coretest.Answer, "unanswered": coretest.Ignore} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, 9, things())
			const count = 12
			for i := range count {
				w.mustPut(1, fmt.Sprintf(`{"id": %d}`, i))
			}
			short := func() (keys []int) {
				for i := range count {
					if len(slices.DeleteFunc(w.holders(i), func(at int) bool { return !w.Host(uint32(at)).Up })) < 3 {
						keys = append(keys, i)
					}
				}
				return keys
			}
			w.direct("documents.keep", reaction)
			w.Host(uint32(w.holders(0)[0])).Crash(false)
			w.Run(20 * time.Minute)
			if len(short()) == 0 {
				t.Fatal("the copies were made all the same")
			}
			w.direct("documents.keep", coretest.Pass)
			w.Run(20 * time.Minute)
			if list := short(); len(list) > 0 {
				t.Errorf("documents %v have too few copies", list)
			}
		})
	}
}

// A document that is there, and that no holder gives, is no document that is not there.
func TestADocumentThatCannotBeReadIsToBeAskedForAgain(t *testing.T) {
	w := newTown(t, 9, things())
	w.mustPut(1, `{"id": 1}`)
	outside := slices.IndexFunc(w.stores, func(s *documents.Store) bool { return s != nil && s.Count("things") == 0 })
	keys := []string{"1", "2"}
	many := func() (list []documents.Found, rest []string) {
		w.do(outside, func(task *host.Task, s *documents.Store) {
			var err error
			if list, rest, _, err = s.GetMany(task, "things", keys); err != nil {
				t.Error(err)
			}
		})
		return list, rest
	}
	w.direct("documents.fetch", coretest.Ignore)
	if list, rest := many(); len(list) != 0 || !slices.Equal(rest, keys[:1]) {
		t.Errorf("%d documents, the rest is %q", len(list), rest)
	}
	w.direct("documents.fetch", coretest.Pass)
	if list, rest := many(); len(list) != 1 || len(rest) != 0 {
		t.Errorf("%d documents, the rest is %q", len(list), rest)
	}
}
