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
	StartedAt time.Duration // start of the period, since the Unix epoch
	Limit     draw.Hash
	Hosts     bool // of each host only the node that stands for it
}

// Entrants is the answer. Slaves are in no order.
type Entrants struct {
	Slaves    []peer.Peer
	NpmSlaves bool // npm nodes are among all of the master's slaves
}
