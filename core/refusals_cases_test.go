package core_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// memberRefusals are those of the requests by which nodes find their place and pass
// queries on.
var memberRefusals = []refusal{
	{message.KindProvide, message.CodeInvalidTarget, "no address is named", func(w *town) error {
		return w.asNode(w.stranger, entry, message.KindProvide, &message.ProvideRequest{})
	}},
	{message.KindProvide, message.CodeMasterFull, "as many of the newcomer's host are on their way as have a place", func(w *town) (err error) {
		for i := range core.DefaultHostPlaces + 1 {
			port := w.Play(fmt.Sprintf("198.51.100.1:%d", i+1), coretest.Answers{})
			err = w.asNode(port, peer.FromID(1), message.KindProvide, &message.ProvideRequest{Target: port.Peer(), Places: true})
		}
		return err
	}},
	{message.KindRegister, message.CodeInvalidTarget, "no address is named", func(w *town) error {
		return w.register(w.stranger, core.Peer{})
	}},
	{message.KindRegister, message.CodeInvalidTarget, "the receiver's own address is named", func(w *town) error {
		return w.register(w.Host(1), peer.FromID(1))
	}},
	{message.KindRegister, message.CodeInvalidTarget, "another address than the sender's is named", func(w *town) error {
		return w.register(w.stranger, w.newcomer().Peer())
	}},
	{message.KindRegister, message.CodeLevelsDiffer, "the newcomer has more levels", func(w *town) error {
		return w.asNode(w.stranger, peer.FromID(1), message.KindRegister, &message.RegisterRequest{Target: w.stranger.Peer(), Levels: 2})
	}},
	{message.KindRegister, message.CodeDrawDiffers, "the newcomer draws otherwise", func(w *town) error {
		return w.asNode(w.stranger, peer.FromID(1), message.KindRegister, &message.RegisterRequest{Target: w.stranger.Peer(), Draw: "host network none prefix"})
	}},
	{message.KindRegister, message.CodeInterviewee, "the newcomer does not answer", func(w *town) error {
		return w.register(w.stranger, w.stranger.Peer())
	}},
	{message.KindRegister, message.CodeMasterFull, "the master is settled and has no capacity", func(w *town) (err error) {
		for range 9 {
			newcomer := w.newcomer()
			if err = w.register(newcomer, newcomer.Peer()); err != nil {
				break
			}
		}
		return err
	}},
	{message.KindBranch, message.CodeLevelsDiffer, "the network has one level", func(w *town) error {
		return w.asNode(w.stranger, entry, message.KindBranch, &message.BranchRequest{Levels: 2})
	}},
	{message.KindBranch, message.CodeInvalidTarget, "the network has no such level", func(w *town) error {
		return w.asNode(w.stranger, entry, message.KindBranch, &message.BranchRequest{Levels: 1})
	}},
	{message.KindBranch, message.CodeNoBranch, "the receiver has none", func(w *town) error {
		young := w.AddNode("", core.Config{Levels: 2, Bootstrap: []core.Peer{w.stranger.Peer()}})
		young.Start()
		return w.asNode(w.stranger, young.Peer(), message.KindBranch, &message.BranchRequest{Levels: 2})
	}},
	unknownQuery(message.KindQueryMaster, 2),
	unknownQuery(message.KindQueryButler, 1),
	unknownQuery(message.KindQuerySlave, 0),
	{message.KindQuery, message.CodeUnknownQuery, "no application answers it", func(w *town) error {
		return w.asClient(w.visitor, entry, message.KindQuery, &message.QueryRequest{Name: "unknown"})
	}},
}

// register asks node 1 to list the target.
func (w *town) register(from *coretest.Host, target core.Peer) error {
	return w.asNode(from, peer.FromID(1), message.KindRegister, &message.RegisterRequest{Target: target})
}

func unknownQuery(kind message.Kind, level int) refusal {
	return refusal{kind, message.CodeUnknownQuery, "no application answers it", func(w *town) error {
		return w.asNode(w.stranger, entry, kind, &message.QueryRequest{Name: "unknown", Level: level})
	}}
}

