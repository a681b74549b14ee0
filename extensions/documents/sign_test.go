package documents_test

import (
	"crypto/ed25519"
	"math/rand/v2"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/documents/version"
)

// owned is a collection whose documents have owners.
func owned() documents.Options {
	return documents.Options{Collections: []documents.Collection{{
		Name: "things", Rights: documents.Rights{Add: documents.Owner, Update: documents.Owner, Delete: documents.Owner},
	}}}
}

// owner makes the writes of one owner.
type owner struct {
	key   ed25519.PrivateKey
	clock *version.Clock
}

func newOwner(seed byte) *owner {
	return &owner{ed25519.NewKeyFromSeed(append(make([]byte, 31), seed)), version.NewClock(rand.Uint64)}
}

func (o *owner) name(name string) string {
	return documents.OwnedKey(o.key.Public().(ed25519.PublicKey), name)
}

func (o *owner) put(now time.Duration, key, fields string) documents.Write {
	document, _ := documents.Canonical([]byte(`{"id": ` + key + fields + `}`))
	v := o.clock.Next(now, version.Version{})
	return documents.Write{Collection: "things", Document: document, Version: v, Signature: documents.Sign(o.key, "things", key, v, document)}
}

// No client and no node changes or deletes what belongs to another, and nothing that the
// owner has replaced comes back.
func TestADocumentBelongsToItsOwner(t *testing.T) {
	w := newTown(t, 9, owned())
	now := w.stores[1].Wall()
	mine, other := newOwner(1), newOwner(2)
	key := mine.name("a")
	write := func(at int, x documents.Write) (err error) {
		w.do(at, func(task *host.Task, s *documents.Store) {
			if x.Document == nil {
				_, err = s.Delete(task, x)
			} else {
				_, err = s.Put(task, x)
			}
		})
		w.Run(time.Second)
		return err
	}
	first := mine.put(now, key, `, "n": 1`)
	second := mine.put(now, key, `, "n": 2`)
	for _, x := range []documents.Write{first, second} {
		if err := write(3, x); err != nil {
			t.Fatal(err)
		}
	}
	forged := other.put(now, key, `, "n": 3`)
	changed := mine.put(now, key, `, "n": 4`)
	changed.Document = second.Document
	unsigned := mine.put(now, key, `, "n": 5`)
	unsigned.Signature = nil
	gone := documents.Write{Collection: "things", Key: key, Version: other.clock.Next(now, version.Version{})}
	gone.Signature = documents.Sign(other.key, "things", key, gone.Version, nil)
	far := mine.put(now+100*time.Hour, key, `, "n": 6`)
	nameless := mine.put(now, `"a"`, `, "n": 7`)
	for what, x := range map[string]documents.Write{
		"another's": forged, "a changed one": changed, "unsigned": unsigned, "an old one": first,
		"another's deletion": gone, "one of the future": far, "one without an owner": nameless,
	} {
		if err := write(5, x); err == nil {
			t.Errorf("%s is taken", what)
		} else {
			t.Logf("%s: %v", what, err)
		}
	}
	if f := w.stored(7, key); f.Version != second.Version || f.Copies != 3 {
		t.Errorf("%+v", f)
	}
	end := documents.Write{Collection: "things", Key: key, Version: newOwner(1).clock.Next(now+time.Second, version.Version{})}
	end.Signature = documents.Sign(mine.key, "things", key, end.Version, nil)
	if err := write(2, end); err != nil {
		t.Error(err)
	}
	if f := w.stored(7, key); f.Document != nil {
		t.Errorf("%s", f.Document)
	}
}

// A node that writes what is not signed finds no other that takes it, and readers leave out
// what it gives.
func TestALyingNodeForgesNoDocument(t *testing.T) {
	w := newTown(t, 9, owned())
	mine := newOwner(1)
	key := mine.name("a")
	w.do(1, func(task *host.Task, s *documents.Store) {
		if _, err := s.Put(task, mine.put(s.Wall(), key, `, "n": 1`)); err != nil {
			t.Fatal(err)
		}
	})
	w.Run(time.Second)
	w.options = things() // at the liar everything is open
	liar := w.Host(9)
	liar.Crash(false)
	liar.Boot(nil)
	w.Run(3 * time.Minute)
	w.do(9, func(task *host.Task, s *documents.Store) {
		_, err := s.Put(task, documents.Write{Collection: "things", Document: []byte(`{"id": ` + key + `, "n": 2}`)})
		t.Logf("the liar's write: %v", err)
		if err == nil {
			t.Error("the liar's write was acknowledged")
		}
	})
	for at := 1; at <= 8; at++ {
		if f := w.stored(at, key); string(f.Document) != `{"id":`+key+`,"n":1}` {
			t.Errorf("node %d reads %s", at, f.Document)
		}
	}
}
