package core

import (
	"errors"
	"fmt"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/draw"
	"spreadable/core/message"
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

	// Levels is how many levels of masters the network has, from 1 to MaxLevels: 1. With
	// more, groups are smaller and a request to all nodes takes more steps; see the
	// package comment. message.AutoLevels lets the network decide by its size and FanOut.
	// All nodes of a network must have the same, and the directed rule.
	Levels int

	// FanOut is how many others a node asks at the same time at most, if the network
	// decides how many levels it has: 100. Above that, with all groups at their optimum,
	// the network takes another level. It gives one up when it could do without for twice
	// as many nodes.
	FanOut int

	// SyncInterval is the time from one renewal of the lists to the next: 16 s.
	// The network notices every change at this rhythm. It costs some three requests per
	// node and interval.
	SyncInterval time.Duration

	// SyncNoise is by how much the time from one sync to the next differs from SyncInterval
	// at most, either way, as in a busy process. Under the original rule only: the directed
	// one spreads the syncs itself. None by default.
	SyncNoise time.Duration

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

	// MaxLoss is the share of requests that a peer may leave unanswered in the long run:
	// 0.3, from 0.2 to 0.9. A slave leaves a backlink that leaves more unanswered, and
	// newcomers are not sent to such a master (directed rule). The lower, the more often
	// nodes move where messages are lost: if each is lost with a probability q, the share
	// is 2q - q².
	MaxLoss float64

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
	// masters: 4. With several levels each branch takes so many. Masters cannot count
	// together, so in a moment a host may get a few more. All nodes of a network should
	// have the same.
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

	// CutPeriods is in how many periods of draws in a row a master's answers must have
	// been too long for its size before it is blamed: 3. An honest one has such an answer
	// once in a million draws. Blame is a note, and a check of the slaves that the master
	// claims.
	CutPeriods int

	// AgesPerNode is of how many groups of hosts a master remembers the age, for each
	// node of the network and 1,024 more, if Draw.MinAge is set: 8. It is reached only if
	// liars list many nodes that there are not.
	AgesPerNode int

	// Approvals are the kinds of approval that the node offers: by default ClientApproval
	// on DefaultTerms.
	Approvals []ApprovalKind

	// Draw says how approvers are drawn. All nodes of a network must have the same, and one
	// with others is refused at its registration. The zero value is npm's, and the only one
	// for a network with npm members.
	Draw draw.Settings

	// DrawSecret is what the draws of a closed network are salted with, its password.
	// Needed if Draw.Salt is draw.NetworkSalt. All nodes must have the same, or they draw
	// other approvers.
	DrawSecret []byte

	// ApprovalLimits bound what clients can make the node keep, and their tries.
	ApprovalLimits ApprovalLimits

	// Load returns the used shares of the heap and of the processor, both from 0 to 1.
	// Nil means an idle machine.
	Load func() (heap, cpu float64)

	rule     rule   // of Registration; set by Validate
	drawText string // Draw as nodes tell it; set by Validate
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
	defaultMaxLoss       = 0.3
	DefaultHostPlaces    = 4
	DefaultNewNames      = 8
	DefaultClaimChecks   = 8
	DefaultCutPeriods    = 3
	DefaultAgesPerNode   = 8
	defaultLevels        = 1
	MaxLevels            = 4   // a million nodes then have groups of 16
	defaultFanOut        = 100 // connections that a small machine opens at the same time
	minFanOut            = 4   // below it groups are too small to outlive a death

	maxProbeFails = 24 // with the default interval, as long as a sync interval
)

