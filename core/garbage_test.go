package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What becomes of a peer that answers garbage (the responseSchema action of the
// protocol).

// garbage are answers that no kind of request calls for, and such as only some do.
func garbage() map[string]any {
	return map[string]any{
		"a text":                     "<html>",
		"a value, no pointer":        message.Structure{Masters: message.NewMasters(nil)},
		"a structure of no masters":  &message.Structure{},
		"a structure that is nil":    (*message.Structure)(nil),
		"masters below zero":         &message.Structure{Masters: &message.Masters{Total: -1}},
		"slaves below zero":          &message.Registered{Size: -1},
		"a network below zero":       &message.Status{NetworkSize: -1},
		"a sync below zero":          &message.Status{SyncAverage: -1},
		"a provision below zero":     &message.Provision{NetworkSize: -1},
		"a lifetime below zero":      &message.Provision{Lifetime: -1},
		"a place below zero":         &message.Provision{Results: []message.Place{{NetworkSize: -1}}},
		"a coverage below zero":      &message.QueryAnswer{Coverage: message.Coverage{Answered: -1}},
		"nodes asked below zero":     &message.QueryAnswer{Coverage: message.Coverage{Asked: -1}},
		"hops below zero":            &message.QueryAnswer{Cost: message.Cost{Hops: -1}},
		"a fanout below zero":        &message.QueryAnswer{Cost: message.Cost{Fanout: -1}},
		"a key of no client":         &message.ApprovalKey{},
		"the request sent back":      &message.ApprovalInfoRequest{},
		"another request's question": &message.RegisterRequest{},
	}
}

// A body that does not belong to the kind of request is an error before any procedure
// sees it.
func TestGarbageIsAnErrorForEachKind(t *testing.T) {
	for name, body := range garbage() {
		for kind := range message.NumKinds {
			n, h, peers := asker(t, 0)
			n.HostOf(peers[0]).Actor = coretest.Answers{kind: {Body: body}}
			var got message.Response
			h.Node.Go(func(t *core.Task) {
				got = t.Call(peers[0], message.Request{Kind: kind, Timeout: time.Second})
			})
			n.Run(2 * time.Second)
			if got.Err != message.ErrMalformed || got.Body != nil {
				t.Errorf("%s as an answer to %s gives %v, %v", name, kind, got.Body, got.Err)
			}
			if s := suspicion(h, behavior.ResponseSchema); s != 1 {
				t.Errorf("%s as an answer to %s makes a suspicion of %g, want 1", name, kind, s)
			}
		}
	}
}

// suspicion is the sum of what a node holds against others for an action.
func suspicion(h *coretest.Host, a behavior.Action) (sum float64) {
	for _, s := range h.Node.State().Scores {
		if s.Action == a.String() {
			sum += s.Suspicion
		}
	}
	return sum
}

// garbled is a settled node that has a slave which answers each request for its structure
// by what reply gives, and counts them.
func garbled(t *testing.T, rules *[behavior.NumActions]behavior.Rule, reply func(count int) message.Response) (master *coretest.Host, slave core.Peer, count *int) {
	t.Helper()
	n := coretest.New(t, oneWay, 1)
	master = n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Behavior: rules})
	count = new(int)
	liar := n.Play("", coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch req.Kind {
		case message.KindStructure:
			*count++
			return reply(*count), coretest.Answer
		case message.KindInterview:
			return message.Response{Body: &message.Interview{}}, coretest.Answer
		}
		return message.Refuse(message.CodeMasterFull), coretest.Answer
	}))
	master.Start()
	n.Run(20 * time.Second)
	if resp := n.Ask(liar, master.Peer(), registration(master, liar.Peer())); resp.Err != nil {
		t.Fatal(resp.Err)
	}
	return master, liar.Peer(), count
}

// registration is the request of a newcomer to be listed.
func registration(master *coretest.Host, newcomer core.Peer) message.Request {
	return message.Request{
		Kind: message.KindRegister, Root: master.Peer(), Timeout: time.Second, Body: &message.RegisterRequest{Target: newcomer},
	}
}

var noStructure = message.Response{Body: "nonsense"}

