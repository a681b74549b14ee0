package core

import (
	"cmp"
	"slices"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// A ban for garbage takes many answers over a long time, and a peer that gives any soon
// loses its place in the lists, so few would be asked often enough. A node therefore goes
// on asking the peers that it suspects, a few at each sync, until they answer well or are
// banned. In an honest network none is suspected.

// maxQuestioned is how many suspects are asked in one sync, those first that have not been
// asked for the longest time.
const maxQuestioned = 4

// question asks peers that have answered garbage for their structure. What follows from the
// answers is the business of conclude.
func (l *level) question(t *Task, b budget) {
	n := l.node
	var suspects []behavior.Row
	for row := range n.scores.Of(behavior.ResponseSchema) {
		if row.Up == 0 || n.env.Now()-row.Used < n.cfg.SyncInterval/2 {
			continue // its last answer was good, or came in this sync
		}
		suspects = append(suspects, row)
	}
	if len(suspects) == 0 {
		return
	}
	slices.SortStableFunc(suspects, func(a, b behavior.Row) int { return cmp.Compare(a.Used, b.Used) })
	suspects = suspects[:min(len(suspects), maxQuestioned)]
	peers := make([]Peer, len(suspects))
	for i, row := range suspects {
		peers[i] = row.Peer
	}
	t.Gather(peers, message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)})
}
