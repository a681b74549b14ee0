package core

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
)

// The part of an approver: which clients asked it to vouch, what answers it expects, and
// which nodes have checked them. Which nodes may check is in asker.go.

// approvals holds what a node knows of approvals, as approver and as entry node. Both
// parts are bounded (shares.go), and entries end with the period after that of their key.
type approvals struct {
	rows   shares[approval]    // by key
	issued shares[issuedKey]   // by key
	secret string              // goes into the keys we give out; "" until the first
	given  uint64              // keys given out: makes each another
	askers map[Peer]membership // what we have found out of nodes that check answers
	draws  map[drawing]*drawn  // made lately
	groups int                 // that could be drawn at the last draw by host; 0 until then

	counts, told ApprovalCounts // now, and when they were last noted

	revision uint32   // counts changes; see Node.Revision
	checks   uint32   // counts answers that were checked
	journal  *journal // what has changed; nil unless somebody stores it
}

// approval is one client's approval at one approver. Its key names it.
type approval struct {
	key, action string
	client      netip.Addr
	info        *string
	startedAt   time.Duration // of the key's period: it cannot be prolonged
	added       time.Duration

	// The question, which is another each time that an entry node asks for our part.
	question uint32          // its number; 0 until there is one
	answer   string          // expected; "" once the question has ended
	wrong    int             // wrong answers before the first right one
	right    bool            // there was a right answer
	place    int             // our place among the approvers then,
	count    int             // and their number
	usedBy   map[string]bool // hosts that have checked the answer: each may once
}

// issuedKey is what an entry node remembers of a draw it made for a client.
type issuedKey struct {
	client netip.Addr
	drawn  []Peer
	until  time.Duration // end of the draw's validity
}

// ApprovalCounts are numbers of a node as approver and entry node, for its operator.
type ApprovalCounts struct {
	Clients, Keys int    // kept now: clients it vouches for, and keys it has given out
	Dropped       uint64 // of both kinds: gave way to others within ApprovalLimits
	Ended         uint64 // questions that wrong answers have ended
	Refused       uint64 // checks by hosts that may not ask; see Task.mayCheck
}

// Approvals returns the numbers of the node as approver and entry node.
func (n *Node) Approvals() ApprovalCounts {
	if n.approvals == nil {
		return ApprovalCounts{}
	}
	a := n.approvals
	c := a.counts
	c.Clients, c.Keys, c.Dropped = len(a.rows.entries), len(a.issued.entries), a.rows.dropped+a.issued.dropped
	return c
}

func (n *Node) approvalBook() *approvals {
	if n.approvals == nil {
		limits := &n.cfg.ApprovalLimits
		n.approvals = &approvals{rows: newShares[approval](limits), issued: newShares[issuedKey](limits)}
	}
	return n.approvals
}

// enter takes up a new row.
func (a *approvals) enter(row approval) *approval {
	kept, dropped := a.rows.put(row.key, row.client, row)
	if dropped != "" {
		a.touch(dropped)
	}
	a.touch(row.key)
	return kept
}

// issue remembers a key that was given out.
func (a *approvals) issue(key string, issued issuedKey) {
	if _, dropped := a.issued.put(key, issued.client, issued); dropped != "" {
		a.touchKey(dropped)
	}
	a.touchKey(key)
}

// sweepApprovals forgets rows and keys whose time is over. A time ahead of the wall clock
// comes from when that was wrong. It also notes what the limits have cost since the last
// sweep.
func (n *Node) sweepApprovals() {
	a, wall := n.approvals, n.env.Wall()
	for key, e := range a.rows.entries { // order-free: deletes only
		if kind, terms := n.approvalKind(e.value.action); kind == nil || !draw.Valid(e.value.startedAt, wall, terms.Period) {
			a.rows.remove(key)
			a.touch(key)
		}
	}
	longest := time.Duration(0)
	for _, k := range n.cfg.Approvals {
		longest = max(longest, k.Terms().Period)
	}
	for key, e := range a.issued.entries { // order-free: deletes only
		if until := e.value.until; until < wall || until > wall+2*longest {
			a.issued.remove(key)
			a.touchKey(key)
		}
	}
	a.forgetAskers(wall)
	if c := n.Approvals(); c.Dropped != a.told.Dropped || c.Ended != a.told.Ended || c.Refused != a.told.Refused {
		n.env.Note(Note{What: NoteApprovals, Text: fmt.Sprintf("%d dropped for lack of space, %d questions ended by wrong answers, %d checks refused",
			c.Dropped-a.told.Dropped, c.Ended-a.told.Ended, c.Refused-a.told.Refused)})
		a.told = c
	}
}

