package core

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Approval limits what clients do: for each period a few nodes are drawn from the whole
// network, which vouch for the client. All nodes draw the same ones. This file is the
// part of the entry node: keys, what the question is, and whether the answer was right.
// Which nodes approve is in draws.go, the part of the approvers in approver.go, and the
// arithmetic of the draw in package draw.

// Terms are the parameters of a kind of approval.
type Terms struct {
	// Approvers is how many are drawn. More are harder to cheat and cost more requests. In
	// a network that has npm nodes, the default stands for both defaults of npm: an entry
	// node names the square root of the size, at most 64, for the verifiers of npm 0.3.10,
	// and a verifier takes this or the sixth root.
	Approvers draw.Count
	// Decision is how many of them must agree.
	Decision draw.Decision
	// Period is how long one draw lasts. An approval lives for one to two periods.
	Period time.Duration
}

// DefaultTerms are the original's: the sixth root of the network size, 66.6 %, five
// minutes.
func DefaultTerms() Terms {
	approvers, _ := draw.ParseCount("r-6")
	decision, _ := draw.ParseDecision("66.6%")
	return Terms{approvers, decision, 5 * time.Minute}
}

// ApprovalKind is a kind of question by which clients get approval. The result of a
// method depends on its arguments only, and that of Issue on random.
type ApprovalKind interface {
	// Name is the action of the protocol: "client".
	Name() string
	// Terms are the parameters of its draws.
	Terms() Terms
	// Price is the time that Issue takes on a common machine, and Fits and Compose for
	// one part: 0 if that is negligible. With a price they are called by Task.Offload,
	// outside the node's thread, so they must be safe for several goroutines at once.
	Price() time.Duration
	// Accepts reports whether info is what a client may ask of the question. Nil means
	// that it asked for nothing.
	Accepts(info *string) bool
	// Issue makes one approver's part of the question, and the answer that the approver
	// expects.
	Issue(client netip.Addr, info *string, random func(n int) int) (part, answer string)
	// Fits reports whether an approver's part can be used in a question of this kind: an
	// approver may lie.
	Fits(info *string, part string) bool
	// Compose puts the question together from one part for each approver, in the order of
	// the draw. The part is empty if the approver gave none, or none that fits.
	Compose(client netip.Addr, info *string, parts []string) (question string, err error)
	// Check compares a client's answer with what the approver at place i of count
	// expects.
	Check(given, expected string, i, count int) bool
}

// ClientApproval approves every client that can be reached at its IP address: the
// question is the address, and so is the answer.
type ClientApproval struct{ terms Terms }

// NewClientApproval returns the approval of kind "client" on the given terms.
func NewClientApproval(terms Terms) ClientApproval { return ClientApproval{terms} }

// Name implements ApprovalKind.
func (ClientApproval) Name() string { return "client" }

// Terms implements ApprovalKind.
func (a ClientApproval) Terms() Terms { return a.terms }

// Price implements ApprovalKind: texts take no time.
func (ClientApproval) Price() time.Duration { return 0 }

// Accepts implements ApprovalKind: there is nothing to ask for.
func (ClientApproval) Accepts(info *string) bool { return info == nil }

// Issue implements ApprovalKind.
func (ClientApproval) Issue(client netip.Addr, _ *string, _ func(int) int) (part, answer string) {
	ip := peer.FullIPv6(client)
	return ip, ip
}

// Fits implements ApprovalKind.
func (ClientApproval) Fits(_ *string, part string) bool { return part != "" }

// Compose implements ApprovalKind.
func (ClientApproval) Compose(client netip.Addr, _ *string, _ []string) (string, error) {
	return client.String(), nil
}

// Check implements ApprovalKind. A client whose IPv6 is a temporary one may have another
// of its /64 by now.
func (ClientApproval) Check(given, expected string, _, _ int) bool {
	a, errA := peer.ParseIP(given)
	b, errB := peer.ParseIP(expected)
	return errA == nil && errB == nil && sameHost(a, b)
}

// AcceptsAnswer reports whether a text could be an answer at all: an IP. Transports look
// for this method, which an ApprovalKind need not have, to refuse nonsense before any
// approver is asked about it.
func (ClientApproval) AcceptsAnswer(given string) bool {
	_, err := peer.ParseIP(given)
	return err == nil
}

func (n *Node) approvalKind(name string) (ApprovalKind, Terms) {
	for _, k := range n.cfg.Approvals {
		if k.Name() == name {
			return k, k.Terms()
		}
	}
	return nil, Terms{}
}

