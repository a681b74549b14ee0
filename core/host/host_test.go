package host_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// notes is a small store of texts by key: what the tests use of the seam.
type notes struct {
	h      *host.Host
	find   host.Ask[question, found]
	slow   host.Ask[question, found]
	first  host.Ask[question, found]
	report host.Ask[question, found]
	mine   host.Ask[question, found]
	put    host.Send[note, done]

	merges int // calls of Merge
	asked  int // local answers
	lie    string
	known  func(slave host.Peer) (*found, bool) // nil: nothing is known of slaves
	heard  []host.Change
	ticks  int
}

type (
	question struct{ Key string }
	note     struct{ Key, Text string }
	found    struct{ Texts []text }
	text     struct{ At, Text string } // At is the address of the node that has it
	done     struct{ OK bool }
)

var errKey = &host.Error{Code: "ERR_NOTES_KEY", Message: "a note needs a key"}

func (n *notes) Name() string { return "notes" }

func (n *notes) Start(h *host.Host) {
	n.h = h
	all := host.Query[question, found]{
		Name: "find", Who: host.Clients(), Check: checkKey, Local: n.local, Merge: n.merge, Valid: valid,
	}
	n.find = all.Offer(h)
	slow := all
	slow.Name, slow.Local = "slow", nil
	slow.Work = func(t *host.Task, q *question) (*found, error) {
		t.Offload(time.Second, func() {})
		return n.local(q)
	}
	n.slow = slow.Offer(h)
	first := all
	first.Name, first.Enough = "first", func(_ *question, a *found) bool { return len(a.Texts) > 0 }
	n.first = first.Offer(h)
	known := all
	known.Name, known.Known = "known", func(*question) func(slave host.Peer) (*found, bool) { return n.known }
	n.report = known.Offer(h)
	mine := all
	mine.Name, mine.Who = "mine", host.Members()
	n.mine = mine.Offer(h)
	n.put = host.Direct[note, done]{Name: "put", MaxStream: 1 << 20, Check: func(_ host.Peer, q *note, _ int64) error {
		return checkKey(&question{q.Key})
	}, Serve: n.serve}.Offer(h)
	h.OnMembers(func(_ *host.Task, c host.Change) { n.heard = append(n.heard, c) })
	h.Every("tick", time.Minute, func(*host.Task) { n.ticks++ })
}

func checkKey(q *question) error {
	if q.Key == "" {
		return errKey
	}
	return nil
}

func (n *notes) local(q *question) (*found, error) {
	n.asked++
	if n.lie != "" {
		return &found{[]text{{Text: n.lie}}}, nil
	}
	if value := n.h.Bucket().Get(q.Key); value != nil {
		return &found{[]text{{Text: string(value)}}}, nil
	}
	return nil, nil
}

// merge says who has what, sorted.
func (n *notes) merge(_ *question, answers []host.Given[found]) *found {
	n.merges++
	all := &found{}
	for _, a := range answers {
		for _, t := range a.Answer.Texts {
			if a.Leaf {
				t.At = n.h.Address(a.By)
			}
			all.Texts = append(all.Texts, t)
		}
	}
	slices.SortFunc(all.Texts, func(a, b text) int { return cmp.Compare(a.At, b.At) })
	return all
}

func valid(_ *question, a *found) error {
	for _, t := range a.Texts {
		if strings.HasPrefix(t.Text, "invalid") {
			return errors.New("an invalid text")
		}
	}
	return nil
}

func (n *notes) serve(t *host.Task, _ host.Peer, q *note, stream *host.Pending) (*done, error) {
	if stream != nil {
		if err := stream.Commit(t); err != nil {
			return nil, err
		}
	}
	return &done{true}, n.h.Bucket().Put(q.Key, []byte(q.Text))
}

// town is a settled network whose nodes have notes.
type town struct {
	*coretest.Network
	notes []*notes // by number of the node, from 1
}

func newTown(t *testing.T, nodes int) *town {
	t.Helper()
	w := newTownOf(t, nodes, core.Config{})
	if v := w.Violation(); v != "" { // of a network of one level
		t.Fatal(v)
	}
	return w
}

func newTownOf(t *testing.T, nodes int, c core.Config) *town {
	t.Helper()
	c.Bootstrap = []core.Peer{peer.FromID(1)}
	w := &town{Network: coretest.New(t, 25*time.Millisecond, 1), notes: make([]*notes, nodes+1)}
	w.Prepare = func(h *coretest.Host) {
		n := &notes{}
		w.notes[h.Number] = n
		h.Attach(n)
	}
	for range nodes {
		w.AddNode("", c).Start()
	}
	w.Run(160 * time.Second)
	return w
}

