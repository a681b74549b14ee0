package documents_test

import (
	"errors"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/peer"
	"spreadable/extensions/documents"
)

// town is a settled network whose nodes have a document store, by number from 1.
type town struct {
	*coretest.Network
	t       *testing.T
	options documents.Options
	stores  []*documents.Store
	hosts   []*host.Host
}

// things is a collection that is open to all.
func things() documents.Options {
	return documents.Options{Collections: []documents.Collection{{
		Name: "things", Rights: documents.Rights{Update: documents.Open, Delete: documents.Open},
	}}}
}

func newTown(t *testing.T, nodes int, o documents.Options, others ...func(at int) host.Extension) *town {
	t.Helper()
	w := &town{Network: coretest.New(t, 5*time.Millisecond, 1), t: t, options: o, stores: make([]*documents.Store, nodes+1)}
	w.hosts = make([]*host.Host, nodes+1)
	w.Prepare = func(h *coretest.Host) {
		s, err := documents.New(w.options)
		if err != nil {
			t.Fatal(err)
		}
		w.stores[h.Number] = s
		list := []host.Extension{s}
		for _, other := range others {
			list = append(list, other(int(h.Number)))
		}
		w.hosts[h.Number] = h.Attach(list...)[0]
	}
	for range nodes {
		w.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	w.Run(160 * time.Second)
	return w
}

// do runs a procedure at a node.
func (w *town) do(at int, procedure func(t *host.Task, s *documents.Store)) {
	w.t.Helper()
	w.Host(uint32(at)).Do(func(t *core.Task) { procedure(t, w.stores[at]) })
}

func (w *town) put(at int, document string, options ...func(*documents.Write)) (result documents.Written, err error) {
	w.t.Helper()
	write := documents.Write{Collection: "things", Document: []byte(document)}
	for _, o := range options {
		o(&write)
	}
	w.do(at, func(t *host.Task, s *documents.Store) { result, err = s.Put(t, write) })
	return result, err
}

func ifAbsent(w *documents.Write) { w.IfAbsent = true }

// mustPut writes a document and lets all its copies be made.
func (w *town) mustPut(at int, document string) documents.Written {
	w.t.Helper()
	result, err := w.put(at, document)
	if err != nil {
		w.t.Fatalf("%s: %v", document, err)
	}
	w.Run(time.Second)
	return result
}

func (w *town) get(at int, key any) (result documents.Found) {
	w.t.Helper()
	var err error
	w.do(at, func(t *host.Task, s *documents.Store) { result, err = s.Get(t, "things", documents.Key(key)) })
	if err != nil {
		w.t.Fatalf("get %v: %v", key, err)
	}
	return result
}

func (w *town) remove(at int, key any) (err error) {
	w.t.Helper()
	w.do(at, func(t *host.Task, s *documents.Store) {
		_, err = s.Delete(t, documents.Write{Collection: "things", Key: documents.Key(key)})
	})
	return err
}

// holders are the nodes that keep a document, those included that are down.
func (w *town) holders(key any) (list []int) {
	for i, s := range w.stores {
		if s == nil {
			continue
		}
		if _, has := s.Has("things", documents.Key(key)); has {
			list = append(list, i)
		}
	}
	return list
}

// expect fails unless a node reads this text; "" is no document.
func (w *town) expect(at int, key any, text string) {
	w.t.Helper()
	if f := w.get(at, key); string(f.Document) != text {
		w.t.Errorf("node %d reads %v as %q, want %q", at, key, f.Document, text)
	}
}

func expectError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
