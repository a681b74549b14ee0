package core

import (
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// Registration: a node without a backlink asks a provider where it could register (provide-registration), chooses, and
// asks the chosen one to list it (register); that one interviews it first. What the provider answers and how the
// newcomer chooses is the rule's: original.go, directed.go.

// serveProvide answers where the target could register.
func serveProvide(t *Task) {
	target := message.Asked[message.ProvideRequest](&t.req).Target
	if target.IsZero() {
		t.reply(message.Refuse(message.CodeInvalidTarget))
		return
	}
	if t.node.cfg.Registration == Original {
		t.reply(message.Response{Body: t.node.provideOriginal(t)})
	} else {
		t.reply(t.node.provideDirected(t))
	}
}

// serveRegister lists a newcomer as a slave, after an interview. A node that is listed already is told the size again.
func serveRegister(t *Task) {
	n, body := t.node, message.Asked[message.RegisterRequest](&t.req)
	target := body.Target
	if target == n.self || target.IsZero() || target != t.req.From {
		t.reply(message.Refuse(message.CodeInvalidTarget))
		return
	}
	if !n.hasSlave(target) {
		if !n.hasRoom(body.NetworkSize) {
			t.reply(message.Refuse(message.CodeMasterFull))
			return
		}
		n.interviews++
		resp := t.call(target, message.Request{Kind: message.KindInterview, Timeout: t.requestBudget().atMost(n.cfg.ServerTimeout)})
		n.interviews--
		if _, err := message.As[message.Interview](resp); err != nil {
			t.reply(message.Refuse(message.CodeInterviewee))
			return
		}
	}
	if !n.hasSlave(target) { // the interview took a while
		n.addSlave(target, n.env.Now())
		n.bumpOwnSize()
		if n.ledger != nil {
			n.ledger.arrived(target)
		}
	}
	t.reply(message.Response{Body: &message.Registered{Size: len(n.slaves)}})
}

// bumpOwnSize keeps the own entry among the masters in step with a new slave. A node that was no master before enters
// itself at its next sync.
func (n *Node) bumpOwnSize() {
	if n.masterIndex(n.self) >= 0 {
		n.setMaster(n.self, len(n.slaves), n.env.Now())
	}
}

// askForPlace asks a provider where to register.
func (n *Node) askForPlace(t *Task, provider Peer, patience time.Duration) (*message.Provision, error) {
	resp := t.call(provider, message.Request{
		Kind: message.KindProvide, Timeout: patience,
		Body: &message.ProvideRequest{Target: n.self, Places: n.cfg.Registration == Directed},
	})
	return message.As[message.Provision](resp)
}

// registerAt asks a chosen node to list us and takes it as the backlink when it does.
func (n *Node) registerAt(t *Task, chosen Peer, p *message.Provision, patience time.Duration) error {
	resp := t.call(chosen, message.Request{
		Kind: message.KindRegister, Timeout: patience,
		Body: &message.RegisterRequest{Target: n.self, NetworkSize: p.NetworkSize},
	})
	answer, err := message.As[message.Registered](resp)
	if !message.IsRefusal(err, message.CodeMasterFull) { // to be full is no fault
		n.judge(err == nil, behavior.Registration, chosen)
	}
	if err != nil {
		return err
	}
	n.setBacklink(chosen)
	if n.isMaster() || len(n.masters.List) == 0 {
		n.setMaster(chosen, max(0, answer.Size), n.env.Now())
	}
	n.env.Note(Note{What: NoteRegistered, About: chosen})
	return nil
}

// eligible reports whether we may become p's slave: not our own, nor, in a network of more than two, a slave of ours.
func (n *Node) eligible(p Peer, networkSize int) bool {
	return p != n.self && !(networkSize > 2 && n.hasSlave(p))
}

// firstBootstrap picks one of the bootstrap addresses at random, the own address only when there is no other.
func (n *Node) firstBootstrap() Peer {
	others := slices.DeleteFunc(slices.Clone(n.cfg.Bootstrap), func(p Peer) bool { return p == n.self })
	if len(others) == 0 {
		return n.self
	}
	return others[n.env.Rand().IntN(len(others))]
}

var errNoMaster = message.Refusal(message.CodeNoAvailableMaster, "")

func (n *Node) registerFailed(err error) {
	n.env.Note(Note{What: NoteRegisterFailed, Text: err.Error()})
}

// retry is the timer of a node that was refused a place: it asks again, well before its next sync.
func (n *Node) retry() {
	n.retryDue = false
	if n.backlink.IsZero() && !n.syncing && n.cfg.Registration == Directed {
		n.syncing = true
		n.pool.run(n, retryCycle, nil, 0)
	}
}

func retryCycle(t *Task) {
	n := t.node
	b := n.budget(n.cfg.SyncInterval / 2)
	n.findRoot(t, b)
	n.registerDirected(t, b)
	n.syncing = false
}
