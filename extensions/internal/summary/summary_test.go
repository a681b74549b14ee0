package summary

import (
	"errors"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/peer"
)

// keeper is an extension that has keys and tells how many.
type keeper struct {
	h       *host.Host
	keys    []host.Key
	reports *Reports[int]
}

func (*keeper) Name() string { return "keeper" }

func (k *keeper) Start(h *host.Host) {
	k.h = h
	k.reports = Offer(h, Options[int]{
		Rate: 1e-6, Fresh: 30 * time.Second,
		Count: func() int { return len(k.keys) },
		Keys: func(add func(host.Key)) {
			for _, key := range k.keys {
				add(key)
			}
		},
		Tell: func() int { return len(k.keys) },
		Check: func(told *int) error {
			if *told < 0 {
				return errors.New("fewer than none")
			}
			return nil
		},
	})
	h.OnStart(func(*host.Task) { k.reports.Renew() })
	h.Node().OnSync(func(*host.Task) { k.reports.Prune() })
}

// add is a new key of a keeper.
func (k *keeper) add(key host.Key) {
	k.keys = append(k.keys, key)
	k.reports.Add(key)
}

type town struct {
	*coretest.Network
	t       *testing.T
	keepers map[uint32]*keeper
	slave   *coretest.Host // one that is no master
}