// approverRefusals are those of the three requests that an approver gets.
var approverRefusals = []refusal{
	add(message.CodeInvalidAction, "there is no such approval", func(b *message.ApprovalAddRequest) { b.Action = "unknown" }),
	add(message.CodeWrongApprovalTime, "the period has ended", func(b *message.ApprovalAddRequest) { b.StartedAt -= 10 * time.Minute }),
	add(message.CodeWrongApprovalTime, "the period has not begun", func(b *message.ApprovalAddRequest) { b.StartedAt += 5 * time.Minute }),
	add(message.CodeWrongApprovalTime, "it is no start of a period", func(b *message.ApprovalAddRequest) { b.StartedAt++ }),
	add(message.CodeInvalidInformation, "there is nothing to ask for", func(b *message.ApprovalAddRequest) { b.Info = new(string) }),
	{message.KindApprovalAdd, message.CodeUnsuitableKey, "the key is another client's", func(w *town) error {
		key := w.draw("client")
		return w.asClient(w.Client(2), w.vouch("client", key), message.KindApprovalAdd,
			&message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: key.StartedAt})
	}},
	{message.KindApprovalInfo, message.CodeInvalidAction, "there is no such approval", func(w *town) error {
		key := w.draw("client")
		return w.part(w.stranger, w.vouch("client", key), "unknown", key)
	}},
	{message.KindApprovalInfo, message.CodeUnsuitableKey, "no client has asked it to vouch", func(w *town) error {
		return w.part(w.stranger, entry, "client", &message.ApprovalKey{Key: "unknown"})
	}},
	{message.KindApprovalInfo, message.CodeUnsuitableKey, "the key is for another action", func(w *town) error {
		key := w.draw("client")
		return w.part(w.stranger, w.vouch("client", key), "mute", key)
	}},
	check(message.CodeUnsuitableKey, "the key is unknown", func(b *message.ApprovalCheckRequest) { b.Key = "unknown" }),
	check(message.CodeUnsuitableKey, "the key is for another action", func(b *message.ApprovalCheckRequest) { b.Action = "mute" }),
	check(message.CodeUnsuitableKey, "the client is another", func(b *message.ApprovalCheckRequest) { b.ClientIP = otherIP }),
	check(message.CodeWrongAnswer, "the answer is wrong", func(b *message.ApprovalCheckRequest) { b.Answer = otherIP.String() }),
	check(message.CodeWrongAnswer, "the receiver is not among the approvers", func(b *message.ApprovalCheckRequest) { b.Approvers = b.Approvers[1:] }),
	{message.KindApprovalCheck, message.CodeUnsuitableKey, "it has not been asked for its part", func(w *town) error {
		key := w.draw("client")
		at := w.vouch("client", key)
		return w.asNode(w.member(), at, message.KindApprovalCheck, goodCheck(key))
	}},
	{message.KindApprovalCheck, message.CodeUnsuitableKey, "the sender is no member", func(w *town) error {
		key := w.draw("client")
		at := w.vouch("client", key)
		_ = w.part(w.stranger, at, "client", key)
		return w.asNode(w.stranger, at, message.KindApprovalCheck, goodCheck(key))
	}},
	{message.KindApprovalAdd, message.CodeUnsuitableKey, "the key is of another period", func(w *town) error {
		key := w.draw("client")
		at := w.vouch("client", key)
		return w.asClient(w.visitor, at, message.KindApprovalAdd,
			&message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: key.StartedAt - 5*time.Minute})
	}},
	{message.KindApprovalCheck, message.CodeUnsuitableKey, "the sender asks a second time", func(w *town) error {
		key := w.draw("client")
		at := w.vouch("client", key)
		_ = w.part(w.stranger, at, "client", key)
		if err := w.asNode(w.member(), at, message.KindApprovalCheck, goodCheck(key)); err != nil {
			return err
		}
		return w.asNode(w.member(), at, message.KindApprovalCheck, goodCheck(key))
	}},
}

var otherIP = netip.MustParseAddr("192.0.2.99")

// part asks an approver for its part of the question.
func (w *town) part(from *coretest.Host, at core.Peer, action string, key *message.ApprovalKey) error {
	return w.asNode(from, at, message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: action, Key: key.Key})
}

// add makes a refusal of a request to vouch that would be granted but for one field.
func add(code, when string, change func(*message.ApprovalAddRequest)) refusal {
	return refusal{message.KindApprovalAdd, code, when, func(w *town) error {
		key := w.draw("client")
		body := &message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: key.StartedAt}
		if err := w.asClient(w.visitor, key.Approvers[0], message.KindApprovalAdd, body); err != nil {
			return err
		}
		changed := *body
		change(&changed)
		return w.asClient(w.visitor, key.Approvers[0], message.KindApprovalAdd, &changed)
	}}
}

// check makes a refusal of a check that would succeed but for one field.
func check(code, when string, change func(*message.ApprovalCheckRequest)) refusal {
	return refusal{message.KindApprovalCheck, code, when, func(w *town) error {
		key := w.draw("client")
		at := w.vouch("client", key)
		_ = w.part(w.stranger, at, "client", key)
		body := goodCheck(key)
		change(body)
		return w.asNode(w.member(), at, message.KindApprovalCheck, body)
	}}
}

