package core

import (
	"errors"
	"fmt"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/peer"
)

// Config holds the options of a node. Many nodes may share one Config; none changes it.
// The zero value of an option stands for its default, which is npm spreadable's unless
// the comment says otherwise.
type Config struct {
	// Book interns the addresses that nodes of this process know. Required.
	Book *peer.Book

	// Bootstrap lists addresses of the network. A node without a place asks them for one,
	// in this order, so give all nodes the same list. A node whose own address is in the
	// list starts a network if none of the others belongs to one and those before it do
	// not answer. Required.
	Bootstrap []Peer

	// Registration is the rule by which the node finds and keeps its place. Nodes of both
	// rules can live in one network.
	Registration Registration

	// SyncInterval is the time from one renewal of the lists to the next: 16 s.
	// The network notices every change at this rhythm. It costs some three requests per
	// node and interval.
	SyncInterval time.Duration

	// ManualSync switches the timer off: the owner calls Node.Sync.
	ManualSync bool

	// SyncPeriod is how far back the average of sync durations reaches: 1 day (npm:
	// syncTimeCalculationPeriod).
	SyncPeriod time.Duration

	// ServerTimeout limits one request to a node: 2 s. At most SyncInterval, and better
	// well below it.
	ServerTimeout time.Duration

	// PingTimeout limits a ping, and a question for the root: 1 s. At most ServerTimeout.
	PingTimeout time.Duration

	// MaxFails is how many requests to a peer may fail in a row before the node forgets
	// it: 10 (npm: serverMaxFails). The sync lifetime, after which a network has forgotten
	// a silent node, is twice the product of MaxFails and SyncInterval. Under the
	// original rule it is the square root of the network size instead of two.
	MaxFails int

	// ProbeInterval and ProbeFails are how the directed rule looks again at a peer that
	// failed to answer. It asks the peer every ProbeInterval, a 24th of the SyncInterval,
	// and takes it off its lists when so many requests in a row have failed, with the
	// first: 7. A refused connection counts for half of them. With 1 it does not ask
	// again, and waits for MaxFails.
	ProbeInterval time.Duration
	ProbeFails    int

	// Trusted says that all peers are trusted: no address filter, no bans (npm:
	// network.isTrusted).
	Trusted bool

	// If Whitelist is not empty, only what it matches may talk to the node. What
	// Blacklist matches may not. What Trustlist matches is exempt from both, and from
	// bans.
	Whitelist, Blacklist, Trustlist peer.List

	// Behavior holds the rules of suspicion; a zero rule is the original's.
	Behavior *[behavior.NumActions]behavior.Rule

	// BanByAddress makes a ban hold for the banned address only. By default it holds for
	// its IP, and so for all nodes and clients there.
	BanByAddress bool

	// LoginPause is how often a host may try to log in after ten wrong logins: once in 10 s.
	LoginPause time.Duration

	// LookPause is the least time between two nodes that the node asks whether it can send
	// clients to them: 250 ms. With a shorter one, clients are spread sooner, and make the
	// node ask more addresses that a liar names.
	LookPause time.Duration

	// Hosts says which participants count as one host, where what a host may take is
	// limited: by default each address at a node on loopback, else each IP (IPv6: /64).
	Hosts peer.Hosts

	// HostPlaces is how many nodes of one host the network takes, as slaves and as
	// masters: 4. Masters cannot count together, so in a moment a host may get a few more.
	// All nodes of a network should have the same.
	HostPlaces int

	// NewNames is how many new masters one peer may name to a master in one sync: 8. With
	// each that answers it may name more. A lower number makes masters find each other
	// more slowly, a higher one lets a liar make them ask more addresses without a node.
	NewNames int

	// ClaimChecks is how many masters with new slaves a master checks in one sync, by
	// asking some of these slaves whether they are: 8. A master that claims more than an
	// honest one would is checked in any case. All new slaves of a small network are
	// checked, and of a large one a sample.
	ClaimChecks int

	// Approvals are the kinds of approval that the node offers: by default ClientApproval
	// on DefaultTerms.
	Approvals []ApprovalKind

	// ApprovalLimits bound what clients can make the node keep, and their tries.
	ApprovalLimits ApprovalLimits

	// Load returns the used shares of the heap and of the processor, both from 0 to 1.
	// Nil means an idle machine.
	Load func() (heap, cpu float64)

	rule rule // of Registration; set by Validate
}