// Validate fills in the defaults and says what is wrong with the rest. It must be called
// before a node uses the Config.
func (c *Config) Validate() error {
	c.fill()
	switch {
	case c.Book == nil:
		return errors.New("config: no address book")
	case len(c.Bootstrap) == 0:
		return errors.New("config: no bootstrap address: give the node's own to start a network")
	case c.SyncInterval < 0 || c.SyncPeriod < 0 || c.ServerTimeout < 0 || c.PingTimeout < 0 || c.ProbeInterval < 0 ||
		c.LoginPause < 0 || c.LookPause < 0:
		return errors.New("config: a duration is negative")
	case c.SyncNoise < 0 || c.SyncNoise > c.SyncInterval:
		return fmt.Errorf("config: sync noise %v is not from 0 to the sync interval %v", c.SyncNoise, c.SyncInterval)
	case c.PingTimeout > c.ServerTimeout:
		return fmt.Errorf("config: ping timeout %v is longer than the server timeout %v", c.PingTimeout, c.ServerTimeout)
	case c.ServerTimeout > c.SyncInterval:
		return fmt.Errorf("config: server timeout %v is longer than the sync interval %v", c.ServerTimeout, c.SyncInterval)
	case c.SyncPeriod < c.SyncInterval:
		return fmt.Errorf("config: sync period %v must not be shorter than the sync interval %v", c.SyncPeriod, c.SyncInterval)
	case c.ProbeFails < 0 || c.ProbeFails > maxProbeFails:
		return fmt.Errorf("config: probe fails %d is not from 1 to %d", c.ProbeFails, maxProbeFails)
	case !(c.MaxLoss >= 0.2 && c.MaxLoss <= 0.9):
		return fmt.Errorf("config: max loss %v is not from 0.2 to 0.9", c.MaxLoss)
	case (c.Levels < 1 || c.Levels > MaxLevels) && c.Levels != message.AutoLevels:
		return fmt.Errorf("config: levels %d is not from 1 to %d, nor auto", c.Levels, MaxLevels)
	case c.Levels > 1 && c.Registration == Original:
		return fmt.Errorf("config: the original registration has one level, not %s", levelsText(c.Levels))
	case c.FanOut < minFanOut:
		return fmt.Errorf("config: fan-out %d is below %d", c.FanOut, minFanOut)
	case c.MaxFails < 0:
		return fmt.Errorf("config: max fails %d is negative", c.MaxFails)
	case !c.ApprovalLimits.valid():
		return fmt.Errorf("config: limits of approvals %+v: want 1 <= per host <= per prefix <= total <= %d and 1 wrong answer or more",
			c.ApprovalLimits, maxApprovals)
	case c.Draw.Salt == draw.NetworkSalt && len(c.DrawSecret) == 0:
		return errors.New("config: salt network needs the password of the network")
	case c.Draw.Salt == draw.RevealSalt && c.turn() < leastTurn*c.ServerTimeout:
		return fmt.Errorf("config: salt reveal needs a period of approvals of at least %d server timeouts, %v: it is %v",
			leastTurn, leastTurn*c.ServerTimeout, c.turn())
	case c.Draw.Salt == draw.RevealSalt && c.Levels == message.AutoLevels:
		return errors.New("config: salt reveal needs a fixed number of levels, not auto")
	case c.HostPlaces < 0:
		return fmt.Errorf("config: host places %d is negative", c.HostPlaces)
	case c.ClaimChecks < 0:
		return fmt.Errorf("config: claim checks %d is negative", c.ClaimChecks)
	case c.CutPeriods < 0:
		return fmt.Errorf("config: cut periods %d is negative", c.CutPeriods)
	case c.AgesPerNode < 0:
		return fmt.Errorf("config: ages per node %d is negative", c.AgesPerNode)
	case c.NewNames < 0:
		return fmt.Errorf("config: new names %d is negative", c.NewNames)
	}
	if err := c.Draw.Validate(); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}

// fill sets what is zero to its default.
func (c *Config) fill() {
	c.rule, c.drawText = c.Registration.rule(), c.Draw.String()
	orDefault(&c.SyncInterval, DefaultSyncInterval)
	orDefault(&c.SyncPeriod, DefaultSyncPeriod)
	orDefault(&c.ServerTimeout, DefaultServerTimeout)
	orDefault(&c.PingTimeout, min(DefaultPingTimeout, c.ServerTimeout))
	orDefault(&c.ProbeInterval, max(1, c.SyncInterval/24))
	orDefault(&c.ProbeFails, DefaultProbeFails)
	orDefault(&c.MaxLoss, defaultMaxLoss)
	orDefault(&c.LoginPause, DefaultLoginPause)
	orDefault(&c.LookPause, DefaultLookPause)
	orDefault(&c.Levels, defaultLevels)
	orDefault(&c.FanOut, defaultFanOut)
	orDefault(&c.MaxFails, DefaultMaxFails)
	orDefault(&c.ClaimChecks, DefaultClaimChecks)
	orDefault(&c.CutPeriods, DefaultCutPeriods)
	orDefault(&c.AgesPerNode, DefaultAgesPerNode)
	orDefault(&c.NewNames, DefaultNewNames)
	orDefault(&c.HostPlaces, DefaultHostPlaces)
	if c.Behavior == nil {
		rules := behavior.Rules()
		c.Behavior = &rules
	}
	if c.Approvals == nil {
		c.Approvals = []ApprovalKind{NewClientApproval(DefaultTerms())}
	}
	c.ApprovalLimits.fill()
}

func orDefault[T comparable](value *T, def T) {
	var zero T
	if *value == zero {
		*value = def
	}
}
