package core_test

import (
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
	{message.KindRegister, message.CodeInvalidTarget, "no address is named", func(w *town) error {
		return w.register(w.stranger, core.Peer{})
	}},
	{message.KindRegister, message.CodeInvalidTarget, "the receiver's own address is named", func(w *town) error {
		return w.register(w.Host(1), peer.FromID(1))
	}},
	{message.KindRegister, message.CodeInvalidTarget, "another address than the sender's is named", func(w *town) error {
		return w.register(w.stranger, w.newcomer().Peer())
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
	act(message.CodeInvalidAction, "there is no such approval", func(p *message.Proof) { p.Action = "unknown" }),
	act(message.CodeWrongApprovalTime, "the approval is too old", func(p *message.Proof) { p.StartedAt -= 10 * time.Minute }),
	act(message.CodeInvalidApproval, "it is another client's", func(p *message.Proof) { p.ClientIP = otherIP }),
	act(message.CodeInvalidApproval, "an approver is named twice", func(p *message.Proof) { p.Approvers[1] = p.Approvers[0] }),
	act(message.CodeTooFewDecisions, "one of three is named", func(p *message.Proof) { p.Approvers = p.Approvers[:1] }),
	act(message.CodeTooFewDecisions, "more are named than are drawn", func(p *message.Proof) {
		for i := uint32(1); i <= 9; i++ {
			if more := peer.FromID(i); !slices.Contains(p.Approvers, more) {
				p.Approvers = append(p.Approvers, more)
			}
		}
	}),
	act(message.CodeWrongAnswer, "the answer is wrong", func(p *message.Proof) { p.Answer = otherIP.String() }),
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

// act makes a refusal of a proof that would be accepted but for one field.
func act(code, when string, change func(*message.Proof)) refusal {
	return refusal{message.KindAction, code, when, func(w *town) error {
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
		if err := w.asClient(w.visitor, peer.FromID(2), message.KindAction, &message.ActionRequest{Proof: &good}); err != nil {
			return err
		}
		change(proof)
		return w.asClient(w.visitor, entry, message.KindAction, &message.ActionRequest{Proof: proof})
	}}
}