// addApproval takes a client's request to vouch for it. Asked again under the same key,
// which npm entry nodes give out for a whole period, it starts anew: there must be
// another question before there is an answer.
func (n *Node) addApproval(req *message.Request) message.Response {
	body := message.Asked[message.ApprovalAddRequest](req)
	kind, terms := n.approvalKind(body.Action)
	switch {
	case kind == nil:
		return message.Refuse(message.CodeInvalidAction)
	case !draw.Valid(body.StartedAt, n.env.Wall(), terms.Period):
		return message.Refuse(message.CodeWrongApprovalTime)
	case !kind.Accepts(body.Info):
		return message.Refuse(message.CodeInvalidInformation)
	case body.Key == "":
		return message.Refuse(message.CodeUnsuitableKey)
	}
	book, client := n.approvalBook(), req.Client.Unmap()
	row := book.rows.get(body.Key)
	if row != nil && (row.action != body.Action || row.startedAt != body.StartedAt || row.client != client && !sameHost(row.client, client)) {
		// A key names one approval of one client: neither another client nor another
		// period takes it over.
		return message.Refuse(message.CodeUnsuitableKey)
	}
	if row == nil {
		row = book.enter(approval{key: body.Key, action: kind.Name(), client: client, startedAt: body.StartedAt})
	}
	row.info, row.added = body.Info, n.env.Now()
	row.ask("")
	book.renewed(body.Key)
	return message.Response{}
}

// ask begins another question. Nothing of the last one counts any more.
func (row *approval) ask(answer string) {
	row.question++
	row.answer, row.wrong, row.right, row.place, row.count, row.usedBy = answer, 0, false, 0, 0, nil
}

// serveApprovalInfo gives an entry node our part of the question, and decides which
// answer we expect.
func serveApprovalInfo(t *Task) {
	n, body := t.node, message.Asked[message.ApprovalInfoRequest](&t.req)
	kind, terms := n.approvalKind(body.Action)
	if kind == nil {
		t.reply(message.Refuse(message.CodeInvalidAction))
		return
	}
	row := n.liveApproval(body.Key, terms)
	if row == nil || row.action != body.Action {
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	part, answer := t.issue(kind, row)
	if n.approvals.rows.get(body.Key) != row { // gone while the part was made
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	row.ask(answer)
	n.approvals.renewed(row.key)
	t.reply(message.Response{Body: &message.ApprovalInfo{Info: part}})
}

// liveApproval is the approval of a key while its time is not over, else nil.
func (n *Node) liveApproval(key string, terms Terms) *approval {
	row := n.approvalBook().rows.get(key)
	if row == nil || !draw.Valid(row.startedAt, n.env.Wall(), terms.Period) {
		return nil
	}
	return row
}

// issue makes our part for a client. Work outside the node's thread uses a random stream
// of its own.
func (t *Task) issue(kind ApprovalKind, row *approval) (part, answer string) {
	client, info, random := row.client, row.info, t.node.env.Rand()
	if kind.Price() > 0 {
		random = rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
	}
	t.work(kind.Price(), func() { part, answer = kind.Issue(client, info, random.IntN) })
	return part, answer
}

// serveApprovalCheck tells a node whether the client's answer was right. Each host may
// ask once per question, right or wrong, and not all may; see mayCheck.
func serveApprovalCheck(t *Task) {
	n, body, b := t.node, message.Asked[message.ApprovalCheckRequest](&t.req), t.requestBudget()
	book := n.approvalBook()
	row := book.rows.get(body.Key)
	// Without the check of the action an easy approval would pass for a strict one.
	if row == nil || body.Action != "" && body.Action != row.action {
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	kind, terms := n.approvalKind(row.action)
	host, question := n.hostText(t.req.From), row.question
	open := func() bool {
		return kind != nil && n.liveApproval(body.Key, terms) == row && row.question == question && row.answer != "" && !row.usedBy[host]
	}
	if !open() || !sameHost(row.client, body.ClientIP) {
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	if !t.mayCheck(t.req.From, host, row.client, terms, b) {
		book.counts.Refused++
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	if !open() { // asked meanwhile by the same host, or another question
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	t.reply(n.checkAnswer(row, kind, host, body))
}

// checkAnswer compares an answer with the one that we expect, for a host that may ask. A
// wrong answer counts until there was a right one: from then on a wrong one tells a
// searcher nothing, and must not spoil the client's approval. Which part of the answer is
// compared depends on the place among the approvers, so the first right one fixes that.
func (n *Node) checkAnswer(row *approval, kind ApprovalKind, host string, body *message.ApprovalCheckRequest) message.Response {
	n.approvals.noteUse(row, host)
	place, count := slices.Index(body.Approvers, n.self), len(body.Approvers)
	same := !row.right || place == row.place && count == row.count
	switch right := same && place >= 0 && kind.Check(body.Answer, row.answer, place, count); {
	case right && row.right:
		return message.Response{}
	case right:
		row.right, row.place, row.count = true, place, count
		n.approvals.rows.use(row.key)
		n.approvals.touch(row.key)
		return message.Response{}
	case !row.right:
		row.wrong++
		n.approvals.touch(row.key)
		if row.wrong >= n.cfg.ApprovalLimits.WrongAnswers {
			row.answer = ""
			n.approvals.counts.Ended++
		}
	}
	return message.Refuse(message.CodeWrongAnswer)
}