func newTown(t *testing.T) *town {
	w := &town{Network: coretest.New(t, 5*time.Millisecond, 1), t: t, keepers: make(map[uint32]*keeper)}
	w.Prepare = func(h *coretest.Host) {
		w.keepers[h.Number] = &keeper{}
		h.Attach(w.keepers[h.Number])
	}
	for range 9 {
		w.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	w.Run(160 * time.Second)
	for _, h := range w.Hosts() {
		if len(h.Node.Structure().Slaves) == 0 {
			w.slave = h
		}
	}
	return w
}

// here is the keeper of the slave.
func (w *town) here() *keeper { return w.keepers[w.slave.Number] }

func (w *town) master() *coretest.Host { return w.HostOf(w.slave.Node.Structure().Backlink) }

// seen is what the master has of the slave; nil for nothing.
func (w *town) seen() *Report[int] {
	return w.keepers[w.master().Number].reports.Of(w.Book.Text(w.slave.Peer()))
}

// report reports, and expects that the master takes it or not.
func (w *town) report(taken bool) {
	w.t.Helper()
	w.slave.Do(func(t *core.Task) {
		if got := w.here().reports.Report(t); got != taken {
			w.t.Errorf("the master has taken the report: %v, want %v", got, taken)
		}
	})
}

// expect fails unless the master knows keys of the slave, and others not.
func (w *town) expect(known, unknown []host.Key) {
	w.t.Helper()
	r := w.seen()
	if r == nil {
		w.t.Fatal("the master has no report")
	}
	for _, key := range known {
		if !r.May(key) {
			w.t.Errorf("the master does not know %v", key)
		}
	}
	for _, key := range unknown {
		if r.May(key) {
			w.t.Errorf("the master takes it for possible that there is %v", key)
		}
	}
}

func keys(from, to int) (list []host.Key) {
	for i := from; i < to; i++ {
		list = append(list, host.Key{byte(i), byte(i >> 8), 1, 7, 9, byte(i * 31), 3, 0, byte(i * 17), byte(i >> 3)})
	}
	return list
}

// A master has all keys of a slave after a report: when the first comes, when some have come
// since, when more have come than the filter was made for, and when it has started anew.
func TestAMasterKnowsTheKeysOfItsSlaves(t *testing.T) {
	w := newTown(t)
	list := keys(0, 700)
	w.report(true)
	w.expect(nil, list[:100])
	for _, step := range []int{1, 3, 600} {
		for _, key := range list[len(w.here().keys):][:step] {
			w.here().add(key)
		}
		if w.here().reports.Settled() {
			t.Error("the master is thought to know what it was not told")
		}
		w.slave.Do(func(t *core.Task) { w.here().reports.Settle(t) })
		n := len(w.here().keys)
		w.expect(list[:n], list[n:])
		if told := w.seen().Told; told != n || !w.here().reports.Settled() {
			t.Errorf("the master was told %d, want %d", told, n)
		}
	}
	w.master().Crash(false)
	w.report(false)
	w.master().Boot(&w.master().Saved)
	w.Run(5 * time.Second)
	w.report(true)
	w.expect(w.here().keys, list[604:])
}

// A report is sure as of the answer that its sender had heard before: so it is not after the
// first, and not after the first of another life of the slave.
func TestAReportIsSureAsOfTheAnswerBefore(t *testing.T) {
	w := newTown(t)
	w.report(true)
	first := w.Now()
	if r := w.seen(); r.Sure != 0 || r.Fresh(w.Now(), time.Hour) {
		t.Errorf("the first report is sure as of %v", r.Sure)
	}
	w.Run(10 * time.Second)
	w.report(true)
	if r := w.seen(); r.Sure <= 0 || r.Sure > first || !r.Fresh(w.Now(), 11*time.Second) || r.Fresh(w.Now(), 9*time.Second) {
		t.Errorf("the second report is sure as of %v, the first was answered by %v", r.Sure, first)
	}
	w.slave.Crash(false)
	w.slave.Boot(&w.slave.Saved)
	w.Run(5 * time.Second)
	w.report(true)
	if r := w.seen(); r.Sure != 0 {
		t.Errorf("the first report of a new life is sure as of %v", r.Sure)
	}
}

// A report that was long under way does not undo a later one.
func TestALateReportIsRefused(t *testing.T) {
	w := newTown(t)
	late := w.here().reports.question("", true)
	key := keys(1, 2)
	w.here().add(key[0])
	w.report(true)
	if _, err := w.keepers[w.master().Number].reports.serve(nil, w.slave.Peer(), late, nil); !errors.Is(err, errLate) {
		t.Errorf("a late report: %v", err)
	}
	w.expect(key, nil)
}

// Only slaves report, and no more than is bounded.
func TestBadReportsAreRefused(t *testing.T) {
	w := newTown(t)
	master := w.keepers[w.master().Number].reports
	for name, test := range map[string]struct {
		from host.Peer
		q    question[int]
	}{
		"a stranger":      {peer.FromID(77), question[int]{}},
		"a long filter":   {w.slave.Peer(), question[int]{Filter: make([]byte, longest+17)}},
		"many keys":       {w.slave.Peer(), question[int]{Keys: keys(0, mostKeys+1)}},
		"what is no tale": {w.slave.Peer(), question[int]{Told: -1}},
	} {
		if err := master.check(test.from, &test.q, 0); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := master.serve(nil, w.slave.Peer(), &question[int]{Life: 1, Serial: 1, Filter: []byte{1, 2}}, nil); err == nil {
		t.Error("a filter that is none is taken")
	}
}

// A slave that has another master knows which others may rely on what it has reported, and
// they do no more once they have heard.
func TestAFormerMasterIsToldToRelyOnNothing(t *testing.T) {
	w := newTown(t)
	w.report(true)
	former := w.keepers[w.master().Number].reports
	address := w.Book.Text(w.slave.Peer())
	here := w.here().reports
	if list := here.RelyOn(); len(list) != 0 {
		t.Errorf("%v rely on reports beside the master", list)
	}
	name := here.own.master
	here.own.relying = map[string]time.Duration{"10.0.0.77:4000": w.Now() - 29*time.Second, "10.0.0.78:4000": w.Now() - 31*time.Second}
	if list := here.RelyOn(); len(list) != 1 || list[0] != "10.0.0.77:4000" {
		t.Errorf("%v rely on reports", list)
	}
	here.own.relying = map[string]time.Duration{name: w.Now()}
	w.master().Node.Leave()
	for range 60 {
		if w.Run(time.Second); w.slave.Node.Structure().Backlink != former.h.Self() && !w.slave.Node.Structure().Backlink.IsZero() {
			break
		}
	}
	here.own.relying[name] = w.Now()
	if list := here.RelyOn(); len(list) != 1 || list[0] != name {
		t.Fatalf("%v rely on reports, want %s", list, name)
	}
	former.slaves[address] = &Report[int]{}
	w.slave.Do(func(t *core.Task) { here.Withdraw(t) })
	if len(here.RelyOn()) != 0 || former.Of(address) != nil {
		t.Errorf("%v rely on reports still", here.RelyOn())
	}
}
