package message

import (
	"net/netip"
	"time"

	"spreadable/core/draw"
	"spreadable/core/peer"
)

// ApprovalInfoRequest asks an approver for its part of the question that belongs to Key.
type ApprovalInfoRequest struct{ Action, Key string }

// ApprovalInfo is an approver's part of the question; its meaning belongs to the kind of
// approval.
type ApprovalInfo struct{ Info string }

// ApprovalCheckRequest asks an approver whether a client's answer is right. Action is
// what the approval is for; npm peers neither send it nor look at it.
type ApprovalCheckRequest struct {
	Action      string
	Key, Answer string
	Approvers   []peer.Peer
	ClientIP    netip.Addr
}

// ApprovalKeyRequest asks an entry node which nodes approve the client in the current
// period.
type ApprovalKeyRequest struct{ Action string }

// ApprovalKey is the answer: the approvers in the order of the draw.
type ApprovalKey struct {
	Approvers []peer.Peer
	Key       string
	StartedAt time.Duration // start of the period, since the Unix epoch
	ClientIP  netip.Addr
}

// ApprovalAddRequest asks one approver to vouch for the client.
type ApprovalAddRequest struct {
	Action, Key string
	StartedAt   time.Duration
	Info        *string // what the client asks of the question, nil for nothing
}

// ApprovalQuestionRequest asks the entry node for the question, made of the confirmed
// approvers' parts.
type ApprovalQuestionRequest struct {
	Action, Key string
	Confirmed   []peer.Peer
	Info        *string
}

// ApprovalQuestion is the question put to the client.
type ApprovalQuestion struct{ Question string }

// Proof is what a client shows to take an action: its approval with the answer.
type Proof struct {
	Action, Key string
	StartedAt   time.Duration
	ClientIP    netip.Addr
	Approvers   []peer.Peer
	Answer      string
}

// ActionRequest asks whether a client may take the action that Proof is for. Proof is nil
// if the client showed none.
type ActionRequest struct{ Proof *Proof }

// EntrantsRequest asks a master which of its slaves come first in the draw of a period:
// those whose hash is not above Limit.
type EntrantsRequest struct {
	// Level is 0 for a master, which answers for its slaves. The head of a branch of level
	// k is asked with level k+1, and answers for all nodes of the branch.
	Level     int
	StartedAt time.Duration // start of the period, since the Unix epoch
	Limit     draw.Hash
	Hosts     bool // of each host only the node that stands for it

	// Draw is the draw by host in which the slaves are ranked, nil for the original's. Of
	// each of its groups only the slave that comes first is asked for.
	Draw *draw.Draw
}

// Entrants is the answer. Slaves are in no order.
type Entrants struct {
	Slaves    []peer.Peer
	NpmSlaves bool // npm nodes are among all of the master's slaves

	// IPs are those that the master has of slaves whose addresses are names, in a draw by
	// host: all that draw must go by the same. Parallel to Slaves, invalid where the
	// address holds the IP; nil if each does.
	IPs []netip.Addr
}

// AgesRequest asks a master since when it knows its slaves and some other nodes.
type AgesRequest struct {
	Of []peer.Peer // the other nodes
}

// Ages is the answer.
type Ages struct {
	Began time.Duration // when the network began, since the Unix epoch; 0 if not known
	Seen  []Sighting
}

// Sighting is when a master has first seen the group of a node in the network, since the
// Unix epoch.
type Sighting struct {
	Peer  peer.Peer
	First time.Duration
}

// Secret is 32 random bytes, a hash that commits to some, or what was made of many. The
// zero Secret is none.
type Secret [32]byte

// BeaconRequest asks for the value of a turn. A master adds what it has to tell of the
// value that is being made: one of a commit, a reveal and an echo.
type BeaconRequest struct {
	Turn   time.Duration // its start, since the Unix epoch
	Commit Secret
	Reveal Secret
	Echo   []Reveal // those that the sender has got
}

// Reveal is what a master has drawn for a turn.
type Reveal struct {
	Peer  peer.Peer
	Value Secret
}

// Beacon is the answer: the value of the turn, as far as the receiver knows it.
type Beacon struct{ Value Secret }