// A peer that answers garbage loses its place after MaxFails answers. When it goes on, as
// a newcomer that must show its structure, it is banned for 18 days: at the first sync at
// which its suspicion is above 30, which takes 13 answers, and its score older than two
// lifetimes of the sync.
func TestGarbageIsBanned(t *testing.T) {
	for _, test := range []struct {
		name  string
		delay time.Duration
		after int // answers
	}{
		{"by the thirteenth answer", time.Second, 13},
		// A lifetime is MaxFails times two syncs. Once it has lost its place the peer is
		// asked twice in each: as a newcomer, and because it is suspected.
		{"after two lifetimes", behavior.Auto, 10 + 2*(2*20-10) + 3},
	} {
		rules := behavior.Rules()
		rules[behavior.ResponseSchema].BanDelay = test.delay
		master, slave, count := garbled(t, &rules, func(int) message.Response { return noStructure })
		net, begin := master.Network(), master.Network().Now()
		for master.Node.Bans().Len() == 0 && net.Now() < begin+time.Hour {
			net.Run(core.DefaultSyncInterval)
			listed := slices.Contains(master.Node.Structure().Slaves, slave)
			if want := *count < core.DefaultMaxFails; listed != want {
				t.Fatalf("%s: listed after %d answers: %v", test.name, *count, listed)
			}
			net.Ask(net.HostOf(slave), master.Peer(), registration(master, slave))
		}
		ban, _ := master.Node.Bans().Get(slave)
		if ban.Reason != "responseSchema" || ban.Until-ban.Since != 18*24*time.Hour {
			t.Errorf("%s: the ban is %+v", test.name, ban)
		}
		if *count != test.after {
			t.Errorf("%s: banned after %d answers, want %d", test.name, *count, test.after)
		}
	}
}

// A peer that has lost its place for garbage is asked on, once in each sync, until it is
// banned, after two lifetimes; one that answers well is not, and is forgotten.
func TestWhoHasAnsweredGarbageIsAskedOn(t *testing.T) {
	for name, good := range map[string]int{"garbage for ever": 1 << 20, "a good answer after the twelfth": 12} {
		master, slave, count := garbled(t, nil, func(count int) message.Response {
			if count > good {
				return message.Response{Body: &message.Structure{Masters: message.NewMasters(nil)}}
			}
			return noStructure
		})
		net := master.Network()
		for round := 1; suspicion(master, behavior.ResponseSchema) > 0 || round == 1; round++ {
			before := *count
			net.Run(core.DefaultSyncInterval)
			asked := *count - before
			if round == 1 {
				asked-- // as a newcomer
			}
			if banned := master.Node.Bans().Len() > 0; asked != 1 && !banned && *count <= good || round > 1000 {
				t.Fatalf("%s: %d answers in round %d", name, asked, round)
			}
		}
		_, banned := master.Node.Bans().Get(slave)
		if want := good > 12; banned != want {
			t.Errorf("%s: banned is %t after %d answers", name, banned, *count)
		}
		before := *count
		if net.Run(time.Hour); *count != before {
			t.Errorf("%s: asked %d times after the end", name, *count-before)
		}
	}
}

// Of more suspects than are asked in a sync those come first that have waited longest, so
// each of nine is asked once in three syncs.
func TestSuspectsTakeTurns(t *testing.T) {
	n := coretest.New(t, oneWay, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
	asked, liars := map[core.Peer]int{}, []core.Peer{}
	for range 9 {
		var liar *coretest.Host
		liar = n.Play("", coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			asked[liar.Peer()]++
			return noStructure, coretest.Answer
		}))
		liars = append(liars, liar.Peer())
	}
	h.Start()
	n.Run(core.DefaultSyncInterval)
	bootstrap := h.Config().Bootstrap
	h.Config().Bootstrap = append(slices.Clone(bootstrap), liars...) // strangers are not scored
	h.Node.Go(func(t *core.Task) {
		t.Gather(liars, message.Request{Kind: message.KindStructure, Timeout: time.Second})
	})
	n.Run(time.Second)
	h.Config().Bootstrap = bootstrap
	clear(asked)
	n.Run(9 * core.DefaultSyncInterval)
	all := 0
	for _, p := range liars {
		all += asked[p]
		if asked[p] < 3 {
			t.Errorf("%v was asked %d times in nine syncs", p, asked[p])
		}
	}
	if all != 9*4 {
		t.Errorf("nine were asked %d times in nine syncs, want four in each", all)
	}
}

// Good answers take garbage back slowly; a ping does not, which has no body that could be
// wrong.
func TestGoodAnswersTakeGarbageBack(t *testing.T) {
	n, h, peers := asker(t, 0)
	garbled := true
	n.HostOf(peers[0]).Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch {
		case req.Kind == message.KindPing:
			return message.Response{}, coretest.Answer
		case garbled:
			return noStructure, coretest.Answer
		}
		return message.Response{Body: &message.Structure{Masters: message.NewMasters(nil)}}, coretest.Answer
	})
	ask := func(kind message.Kind) float64 {
		h.Node.Go(func(t *core.Task) { t.Call(peers[0], message.Request{Kind: kind, Timeout: time.Second}) })
		n.Run(time.Second)
		return suspicion(h, behavior.ResponseSchema)
	}
	ask(message.KindStructure)
	if s := ask(message.KindStructure); s != 2 {
		t.Fatalf("two garbage answers make a suspicion of %g, want 2", s)
	}
	if s := ask(message.KindPing); s != 2 {
		t.Errorf("a ping makes the suspicion %g, want 2", s)
	}
	garbled = false
	for range 71 {
		ask(message.KindStructure)
	}
	if s := ask(message.KindStructure); s != 0 {
		t.Errorf("72 good answers leave a suspicion of %g", s)
	}
}

