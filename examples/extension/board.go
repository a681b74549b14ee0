package main

import (
	"errors"
	"slices"
	"strings"

	"spreadable/core/host"
)

// board is a notice board that belongs to no one: a note that is pinned at any node is
// kept by three, and read at every node.
type board struct {
	h    *host.Host
	read host.Ask[topic, page]
	free host.Ask[struct{}, places]
	keep host.Send[note, kept]
	pins *host.Counter

	run runner // of web.go
}

// What travels. All of it goes as JSON between real nodes.
type (
	topic  struct{ Topic string }
	note   struct{ Topic, Text string }
	page   struct{ Texts []string }
	kept   struct{}
	places struct{ Places []place }
	place  struct {
		Address string
		Notes   int
	}
)

// Name scopes everything: the query read is board.read for other nodes.
func (b *board) Name() string { return "board" }

// Start declares what the extension does.
func (b *board) Start(h *host.Host) {
	b.h = h
	b.pins = h.Count("pins", "Notes pinned at this node.")
	b.read = host.Query[topic, page]{
		Name: "read", Who: host.Clients(), Check: checkTopic,
		Local: b.local, Merge: merge, Valid: valid,
	}.Offer(h)
	b.free = host.Query[struct{}, places]{Name: "free", Local: b.place, Merge: b.emptiest}.Offer(h)
	b.keep = host.Direct[note, kept]{Name: "keep", Check: checkNote, Serve: b.take}.Offer(h)
	h.Gauge("notes", "Notes that this node keeps.", func() float64 { return float64(b.count("")) })
}

const (
	mostText = 1000 // bytes
	mostPage = 100  // notes in an answer
	copies   = 3
)

// checkTopic sees each question before any work is done for it.
func checkTopic(q *topic) error {
	if q.Topic == "" || len(q.Topic) > 100 || strings.ContainsRune(q.Topic, 0) {
		return errors.New("want a topic of 1 to 100 bytes")
	}
	return nil
}

// local is this node's answer: nil if it has nothing to say.
func (b *board) local(q *topic) (*page, error) {
	p := &page{}
	prefix := q.Topic + "\x00"
	b.h.Bucket().Scan(prefix, func(key string, _ []byte) bool {
		text, ok := strings.CutPrefix(key, prefix)
		if ok {
			p.Texts = append(p.Texts, text)
		}
		return ok && len(p.Texts) < mostPage
	})
	if len(p.Texts) == 0 {
		return nil, nil
	}
	return p, nil
}

// merge makes one answer of several: each text once, in order.
func merge(_ *topic, answers []host.Given[page]) *page {
	all := &page{}
	for _, a := range answers {
		all.Texts = append(all.Texts, a.Answer.Texts...)
	}
	slices.Sort(all.Texts)
	all.Texts = slices.Compact(all.Texts)
	all.Texts = all.Texts[:min(mostPage, len(all.Texts))]
	return all
}

// valid is what every honest answer is. A node that gives another is blamed for it.
func valid(_ *topic, p *page) error {
	if len(p.Texts) > mostPage || !slices.IsSorted(p.Texts) {
		return errors.New("no page of a board")
	}
	return nil
}

// place says how many notes this node keeps.
func (b *board) place(*struct{}) (*places, error) {
	return &places{[]place{{Notes: b.count("")}}}, nil
}

// emptiest keeps the best ten places, with who has given them.
func (b *board) emptiest(_ *struct{}, answers []host.Given[places]) *places {
	all := &places{}
	for _, a := range answers {
		for _, p := range a.Answer.Places {
			if a.Leaf { // a node cannot answer in another's name
				p.Address = b.h.Address(a.By)
			}
			all.Places = append(all.Places, p)
		}
	}
	slices.SortStableFunc(all.Places, func(a, b place) int { return a.Notes - b.Notes })
	all.Places = all.Places[:min(10, len(all.Places))]
	return all
}

// checkNote sees each note before it is kept.
func checkNote(_ host.Peer, n *note, _ int64) error {
	if len(n.Text) > mostText {
		return errors.New("the text is too long")
	}
	return checkTopic(&topic{n.Topic})
}

// take keeps a note. It is on disk before the answer leaves this node.
func (b *board) take(_ *host.Task, _ host.Peer, n *note, _ *host.Pending) (*kept, error) {
	return &kept{}, b.h.Bucket().Put(n.Topic+"\x00"+n.Text, []byte{})
}

// pin writes a note to three nodes, and returns when two of them have it on disk.
func (b *board) pin(t *host.Task, n *note) (host.Copied, error) {
	if err := checkNote(b.h.Self(), n, 0); err != nil {
		return host.Copied{}, err
	}
	free, _, err := b.free(t, &struct{}{})
	if err != nil || free == nil {
		return host.Copied{}, errors.Join(host.ErrFewCopies, err)
	}
	var from []host.Choice
	for _, p := range free.Places {
		if peer, err := b.h.Peer(p.Address); err == nil {
			from = append(from, host.Choice{Peer: peer, Rank: float64(p.Notes)})
		}
	}
	b.pins.Add(1)
	return b.h.Spread(t, host.Spreading{
		Action: "keep", From: from, Copies: copies, Acks: min(host.DefaultAcks, b.h.NetworkSize()),
		Send: func(t *host.Task, to host.Peer) error {
			_, err := b.keep(t, to, n, nil)
			return err
		},
	})
}

// count is how many notes there are from a key on.
func (b *board) count(from string) (count int) {
	b.h.Bucket().Scan(from, func(string, []byte) bool {
		count++
		return true
	})
	return count
}