// goodCheck is a check of the right answer.
func goodCheck(key *message.ApprovalKey) *message.ApprovalCheckRequest {
	return &message.ApprovalCheckRequest{
		Action: "client", Key: key.Key, Answer: key.ClientIP.String(), Approvers: key.Approvers, ClientIP: key.ClientIP,
	}
}

// entryRefusals are those of the requests that a client sends to the node it works with.
var entryRefusals = []refusal{
	{message.KindApprovalKey, message.CodeInvalidAction, "there is no such approval", func(w *town) error {
		return w.asClient(w.visitor, entry, message.KindApprovalKey, &message.ApprovalKeyRequest{Action: "unknown"})
	}},
	question(message.CodeInvalidAction, "there is no such approval", func(b *message.ApprovalQuestionRequest) { b.Action = "unknown" }),
	question(message.CodeInvalidInformation, "there is nothing to ask for", func(b *message.ApprovalQuestionRequest) { b.Info = new(string) }),
	question(message.CodeUnsuitableKey, "there is no key", func(b *message.ApprovalQuestionRequest) { b.Key = "" }),
	question(message.CodeTooFewDecisions, "no approver knows the key", func(b *message.ApprovalQuestionRequest) { b.Key = "unknown" }),
	question(message.CodeTooFewDecisions, "one of three has agreed", func(b *message.ApprovalQuestionRequest) { b.Confirmed = b.Confirmed[:1] }),
	question(message.CodeTooFewDecisions, "the same approver is named thrice", func(b *message.ApprovalQuestionRequest) {
		b.Confirmed = []core.Peer{b.Confirmed[0], b.Confirmed[0], b.Confirmed[0]}
	}),
	{message.KindApprovalQuestion, message.CodeTooFewDecisions, "the approvers know nothing of the client", func(w *town) error {
		key := w.draw("client")
		return w.question("client", key, func(*message.ApprovalQuestionRequest) {})
	}},
	{message.KindApprovalQuestion, message.CodeInvalidInformation, "no question can be made of the parts", func(w *town) error {
		key := w.draw("mute")
		w.vouch("mute", key)
		return w.question("mute", key, func(*message.ApprovalQuestionRequest) {})
	}},
	{message.KindAction, message.CodeApprovalRequired, "nothing is shown", func(w *town) error {
		return w.asClient(w.visitor, entry, message.KindAction, &message.ActionRequest{})
	}},
}

// proofRefusals are for what is wrong with a proof, whatever it is shown for.
var proofRefusals = []wrongProof{
	{message.CodeInvalidAction, "there is no such approval", func(p *message.Proof) { p.Action = "unknown" }},
	{message.CodeWrongApprovalTime, "the approval is too old", func(p *message.Proof) { p.StartedAt -= 10 * time.Minute }},
	{message.CodeInvalidApproval, "it is another client's", func(p *message.Proof) { p.ClientIP = otherIP }},
	{message.CodeInvalidApproval, "an approver is named twice", func(p *message.Proof) { p.Approvers[1] = p.Approvers[0] }},
	{message.CodeTooFewDecisions, "one of three is named", func(p *message.Proof) { p.Approvers = p.Approvers[:1] }},
	{message.CodeTooFewDecisions, "more are named than are drawn", func(p *message.Proof) {
		for i := uint32(1); i <= 9; i++ {
			if more := peer.FromID(i); !slices.Contains(p.Approvers, more) {
				p.Approvers = append(p.Approvers, more)
			}
		}
	}},
	{message.CodeWrongAnswer, "the answer is wrong", func(p *message.Proof) { p.Answer = otherIP.String() }},
}

// question asks the entry node for the question, with all approvers confirmed.
func (w *town) question(action string, key *message.ApprovalKey, change func(*message.ApprovalQuestionRequest)) error {
	body := &message.ApprovalQuestionRequest{Action: action, Key: key.Key, Confirmed: key.Approvers}
	change(body)
	return w.asClient(w.visitor, entry, message.KindApprovalQuestion, body)
}

// question makes a refusal of a question that would be answered but for one field.
func question(code, when string, change func(*message.ApprovalQuestionRequest)) refusal {
	return refusal{message.KindApprovalQuestion, code, when, func(w *town) error {
		key := w.draw("client")
		w.vouch("client", key)
		if err := w.question("client", key, func(*message.ApprovalQuestionRequest) {}); err != nil {
			return err
		}
		return w.question("client", key, change)
	}}
}