// A peer that is not there, refuses or denies answers no garbage.
func TestFailuresAreNoGarbage(t *testing.T) {
	for _, err := range []error{
		message.ErrTimeout, message.ErrUnreachable, message.ErrDenied, message.ErrWrongRoot, message.ErrUnusable,
		message.Refusal(message.CodeMasterFull, ""), &message.Error{Code: "SOMETHING_NEW"}, errors.New("out of memory"),
	} {
		n, h, peers := asker(t, 0)
		n.HostOf(peers[0]).Actor = coretest.Answers{message.KindStructure: {Err: err}}
		h.Node.Go(func(t *core.Task) {
			t.Call(peers[0], message.Request{Kind: message.KindStructure, Timeout: time.Second})
		})
		n.Run(2 * time.Second)
		if s := suspicion(h, behavior.ResponseSchema); s != 0 {
			t.Errorf("%v makes a suspicion of %g", err, s)
		}
	}
}

// An answer that comes late, after enough others, is looked at too: it is not counted as
// good, and its sender is blamed.
func TestGarbageIsNotEnough(t *testing.T) {
	n, h, peers := asker(t, 0, 100*time.Millisecond, 200*time.Millisecond)
	good := message.Response{Body: &message.Registered{Size: 1}}
	for i, resp := range []message.Response{noStructure, good, noStructure} {
		n.HostOf(peers[i]).Actor = coretest.Answers{message.KindRegister: resp}
	}
	var first []string
	h.Node.Go(func(t *core.Task) {
		first = errs(t.GatherSome(peers, message.Request{Kind: message.KindRegister, Timeout: time.Second}, 1))
	})
	n.Run(2 * time.Second)
	want := []string{message.ErrMalformed.Error(), "ok", core.ErrUnawaited.Error()}
	if !slices.Equal(first, want) {
		t.Errorf("one good answer of three is %v, want %v", first, want)
	}
	if s := suspicion(h, behavior.ResponseSchema); s != 2 {
		t.Errorf("garbage of two peers, one of them late, makes a suspicion of %g, want 2", s)
	}
}

// Nodes that answer as they should are never blamed, whatever they ask each other.
func TestHonestNodesAnswerNoGarbage(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		n := coretest.New(t, oneWay, 3)
		for range 12 {
			h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: rule})
			h.Node.Offer(&coretest.Holder{Node: h.Number})
			h.Start()
		}
		n.Run(10 * time.Minute)
		for _, h := range n.Hosts() {
			n.Client(1).Client.Ask(h.Peer(), 0, &message.QueryRequest{Name: "holders", Arg: 1}, func(*message.QueryAnswer, error) {})
			n.Client(2).Client.Approve(h.Peer(), 0, "client", func(q string) string { return q }, func(*message.ApprovalKey, error) {})
		}
		n.Run(time.Minute)
		for _, h := range n.Hosts() {
			if s := suspicion(h, behavior.ResponseSchema); s != 0 {
				t.Errorf("%s: %s has a suspicion of %g", rule, h.Name(), s)
			}
		}
	}
}

// A liar names addresses without end. What becomes of them costs whoever asks them no
// memory and no write, and bans no host.
func TestStrangersAreNotScored(t *testing.T) {
	n := settled(t, 4)
	h := n.Hosts()[0]
	before := h.Node.State().Scores
	var strangers []core.Peer
	for i, answer := range []message.Response{noStructure, {Err: message.ErrTimeout}, {Err: message.ErrUnreachable}} {
		other := n.Play(fmt.Sprintf("192.0.2.%d:80", i+1), coretest.Answers{message.KindStructure: answer})
		strangers = append(strangers, other.Peer())
	}
	for range 20 {
		h.Node.Go(func(t *core.Task) {
			t.Gather(strangers, message.Request{Kind: message.KindStructure, Timeout: time.Second})
		})
		n.Run(2 * time.Second)
	}
	if after := h.Node.State().Scores; !slices.Equal(after, before) {
		t.Errorf("strangers are scored: %+v", after)
	}
}