// Defaults of Config.
const (
	DefaultSyncInterval  = 16 * time.Second
	DefaultSyncPeriod    = 24 * time.Hour
	DefaultServerTimeout = 2 * time.Second
	DefaultPingTimeout   = time.Second
	DefaultLookPause     = 250 * time.Millisecond
	DefaultMaxFails      = 10
	DefaultProbeFails    = 7
	DefaultHostPlaces    = 4
	DefaultNewNames      = 8
	DefaultClaimChecks   = 8

	maxProbeFails = 24 // with the default interval, as long as a sync interval
)

// Validate fills in the defaults and says what is wrong with the rest. It must be called
// before a node uses the Config.
func (c *Config) Validate() error {
	c.rule = c.Registration.rule()
	orDuration(&c.SyncInterval, DefaultSyncInterval)
	orDuration(&c.SyncPeriod, DefaultSyncPeriod)
	orDuration(&c.ServerTimeout, DefaultServerTimeout)
	orDuration(&c.PingTimeout, min(DefaultPingTimeout, c.ServerTimeout))
	orDuration(&c.ProbeInterval, max(1, c.SyncInterval/24))
	if c.ProbeFails == 0 {
		c.ProbeFails = DefaultProbeFails
	}
	orDuration(&c.LoginPause, DefaultLoginPause)
	orDuration(&c.LookPause, DefaultLookPause)
	if c.MaxFails == 0 {
		c.MaxFails = DefaultMaxFails
	}
	if c.ClaimChecks == 0 {
		c.ClaimChecks = DefaultClaimChecks
	}
	if c.NewNames == 0 {
		c.NewNames = DefaultNewNames
	}
	if c.HostPlaces == 0 {
		c.HostPlaces = DefaultHostPlaces
	}
	if c.Behavior == nil {
		rules := behavior.Rules()
		c.Behavior = &rules
	}
	if c.Approvals == nil {
		c.Approvals = []ApprovalKind{NewClientApproval(DefaultTerms())}
	}
	c.ApprovalLimits.fill()
	switch {
	case c.Book == nil:
		return errors.New("config: no address book")
	case len(c.Bootstrap) == 0:
		return errors.New("config: no bootstrap address: give the node's own to start a network")
	case c.SyncInterval < 0 || c.SyncPeriod < 0 || c.ServerTimeout < 0 || c.PingTimeout < 0 || c.ProbeInterval < 0 ||
		c.LoginPause < 0 || c.LookPause < 0:
		return errors.New("config: a duration is negative")
	case c.PingTimeout > c.ServerTimeout:
		return fmt.Errorf("config: ping timeout %v is longer than the server timeout %v", c.PingTimeout, c.ServerTimeout)
	case c.ServerTimeout > c.SyncInterval:
		return fmt.Errorf("config: server timeout %v is longer than the sync interval %v", c.ServerTimeout, c.SyncInterval)
	case c.SyncPeriod < c.SyncInterval:
		return fmt.Errorf("config: sync period %v must not be shorter than the sync interval %v", c.SyncPeriod, c.SyncInterval)
	case c.ProbeFails < 0 || c.ProbeFails > maxProbeFails:
		return fmt.Errorf("config: probe fails %d is not from 1 to %d", c.ProbeFails, maxProbeFails)
	case c.MaxFails < 0:
		return fmt.Errorf("config: max fails %d is negative", c.MaxFails)
	case !c.ApprovalLimits.valid():
		return fmt.Errorf("config: limits of approvals %+v: want 1 <= per host <= per prefix <= total <= %d and 1 wrong answer or more",
			c.ApprovalLimits, maxApprovals)
	case c.HostPlaces < 0:
		return fmt.Errorf("config: host places %d is negative", c.HostPlaces)
	case c.ClaimChecks < 0:
		return fmt.Errorf("config: claim checks %d is negative", c.ClaimChecks)
	case c.NewNames < 0:
		return fmt.Errorf("config: new names %d is negative", c.NewNames)
	}
	return nil
}

func orDuration(d *time.Duration, def time.Duration) {
	if *d == 0 {
		*d = def
	}
}