// write puts a note down at some nodes.
func (w *town) write(t *testing.T, key string, at ...uint32) {
	t.Helper()
	for _, i := range at {
		if err := w.notes[i].h.Bucket().Put(key, fmt.Append(nil, key, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// ask asks a query from node 5.
func (w *town) ask(q host.Ask[question, found], key string) (texts []string, c host.Coverage, err error) {
	w.Host(5).Do(func(t *core.Task) {
		var a *found
		if a, c, err = q(t, &question{key}); a != nil {
			for _, x := range a.Texts {
				texts = append(texts, x.At+" "+x.Text)
			}
		}
	})
	return texts, c, err
}

// A query reaches all nodes; the answer says who gave what, and how many were asked.
func TestAQueryFindsWhatAnyNodeHas(t *testing.T) {
	w := newTown(t, 9)
	w.write(t, "a", 4, 8)
	for name, q := range map[string]host.Ask[question, found]{"leaf": w.notes[5].find, "work": w.notes[5].slow, "members": w.notes[5].mine} {
		texts, c, err := w.ask(q, "a")
		want := []string{"10.0.0.4:4000 a4", "10.0.0.8:4000 a8"}
		if err != nil || !slices.Equal(texts, want) || c != (host.Coverage{Asked: 9, Answered: 9}) {
			t.Errorf("%s: %q, %+v, %v", name, texts, c, err)
		}
	}
	if texts, c, err := w.ask(w.notes[5].find, "b"); texts != nil || c.Answered != 9 || err != nil {
		t.Errorf("what no node has: %q, %+v, %v", texts, c, err)
	}
	w.Host(8).Up = false
	if texts, c, err := w.ask(w.notes[5].find, "a"); len(texts) != 1 || c != (host.Coverage{Asked: 9, Answered: 8}) || err != nil {
		t.Errorf("with node 8 down: %q, %+v, %v", texts, c, err)
	}
}

// So it does in networks of several levels, and of as many as they decide themselves.
func TestAQueryFindsWhatAnyNodeHasAtAnyNumberOfLevels(t *testing.T) {
	for _, levels := range []int{2, message.AutoLevels} {
		w := newTownOf(t, 9, core.Config{Levels: levels})
		w.write(t, "a", 4, 8)
		texts, c, err := w.ask(w.notes[5].find, "a")
		if err != nil || len(texts) != 2 || c != (host.Coverage{Asked: 9, Answered: 9}) {
			t.Errorf("%d levels: %q, %+v, %v", levels, texts, c, err)
		}
	}
}

func TestABadQuestionCostsNoWork(t *testing.T) {
	w := newTown(t, 9)
	if _, _, err := w.ask(w.notes[5].find, ""); !errors.Is(err, errKey) {
		t.Errorf("the node itself gets %v", err)
	}
	member := w.Host(7)
	for kind, level := range map[message.Kind]int{message.KindQueryButler: 1, message.KindQuerySlave: 0, message.KindDirect: 0} {
		var body any = &message.QueryRequest{Name: "notes.find", Level: level, Arg: &question{}}
		if kind == message.KindDirect {
			body = &message.DirectRequest{Name: "notes.put", Arg: &note{}}
		}
		resp := w.Ask(member, peer.FromID(1), message.Request{Kind: kind, Root: peer.FromID(1), Timeout: time.Second, Body: body})
		if !errors.Is(resp.Err, errKey) {
			t.Errorf("%s gets %v", kind, resp.Err)
		}
	}
	for i, n := range w.notes {
		if n != nil && n.asked > 0 {
			t.Errorf("node %d has worked", i)
		}
	}
}

// By default only nodes may ask.
func TestClientsAskOnlyWhatIsOpenToThem(t *testing.T) {
	w := newTown(t, 9)
	w.write(t, "a", 4)
	var answer *message.QueryAnswer
	var err error
	ask := func(name string) {
		w.Client(1).Client.Ask(peer.FromID(5), 0, &message.QueryRequest{Name: name, Arg: &question{"a"}},
			func(a *message.QueryAnswer, e error) { answer, err = a, e })
		w.Settle()
	}
	if ask("notes.find"); err != nil || len(answer.Result.(*found).Texts) != 1 {
		t.Errorf("an open query: %v, %v", answer, err)
	}
	if ask("notes.mine"); !message.IsRefusal(err, message.CodeNotAllowed) {
		t.Errorf("a query for members: %v", err)
	}
}

// The first good answer ends a query that needs no more, and the rest does not count as
// failures.
func TestAnEarlyAnswerIsEnough(t *testing.T) {
	w := newTown(t, 16)
	w.write(t, "a", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
	w.Host(16).Hung = true
	before := w.Now()
	texts, c, err := w.ask(w.notes[5].first, "a")
	if err != nil || len(texts) == 0 || w.Now()-before > 300*time.Millisecond {
		t.Errorf("%q after %v: %v", texts, w.Now()-before, err)
	}
	if c.Asked != 16 || c.Answered >= 16 {
		t.Errorf("coverage %+v", c)
	}
}

// A slave is not asked for what its master knows of it. It counts as one that has answered,
// and what is known is merged as if it had said so.
func TestWhatAMasterKnowsIsNotAsked(t *testing.T) {
	w := newTown(t, 16)
	w.write(t, "a", 3, 11)
	all, _, err := w.ask(w.notes[5].report, "a")
	if err != nil || len(all) != 2 {
		t.Fatalf("%q, %v", all, err)
	}
	var silent, told *coretest.Host // slaves of other masters than node 5
	for _, h := range w.Hosts() {
		s := h.Node.Structure()
		if len(s.Slaves) > 0 || h.Number == 5 || h.Number == 3 || h.Number == 11 {
			continue
		}
		silent, told = told, h
	}
	for _, h := range []*coretest.Host{silent, told} {
		master := w.HostOf(h.Node.Structure().Backlink)
		w.notes[master.Number].known = func(slave host.Peer) (*found, bool) {
			switch slave {
			case silent.Peer():
				return nil, true
			case told.Peer():
				return &found{[]text{{Text: "known"}}}, true
			}
			return nil, false
		}
	}
	before := len(w.Trace)
	texts, c, err := w.ask(w.notes[5].report, "a")
	if err != nil || c != (host.Coverage{Asked: 16, Answered: 16}) {
		t.Errorf("%+v, %v", c, err)
	}
	if want := w.Book.Text(told.Peer()) + " known"; len(texts) != 3 || !slices.Contains(texts, want) {
		t.Errorf("%q, want %q and %q", texts, all, want)
	}
	for _, r := range w.Trace[before:] {
		if r.To == silent.Peer() || r.To == told.Peer() {
			t.Errorf("%v was asked: %v", r.To, r.Kind)
		}
	}
}

// An invalid answer is left out, and counts against the node that gave it, not against
// the master that asked it.
func TestAnInvalidAnswerIsHeldAgainstItsGiver(t *testing.T) {
	w := newTown(t, 9)
	w.write(t, "a", 4, 8)
	var liar *coretest.Host
	for _, h := range w.Hosts() {
		if s := h.Node.Structure(); len(s.Slaves) == 0 && h.Number != 5 && h.Number != 4 && h.Number != 8 {
			liar = h
		}
	}
	w.notes[liar.Number].lie = "invalid"
	master := liar.Node.Structure().Backlink
	texts, c, err := w.ask(w.notes[5].find, "a")
	if err != nil || len(texts) != 2 || c != (host.Coverage{Asked: 9, Answered: 8}) {
		t.Errorf("%q, %+v, %v", texts, c, err)
	}
	for _, h := range w.Hosts() {
		for _, s := range h.Node.State().Scores {
			if s.Suspicion > 0 && (h.Peer() != master || s.Address != w.Book.Text(liar.Peer())) {
				t.Errorf("node %d suspects %s of %s", h.Number, s.Address, s.Action)
			}
		}
	}
	if len(w.HostOf(master).Node.State().Scores) == 0 {
		t.Error("the master of the liar does not suspect it")
	}
}

func TestADirectRequestWithAStream(t *testing.T) {
	w := newTown(t, 4)
	key := host.Key{1, 2, 3}
	w.Host(2).Disk().BlobsOf("notes").Place(key, 1000)
	send := func(damaged bool) (*done, error) {
		if damaged {
			w.Host(2).Disk().BlobsOf("notes").Damage(key)
		}
		stream, err := w.notes[2].h.Blobs().Stream(key)
		if err != nil {
			t.Fatal(err)
		}
		var a *done
		w.Host(2).Do(func(t *core.Task) { a, err = w.notes[2].put(t, peer.FromID(3), &note{"a", "text"}, stream) })
		return a, err
	}
	if a, err := send(false); err != nil || !a.OK || string(w.notes[3].h.Bucket().Get("a")) != "text" {
		t.Errorf("%v, %v", a, err)
	}
	there := w.Host(3).Disk().BlobsOf("notes")
	if blob, found := there.Stat(key); !found || blob.Size != 1000 || there.Space().Used != 1000 {
		t.Errorf("%+v, %t, space %+v", blob, found, there.Space())
	}
	there.Full = true
	if _, err := send(false); !message.IsRefusal(err, message.CodeFailed) {
		t.Errorf("at a full disk: %v", err)
	}
	there.Full = false
	if _, err := send(true); !message.IsRefusal(err, message.CodeFailed) || there.Space().Used != 1000 {
		t.Errorf("damaged: %v, space %+v", err, there.Space())
	}
	if c := w.notes[2].h.Directs()[0]; c.Asked != 3 || c.Failed != 2 {
		t.Errorf("the asker counts %+v", c)
	}
	if c := w.notes[3].h.Directs()[0]; c.Served != 1 || c.Refused != 2 || c.Received != 1000 {
		t.Errorf("the other counts %+v", c)
	}
}

// Spread writes until enough have acknowledged, goes on after refusals, and makes the rest
// in the background.
func TestSpreadGoesOnAfterRefusals(t *testing.T) {
	w := newTown(t, 9)
	var from []host.Choice
	for i := uint32(1); i <= 9; i++ {
		from = append(from, host.Choice{Peer: peer.FromID(i), Rank: float64(i)})
	}
	w.Host(1).Up, w.Host(2).Up = false, false
	n := w.notes[5]
	var first, last host.Copied
	var err error
	w.Host(5).Do(func(t *core.Task) {
		first, err = n.h.Spread(t, host.Spreading{
			Action: "put", From: from, Copies: 3, Acks: 1,
			Send: func(t *core.Task, to host.Peer) error {
				_, err := n.put(t, to, &note{"k", "x"}, nil)
				return err
			},
			Done: func(_ *core.Task, c host.Copied) { last = c },
		})
	})
	if err != nil || len(first.Holders) < 1 {
		t.Errorf("%+v, %v", first, err)
	}
	w.Run(time.Second)
	if len(last.Holders) != 3 || last.Refused != 2 {
		t.Errorf("in the end %+v", last)
	}
	if texts, _, _ := w.ask(n.find, "k"); len(texts) != 3 {
		t.Errorf("%q", texts)
	}
	w.Host(5).Do(func(t *core.Task) {
		_, err = n.h.Spread(t, host.Spreading{Action: "put", From: from[:2], Copies: 3, Send: func(t *core.Task, to host.Peer) error {
			_, err := n.put(t, to, &note{"l", "x"}, nil)
			return err
		}})
	})
	if !errors.Is(err, host.ErrFewCopies) {
		t.Errorf("without a live candidate: %v", err)
	}
}

// What a node has put into its bucket outlasts a crash.
func TestABucketOutlastsACrash(t *testing.T) {
	w := newTown(t, 4)
	w.write(t, "a", 3)
	h := w.Host(3)
	h.Crash(false)
	h.Boot(&h.Saved)
	w.Run(time.Minute)
	if texts, _, err := w.ask2(1, "a"); err != nil || !slices.Equal(texts, []string{"10.0.0.3:4000 a3"}) {
		t.Errorf("%q, %v", texts, err)
	}
}

func (w *town) ask2(from uint32, key string) (texts []string, c host.Coverage, err error) {
	w.Host(from).Do(func(t *core.Task) {
		var a *found
		if a, c, err = w.notes[from].find(t, &question{key}); a != nil {
			for _, x := range a.Texts {
				texts = append(texts, x.At+" "+x.Text)
			}
		}
	})
	return texts, c, err
}

// Every node hears of a node that has died, masters and slaves alike, and of no other.
func TestAllNodesHearOfADeath(t *testing.T) {
	w := newTown(t, 16)
	var dead *coretest.Host
	for _, h := range w.Hosts() {
		if len(h.Node.Structure().Slaves) == 0 {
			dead = h
		}
	}
	w.Run(2 * time.Minute)
	for _, n := range w.notes[1:] {
		n.heard = nil
	}
	dead.Up = false
	w.Run(2 * time.Minute)
	for i, n := range w.notes[1:] {
		if uint32(i+1) == dead.Number {
			continue
		}
		if len(n.heard) != 1 || !slices.Equal(n.heard[0].Left, []host.Peer{dead.Peer()}) || len(n.heard[0].Joined) > 0 || n.heard[0].Unknown {
			t.Errorf("node %d hears %+v, want that %d has left", i+1, n.heard, dead.Number)
		}
	}
}

func TestJobsRunAtTheirPace(t *testing.T) {
	w := newTown(t, 4)
	w.Run(10 * time.Minute)
	for _, n := range w.notes[1:] {
		if n.ticks < 11 || n.ticks > 13 {
			t.Errorf("%d runs in 12 minutes", n.ticks)
		}
	}
}
