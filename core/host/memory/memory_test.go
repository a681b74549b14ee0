package memory_test

import (
	"errors"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/core/host/memory"
)

// A crash loses drafts, and drafts of before take no space after it.
func TestACrashLosesDrafts(t *testing.T) {
	b := &memory.Blobs{Limit: 100, Rate: 10, Seek: time.Second}
	kept, err := b.NewDraft(host.Key{1}, 30)
	if err != nil {
		t.Fatal(err)
	}
	lost, err := b.NewDraft(host.Key{2}, 40)
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Commit(); err != nil || b.Space() != (host.Space{Used: 70, Limit: 100}) {
		t.Errorf("%v, space %+v", err, b.Space())
	}
	if _, err := b.Create(31); !errors.Is(err, host.ErrFull) {
		t.Errorf("too much: %v", err)
	}
	b.Crash()
	lost.Discard()
	if err := lost.Commit(); err == nil || b.Space().Used != 30 {
		t.Errorf("after the crash: %v, space %+v", err, b.Space())
	}
	if price := b.Price(30); price != 4*time.Second {
		t.Errorf("30 bytes take %v", price)
	}
}

// A damaged blob goes on its way with its key, and comes as another.
func TestADamagedBlobIsNoticedByItsReceiver(t *testing.T) {
	from, to := new(memory.Blobs), new(memory.Blobs)
	key := host.Key{1}
	from.Place(key, 10)
	from.Damage(key)
	stream, err := from.Stream(key)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := to.Receive(stream)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := draft.Sum(); got == key {
		t.Error("it came whole")
	}
	if !errors.Is(from.Verify(key), host.ErrDamaged) {
		t.Error("it is not damaged")
	}
}

func TestBlobsAreListedInOrder(t *testing.T) {
	b := new(memory.Blobs)
	for _, first := range []byte{5, 1, 9, 3} {
		b.Place(host.Key{first}, 1)
	}
	var got []byte
	b.List(host.Key{1}, func(blob host.Blob) bool {
		got = append(got, blob.Key[0])
		if blob.Key[0] == 3 {
			_ = b.Remove(host.Key{5}) // while it lists
		}
		return true
	})
	if string(got) != string([]byte{3, 9}) {
		t.Errorf("listed %v", got)
	}
}
