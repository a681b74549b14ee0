package documents_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
)

// After a partition has healed, a document has the copies of both sides. Those that are
// more than wanted are given up, and no document is lost.
func TestCopiesThatAreMoreThanWantedAreGivenUp(t *testing.T) {
	o := things()
	o.RepairPause, o.RepairEvery = 10*time.Second, 5*time.Minute
	w := newTown(t, 12, o)
	const count = 60
	for i := range count {
		w.mustPut(1+i%12, fmt.Sprintf(`{"id": %d}`, i))
	}
	w.Cut(7)
	w.Run(15 * time.Minute)
	most, copies := 0, 0
	for i := range count {
		n := len(w.holders(i))
		most, copies = max(most, n), copies+n
	}
	if most < 5 {
		t.Fatalf("the sides have made at most %d copies of a document", most)
	}
	w.Heal()
	w.Run(30 * time.Minute)
	for i := range count {
		if got := w.holders(i); len(got) != 3 {
			t.Errorf("document %d has copies at nodes %v", i, got)
		}
		w.expect(1+i%12, i, fmt.Sprintf(`{"id":%d}`, i))
	}
	t.Logf("%d copies at the end of the partition, up to %d of a document; %d wanted", copies, most, 3*count)
}

// Giving up keeps to the rate of repair.
func TestGivingUpKeepsToTheRateOfRepair(t *testing.T) {
	o := things()
	o.RepairPause, o.RepairEvery, o.RepairRate = 10*time.Second, 5*time.Minute, 1000
	w := newTown(t, 4, o)
	const more = 400
	for i := range more { // four copies of each document
		document := []byte(fmt.Sprintf(`{"id":%d,"text":"%0900d"}`, i, 0))
		for _, s := range w.stores[1:] {
			if err := s.Place("things", document); err != nil {
				t.Fatal(err)
			}
		}
	}
	surplus := func() (count int) {
		for i := range more {
			count += len(w.holders(i)) - 3
		}
		return count
	}
	last, most := surplus(), 0
	if last != more {
		t.Fatalf("%d copies too many at the beginning, want %d", last, more)
	}
	for range 60 {
		w.Run(10 * time.Second)
		most, last = max(most, last-surplus()), surplus()
	}
	if last > 0 {
		t.Errorf("%d copies too many are left", last)
	}
	if all := 4 * 11; most > all || most < 5 {
		t.Errorf("%d copies of a kilobyte are given up in ten seconds by four nodes, want at most %d", most, all)
	}
	t.Logf("at most %d in ten seconds", most)
}

// A node gives up its copy only if those that should have it say so themselves: others may
// lie about them.
func TestNoCopyIsGivenUpOnTheWordOfOthers(t *testing.T) {
	w := newTown(t, 9, things())
	w.mustPut(1, `{"id": "a"}`)
	w.Run(time.Second)
	holders := w.holders("a")
	address := func(at int) string { return w.hosts[at].Address(w.hosts[at].Self()) }
	other := slices.IndexFunc(w.stores, func(s *documents.Store) bool { return s != nil && s.Count("things") == 0 })
	last := holders[len(holders)-1]
	giveUp := func(keepers ...int) {
		var list []string
		for _, at := range keepers {
			list = append(list, address(at))
		}
		w.do(last, func(t *host.Task, s *documents.Store) { s.GiveUp(t, "things", documents.Key("a"), list) })
	}
	giveUp(holders[0], other)
	if got := w.holders("a"); !slices.Equal(got, holders) {
		t.Fatalf("a copy is given up for one that is not there: %v of %v are left", got, holders)
	}
	w.Host(uint32(holders[1])).Hung = true
	giveUp(holders[0], holders[1])
	w.Host(uint32(holders[1])).Revive()
	if got := w.holders("a"); !slices.Equal(got, holders) {
		t.Fatalf("a copy is given up for one of a node that does not answer: %v of %v are left", got, holders)
	}
	giveUp(holders[0], holders[1])
	if got := w.holders("a"); !slices.Equal(got, holders[:2]) {
		t.Errorf("a copy that two others confirm is not given up: %v of %v are left", got, holders)
	}
}
