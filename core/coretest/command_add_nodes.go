package coretest

import (
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/peer"
)

// addNodes takes what a Config has: rule=original, manual, sync=, fails=, trusted,
// ban-by-address, whitelist=, blacklist=, trustlist=, and of the approval of clients
// approvers=, decision= and period=. The bootstrap node is node 1 unless bootstrap= says
// another.
func (s *Script) addNodes() string {
	for range s.Number("n", 1) {
		c := core.Config{
			Bootstrap:    s.Peers("bootstrap", []core.Peer{peer.FromID(1)}),
			ManualSync:   s.Has("manual"),
			SyncInterval: s.Duration("sync", 0),
			MaxFails:     s.Number("fails", 0),
			Trusted:      s.Has("trusted"),
			BanByAddress: s.Has("ban-by-address"),
			Approvals:    []core.ApprovalKind{core.NewClientApproval(s.terms())},
			Whitelist:    s.list("whitelist"), Blacklist: s.list("blacklist"), Trustlist: s.list("trustlist"),
		}
		if s.Text("rule", "directed") == "original" {
			c.Registration = core.Original
		}
		s.Net.AddNode(s.Text("address", ""), c)
	}
	return ""
}

func (s *Script) terms() core.Terms {
	count, err := draw.ParseCount(s.Text("approvers", "r-6"))
	s.Must(err)
	level, err := draw.ParseDecision(s.Text("decision", "66.6%"))
	s.Must(err)
	return core.Terms{Approvers: count, Decision: level, Period: s.Duration("period", 5*time.Minute)}
}

func (s *Script) list(key string) peer.List {
	arg, _ := s.d.Arg(key)
	list, err := peer.ParseList(arg.Vals)
	s.Must(err)
	return list
}