// serveApprovalKey draws the client's approvers for the current period.
func serveApprovalKey(t *Task) {
	n, action := t.node, message.Asked[message.ApprovalKeyRequest](&t.req).Action
	kind, terms := n.approvalKind(action)
	if kind == nil {
		t.reply(message.Refuse(message.CodeInvalidAction))
		return
	}
	start := draw.Start(n.env.Wall(), terms.Period)
	drawing := n.drawingOf(kind, start, t.req.Client, 0)
	approvers := n.approversOf(t, terms, drawing, drawLife)
	key := n.approvalKey(t.req.Client, action, start, approvers)
	n.approvalBook().issue(key, issuedKey{t.req.Client.Unmap(), approvers, start + 2*terms.Period})
	t.reply(message.Response{Body: &message.ApprovalKey{
		Approvers: approvers, Key: key, StartedAt: start, ClientIP: t.req.Client,
	}})
	n.renewDraw(t, terms, drawing)
}

// approvalKey makes a key that is given out only once: two clients behind one NAT, which
// have one IP, would spoil each other's approvals under a common one.
func (n *Node) approvalKey(client netip.Addr, action string, start time.Duration, approvers []Peer) string {
	texts := make([]string, len(approvers))
	for i, p := range approvers {
		texts[i] = n.cfg.Book.Text(p)
	}
	book := n.approvalBook()
	entry := fmt.Sprintf("%s+%s+%d", n.cfg.Book.Text(n.self), n.approvalSecret(), book.given)
	book.given++
	return draw.Key(client.String(), action, start, entry, texts)
}

// approvalSecret keeps others from computing our keys: all else in a key is public.
// Whatever gets to the approvers with a key before its client shuts the client out, as is
// possible with the original.
func (n *Node) approvalSecret() string {
	book := n.approvalBook()
	if book.secret == "" {
		rng := n.env.Rand()
		book.secret = fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())
	}
	return book.secret
}

// serveApprovalQuestion asks the approvers that the client says have confirmed for their
// parts, and composes the question. They must be of the draw: in the original a client
// could make a node call any address.
func serveApprovalQuestion(t *Task) {
	n, body := t.node, message.Asked[message.ApprovalQuestionRequest](&t.req)
	kind, terms := n.approvalKind(body.Action)
	if kind == nil {
		t.reply(message.Refuse(message.CodeInvalidAction))
		return
	}
	if !kind.Accepts(body.Info) {
		t.reply(message.Refuse(message.CodeInvalidInformation))
		return
	}
	if body.Key == "" {
		t.reply(message.Refuse(message.CodeUnsuitableKey))
		return
	}
	budget := t.requestBudget()
	count, _ := n.counts(terms)
	enough := terms.Decision.Of(count)
	confirmed := n.confirmedFor(t, kind, body, enough)
	if len(confirmed) < enough {
		t.reply(message.Refuse(message.CodeTooFewDecisions))
		return
	}
	parts := make([]string, len(confirmed)) // empty where an approver gives none
	for i, resp := range t.Gather(confirmed, message.Request{
		Kind: message.KindApprovalInfo, Timeout: budget.atMost(n.cfg.ServerTimeout),
		Body: &message.ApprovalInfoRequest{Action: body.Action, Key: body.Key},
	}) {
		if info, err := message.As[message.ApprovalInfo](resp); err == nil {
			parts[i] = info.Info
		}
	}
	var answer message.Response
	t.work(kind.Price()*time.Duration(len(parts)), func() {
		answer = composed(kind, t.req.Client, body.Info, parts, enough)
	})
	t.reply(answer)
}

// confirmedFor returns the approvers that the client says have confirmed, of those that
// were drawn for its key. A client that has changed its entry node since it got the key
// names a key that we do not know. For it we draw anew: for this period, and if too few
// of the approvers are of it, for the one before.
func (n *Node) confirmedFor(t *Task, kind ApprovalKind, body *message.ApprovalQuestionRequest, enough int) []Peer {
	book := n.approvalBook()
	if issued := book.issued.get(body.Key); issued != nil {
		book.issued.use(body.Key)
		return ordered(issued.drawn, body.Confirmed)
	}
	terms, named := kind.Terms(), len(body.Confirmed)
	start := draw.Start(n.env.Wall(), terms.Period)
	of := func(start time.Duration) []Peer {
		drawn := n.approversOf(t, terms, n.drawingOf(kind, start, t.req.Client, named), drawFresh)
		return ordered(drawn, body.Confirmed)
	}
	confirmed := of(start)
	if len(confirmed) < enough && named >= enough {
		confirmed = of(start - terms.Period)
	}
	return confirmed
}

