package core

import (
	"net/netip"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/peer"
)

// Wrong logins in a closed network. A host that has guessed often is slowed down, not shut
// out: its owner, or a node that was started with a wrong password, is let in soon after
// the mistake is mended, and a guesser has some thousand guesses a day.

// Login is an attempt to log in, as a driver that demands a name and a password reports
// it.
type Login struct {
	Address peer.Address // of the sender, proven; zero for a client
	IP      netip.Addr   // of the sender
	Good    bool         // the credentials are right
	Browser bool         // a page of a website sent it, perhaps without its visitor's knowledge
}

// LogIn judges an attempt, right or wrong. The driver must refuse the sender if welcome is
// false, and must not tell whether the credentials were right. Suspicion is what counts
// against the sender now.
//
// Wrong logins count for the sender's host, which of an IPv6 is its /64; a good one takes
// one back. After Threshold of them (behavior.Authentication: ten), each with less than
// FailLife after the one before, one attempt is judged in each Config.LoginPause, and all
// others are refused. Three are told apart, so that none pays for another: nodes and
// clients of a host; browsers, because any page that a visitor opens can send wrong
// logins; and each node in our lists, which must stay reachable whatever its neighbours
// do. A trusted sender may err.
func (n *Node) LogIn(l Login) (welcome bool, suspicion float64) {
	if n.cfg.Trusted || n.cfg.Trustlist.Match(l.Address, l.IP) {
		return true, 0
	}
	a := behavior.Authentication
	if l.Browser {
		a = behavior.BrowserAuthentication
	}
	key, known := n.loginKey(l)
	if known && n.mustWait(a, key) {
		return false, n.scores.Suspicion(a, key)
	}
	if !l.Good {
		return n.wrongLogin(a, l)
	}
	if known {
		n.praise(a, key)
	}
	return true, n.scores.Suspicion(a, key)
}

// loginKey is the peer for which an attempt counts. It is not known if nothing counts
// against it, or the book would hold it.
func (n *Node) loginKey(l Login) (key Peer, known bool) {
	if !l.Address.IsZero() {
		if p, known := n.cfg.Book.Find(l.Address.String()); known && n.level1.has(p) {
			return p, true
		}
	}
	return n.cfg.Book.Find(peer.OfHost(l.IP).String())
}

// mustWait reports whether attempts are limited, and the last one that was judged is less
// than a pause ago.
func (n *Node) mustWait(a behavior.Action, key Peer) bool {
	row, found := n.scores.Get(a, key)
	return found && n.isLimited(row) && n.env.Now()-row.Used < n.cfg.LoginPause
}

func (n *Node) isLimited(row behavior.Row) bool {
	return row.Action.IsLogin() && row.Suspicion >= n.cfg.Behavior[row.Action].Threshold
}

// wrongLogin counts a wrong login.
func (n *Node) wrongLogin(a behavior.Action, l Login) (welcome bool, suspicion float64) {
	key, known := n.loginKey(l)
	if !known {
		var err error
		if key, err = n.cfg.Book.Intern(peer.OfHost(l.IP)); err != nil {
			return false, 0 // the book is full: a guess that cannot be counted is refused
		}
	}
	rule, before := n.cfg.Behavior[a], n.scores.Suspicion(a, key)
	n.scores.Add(n.env.Now(), rule, a, key, 1)
	suspicion = n.scores.Suspicion(a, key)
	if before < rule.Threshold && suspicion >= rule.Threshold {
		n.env.Note(Note{What: NoteLoginsLimited, About: key, Text: a.String()})
	}
	return true, suspicion
}

// LimitedLogins returns what counts against hosts and nodes whose logins are limited now.
func (n *Node) LimitedLogins() []behavior.Row {
	var limited []behavior.Row
	for _, row := range n.scores.Rows() {
		if n.isLimited(row) && n.env.Now()-row.Used <= n.cfg.Behavior[row.Action].FailLife {
			limited = append(limited, row)
		}
	}
	return limited
}

// ForgiveLogins forgets the wrong logins of a host ("IP:0", see peer.OfHost) or of a node,
// and reports whether its logins were limited. The zero Peer stands for all.
func (n *Node) ForgiveLogins(p Peer) bool {
	forgiven := false
	for _, row := range n.scores.Rows() {
		if row.Action.IsLogin() && (p.IsZero() || row.Peer == p) {
			forgiven = forgiven || n.isLimited(row)
			n.scores.Forget(row.Action, row.Peer)
		}
	}
	return forgiven
}

// DefaultLoginPause is how often a host that has guessed may try.
const DefaultLoginPause = 10 * time.Second