// wrongProof is a proof that would be accepted but for one field.
type wrongProof struct {
	code, when string
	change     func(*message.Proof)
}

// shown is the refusal of a wrong proof that is shown with a request of the kind.
func (p wrongProof) shown(kind message.Kind, body func(*message.Proof) any) refusal {
	return refusal{kind, p.code, p.when, func(w *town) error {
		key := w.draw("client")
		w.vouch("client", key)
		if err := w.question("client", key, func(*message.ApprovalQuestionRequest) {}); err != nil {
			return err
		}
		proof := &message.Proof{
			Action: "client", Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP,
			Approvers: slices.Clone(key.Approvers), Answer: key.ClientIP.String(),
		}
		good := *proof
		good.Approvers = key.Approvers
		if err := w.asClient(w.visitor, peer.FromID(2), kind, body(&good)); err != nil {
			return err
		}
		p.change(proof)
		return w.asClient(w.visitor, entry, kind, body(proof))
	}}
}

// shownRefusals are those of the requests that show a proof.
func shownRefusals() (list []refusal) {
	for _, p := range proofRefusals {
		list = append(list,
			p.shown(message.KindAction, func(p *message.Proof) any { return &message.ActionRequest{Proof: p} }),
			p.shown(message.KindQuery, func(p *message.Proof) any {
				return &message.QueryRequest{Name: "approved", Arg: 1, Proof: p}
			}))
	}
	return list
}

// applicationRefusals are those that an application gives.
func applicationRefusals() (list []refusal) {
	for kind, level := range map[message.Kind]int{
		message.KindQueryMaster: 2, message.KindQueryButler: 1, message.KindQuerySlave: 0, message.KindWork: 0,
	} {
		name := "strict"
		if kind == message.KindWork {
			name = "long"
			list = append(list, unknownQuery(kind, level))
		}
		list = append(list, refusal{kind, message.CodeInvalidQuestion, "the application says so", func(w *town) error {
			return w.asNode(w.stranger, entry, kind, &message.QueryRequest{Name: name, Level: level, Arg: 0})
		}})
		if level == 0 {
			list = append(list, refusal{kind, message.CodeFailed, "the application fails", func(w *town) error {
				return w.asNode(w.stranger, entry, kind, &message.QueryRequest{Name: name, Level: level, Arg: failing})
			}})
		}
	}
	for code, body := range map[string]*message.DirectRequest{
		message.CodeUnknownQuery: {Name: "unknown"}, message.CodeInvalidQuestion: {Name: "strict", Arg: 0}, message.CodeFailed: {Name: "strict", Arg: failing},
	} {
		list = append(list, refusal{message.KindDirect, code, "the application says so", func(w *town) error {
			return w.asNode(w.stranger, entry, message.KindDirect, body)
		}})
	}
	for code, body := range map[string]*message.QueryRequest{
		message.CodeNotAllowed: {Name: "strict", Arg: 1}, message.CodeInvalidQuestion: {Name: "approved", Arg: 0}, message.CodeApprovalRequired: {Name: "approved", Arg: 1},
	} {
		list = append(list, refusal{message.KindQuery, code, "the application says so", func(w *town) error {
			return w.asClient(w.visitor, entry, message.KindQuery, body)
		}})
	}
	return list
}

// failing is the question at which the applications of a town fail.
const failing = -1

// strict is an application that refuses.
type strict struct {
	name  string
	terms message.Terms
}

func (s strict) Name() string         { return s.name }
func (s strict) Terms() message.Terms { return s.terms }
func (strict) Check(question any) error {
	if question == 0 {
		return errors.New("nothing is asked")
	}
	return nil
}
func (strict) Answer(_ *core.Task, question any) (any, error) {
	if question == failing {
		return nil, errors.New("it does not work")
	}
	return nil, nil
}
func (strict) Merge(any, []message.Told) any { return nil }
func (strict) Valid(any, any) error          { return nil }
func (strict) Enough(any, any) bool          { return false }
func (strict) Known(_ any, slaves []core.Peer) ([]core.Peer, []message.Told) {
	return slaves, nil
}

// strictDirect is strict for requests to one node.
type strictDirect struct{ strict }

func (s strictDirect) Check(_ core.Peer, r *message.DirectRequest) error {
	return s.strict.Check(r.Arg)
}
func (s strictDirect) Serve(t *core.Task, _ core.Peer, r *message.DirectRequest) (any, error) {
	return s.Answer(t, r.Arg)
}