// composed is the question made of the parts that fit, or a refusal if too few do.
func composed(kind ApprovalKind, client netip.Addr, info *string, parts []string, enough int) message.Response {
	decided := 0
	for i, part := range parts {
		if part != "" && kind.Fits(info, part) {
			decided++
		} else {
			parts[i] = ""
		}
	}
	if decided < enough {
		return message.Refuse(message.CodeTooFewDecisions)
	}
	question, err := kind.Compose(client, info, parts)
	if err != nil {
		return message.Refuse(message.CodeInvalidInformation)
	}
	return message.Response{Body: &message.ApprovalQuestion{Question: question}}
}

// work does work outside the node's thread if it has a price, and otherwise at once.
func (t *Task) work(price time.Duration, work func()) {
	if price > 0 {
		t.Offload(price, work)
	} else {
		work()
	}
}

// ordered returns those of wanted that are among the drawn, each once, in the order of
// wanted.
func ordered(drawn, wanted []Peer) []Peer {
	var kept []Peer
	for _, p := range wanted {
		if slices.Contains(drawn, p) && !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// serveAction decides whether a client may take an action.
func serveAction(t *Task) {
	proof := message.Asked[message.ActionRequest](&t.req).Proof
	t.reply(message.Response{Err: t.approved(proof, t.req.Client)})
}

// approved checks the proof of a client at an IP: it draws the approvers of the proof's
// period again and asks those that the client names whether its answer was right. The
// error is the refusal.
func (t *Task) approved(proof *message.Proof, client netip.Addr) error {
	n := t.node
	if proof == nil {
		return message.Refusal(message.CodeApprovalRequired, "")
	}
	kind, terms := n.approvalKind(proof.Action)
	switch {
	case kind == nil:
		return message.Refusal(message.CodeInvalidAction, "")
	case !draw.Valid(proof.StartedAt, n.env.Wall(), terms.Period):
		return message.Refusal(message.CodeWrongApprovalTime, "")
	case !sameHost(proof.ClientIP, client) || peer.Repeats(proof.Approvers):
		return message.Refusal(message.CodeInvalidApproval, "")
	}
	b := t.requestBudget()
	drawn := n.drawnFor(t, kind, proof)
	named := ordered(drawn, proof.Approvers)
	count, most := n.counts(terms)
	// Of the square root npm 0.3.10 takes all, however large the network.
	if !decided(terms, drawn, named, count, most) || len(proof.Approvers) > max(most, len(drawn), Optimum(n.NetworkSize(), levels)) {
		return message.Refusal(message.CodeTooFewDecisions, "")
	}
	var right []Peer
	for i, resp := range t.Gather(named, message.Request{
		Kind: message.KindApprovalCheck, Timeout: b.atMost(n.cfg.ServerTimeout),
		Body: &message.ApprovalCheckRequest{
			Action: proof.Action, Key: proof.Key, Answer: proof.Answer, Approvers: proof.Approvers, ClientIP: proof.ClientIP,
		},
	}) {
		if resp.Err == nil {
			right = append(right, named[i])
		}
	}
	if !decided(terms, drawn, right, count, most) {
		return message.Refusal(message.CodeWrongAnswer, "")
	}
	return nil
}

// decided reports whether as many of the first approvers of a draw agree as the terms
// demand: of those that we would draw, or of those that a node of npm 0.3.10 would.
func decided(terms Terms, drawn, agree []Peer, count, most int) bool {
	for _, n := range []int{count, most} {
		if len(ordered(drawn[:min(n, len(drawn))], agree)) >= terms.Decision.Of(n) {
			return true
		}
	}
	return false
}

// drawnFor returns the approvers of the proof's period: those that we drew when we gave
// out the key, or else by a new draw.
func (n *Node) drawnFor(t *Task, kind ApprovalKind, proof *message.Proof) []Peer {
	terms := kind.Terms()
	if issued := n.approvalBook().issued.get(proof.Key); issued != nil && issued.until == proof.StartedAt+2*terms.Period {
		return issued.drawn
	}
	return n.approversOf(t, terms, n.drawingOf(kind, proof.StartedAt, t.req.Client, len(proof.Approvers)), drawFresh)
}
