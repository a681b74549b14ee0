package core

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// The part of an approver: which clients asked it to vouch, what answers it expects, and
// which nodes have checked them.

// approvals holds what a node knows of approvals, as approver and as entry node. Both
// parts are bounded, and entries end with time.
type approvals struct {
	rows   map[approvalID]*approval
	byKey  map[string]*approval
	issued map[string]issuedKey
	secret string // goes into the keys we give out; "" until the first

	revision uint32   // counts changes; see Node.Revision
	journal  *journal // what has changed; nil unless somebody stores it
}

// approvalID names an approval: an approver keeps one for each action and client.
type approvalID struct {
	action string
	client netip.Addr
}

// approval is one client's approval at one approver.
type approval struct {
	id        approvalID
	key       string
	info      *string
	startedAt time.Duration
	updated   time.Duration
	answer    string // expected; empty until an entry node has asked for our part
	usedBy    []Peer // nodes that have checked the answer: each may once
}

// issuedKey is what an entry node remembers of a draw it made for a client.
type issuedKey struct {
	drawn []Peer
	until time.Duration // end of the draw's validity
}

// maxApprovals bounds the clients that one node vouches for, and the keys that it
// remembers, at a time.
const maxApprovals = 100_000

func (n *Node) approvalBook() *approvals {
	if n.approvals == nil {
		n.approvals = &approvals{
			rows: make(map[approvalID]*approval), byKey: make(map[string]*approval), issued: make(map[string]issuedKey),
		}
	}
	return n.approvals
}

func (a *approvals) issue(key string, drawn []Peer, until time.Duration) {
	if len(a.issued) < maxApprovals {
		a.issued[key] = issuedKey{drawn, until}
		a.touchKey(key)
	}
}

// sweep forgets rows that were not used for a period, and keys of draws that are no
// longer valid.
func (a *approvals) sweep(now time.Duration, terms func(action string) (ApprovalKind, Terms)) {
	for id, row := range a.rows { // order-free: deletes only
		if kind, t := terms(id.action); kind == nil || row.updated < now-t.Period {
			a.remove(row)
		}
	}
	for key, issued := range a.issued { // order-free: deletes only
		if issued.until < now {
			delete(a.issued, key)
			a.touchKey(key)
		}
	}
}

func (a *approvals) remove(row *approval) {
	delete(a.rows, row.id)
	a.touch(row.id)
	if a.byKey[row.key] == row {
		delete(a.byKey, row.key)
	}
}

// addApproval takes a client's request to vouch for it. Asked again, it starts anew:
// other nodes may check again.
func (n *Node) addApproval(req *message.Request) message.Response {
	body := message.Asked[message.ApprovalAddRequest](req)
	kind, terms := n.approvalKind(body.Action)
	now := n.env.Now()
	switch {
	case kind == nil:
		return message.Refuse(message.CodeInvalidAction)
	case !draw.Valid(body.StartedAt, now, terms.Period):
		return message.Refuse(message.CodeWrongApprovalTime)
	case !kind.Accepts(body.Info):
		return message.Refuse(message.CodeInvalidInformation)
	}
	book, id := n.approvalBook(), approvalID{body.Action, req.Client.Unmap()}
	if other, taken := book.byKey[body.Key]; taken && other.id != id {
		// A key names one client: no other client takes it over.
		return message.Refuse(message.CodeUnsuitableKey)
	}
	row := book.rows[id]
	if row == nil {
		if len(book.rows) >= maxApprovals {
			return message.Refuse(message.CodeUnsuitableKey)
		}
		row = &approval{id: id}
		book.rows[id] = row
	}
	if row.key != body.Key {
		delete(book.byKey, row.key)
		row.answer = ""
	}
	book.byKey[body.Key] = row
	row.key, row.info, row.startedAt, row.updated, row.usedBy = body.Key, body.Info, body.StartedAt, now, nil
	book.touch(id)
	return message.Response{}
}

// serveApprovalInfo gives an entry node our part of the question, and decides which
// answer we expect.
func serveApprovalInfo(t *Task) {
	n, body := t.node, message.Asked[message.ApprovalInfoRequest](&t.req)
	kind, _ := n.approvalKind(body.Action)
	if kind == nil {
		t.reply(message.Refuse(message.CodeInvalidAction))
		return
	}
	row := n.approvalBook().byKey[body.Key]
	if row == nil || row.id.action != body.Action {
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	part, answer := t.issue(kind, row)
	if n.approvals.byKey[body.Key] != row { // gone while the part was made
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	row.answer, row.updated = answer, n.env.Now()
	n.approvals.touch(row.id)
	t.reply(message.Response{Body: &message.ApprovalInfo{Info: part}})
}

// issue makes our part for a client. Work outside the node's thread uses a random stream
// of its own.
func (t *Task) issue(kind ApprovalKind, row *approval) (part, answer string) {
	client, info, random := row.id.client, row.info, t.node.env.Rand()
	if kind.Price() > 0 {
		random = rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
	}
	t.work(kind.Price(), func() { part, answer = kind.Issue(client, info, random.IntN) })
	return part, answer
}

// checkApproval tells a node whether the client's answer was right. Each node may ask
// once per approval, right or wrong.
func (n *Node) checkApproval(req *message.Request) message.Response {
	body := message.Asked[message.ApprovalCheckRequest](req)
	row := n.approvalBook().byKey[body.Key]
	// Without the check of the action an easy approval would pass for a strict one.
	if row == nil || body.Action != "" && body.Action != row.id.action {
		return message.Refuse(message.CodeUnsuitableKey)
	}
	if row.answer == "" || slices.Contains(row.usedBy, req.From) || !peer.SameIP(row.id.client, body.ClientIP) {
		return message.Refuse(message.CodeUnsuitableKey)
	}
	row.usedBy = append(row.usedBy, req.From)
	row.updated = n.env.Now()
	n.approvals.touch(row.id)
	kind, _ := n.approvalKind(row.id.action)
	place := -1
	for i, p := range body.Approvers {
		if p == n.self {
			place = i
		}
	}
	if kind == nil || place < 0 || !kind.Check(body.Answer, row.answer, place, len(body.Approvers)) {
		return message.Refuse(message.CodeWrongAnswer)
	}
	return message.Response{}
}
