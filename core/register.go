package core

import (
	"errors"
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// Registration: a node without a backlink asks a provider where it could register
// (KindProvide), chooses, and asks the chosen node to list it (KindRegister). The chosen
// node interviews it first. What the provider answers and how the newcomer chooses depend
// on the rule: original.go, and directed.go with placement.go.

// serveProvide answers where the target could register.
func serveProvide(t *Task) {
	target := message.Asked[message.ProvideRequest](&t.req).Target
	if target.IsZero() {
		t.reply(message.Refuse(message.CodeInvalidTarget))
		return
	}
	t.reply(t.node.cfg.rule.provide(&t.node.level1, t))
}

// confirmSlave answers a slave that is listed already: it just gets the number of slaves
// again.
func (n *Node) confirmSlave(req *message.Request) (message.Response, bool) {
	body := message.Asked[message.RegisterRequest](req)
	if body.Target != req.From || !n.level1.hasSlave(body.Target) || body.Draw != n.cfg.drawText || otherLevels(body.Levels, n.agreedLevels(body.Levels)) != nil {
		return message.Response{}, false
	}
	return n.level1.registered(), true
}

// serveRegister lists a newcomer as a slave, after an interview. A node may have asked
// twice; then it is listed once.
func serveRegister(t *Task) {
	n, l, body := t.node, &t.node.level1, message.Asked[message.RegisterRequest](&t.req)
	target := body.Target
	if target == n.self || target.IsZero() || target != t.req.From {
		t.reply(message.Refuse(message.CodeInvalidTarget))
		return
	}
	if err := l.disagrees(body); err != nil {
		t.reply(message.Response{Err: err})
		return
	}
	if !l.hasSlave(target) {
		if l.shuns(target, pauseFrom) || l.hasJustShed(target) || !n.cfg.rule.hasCapacity(l, body.NetworkSize) {
			t.reply(message.Refuse(message.CodeMasterFull))
			return
		}
		if !l.hostHasCapacity(target) || !l.mayBecomeMaster(t, target) {
			t.reply(l.refuseHost(target))
			return
		}
		l.interviews++
		err := l.interview(t, target)
		l.interviews--
		if err != nil {
			t.reply(message.Refuse(message.CodeInterviewee))
			return
		}
	}
	if !l.hasSlave(target) { // it may have been listed during the interview
		if l.isLeaving() {
			t.reply(message.Refuse(message.CodeMasterFull))
			return
		}
		if !l.hostHasCapacity(target) { // or others of its host
			t.reply(l.refuseHost(target))
			return
		}
		known := l.has(target)
		l.addSlave(target, n.env.Now())
		n.cfg.rule.countSlave(l, known)
		if len(l.slaves) == 1 {
			l.announce(body.NetworkSize)
		}
		if l.ledger != nil {
			l.ledger.arrived(target)
		}
	}
	t.reply(l.registered())
}

// registration asks for a place, with the settings that both sides must agree on.
func (n *Node) registration(size int) *message.RegisterRequest {
	return &message.RegisterRequest{
		Target: n.self, NetworkSize: size, Draw: n.cfg.drawText, Levels: n.agreedLevels(message.AutoLevels),
	}
}

// registered is what a new slave is told.
func (l *level) registered() message.Response {
	n := l.node
	return message.Response{Body: &message.Registered{
		Size: len(l.slaves), Draw: n.cfg.drawText, Levels: n.agreedLevels(message.AutoLevels),
	}}
}

// interview asks a newcomer whether it is there. One that was of no use before must show
// its structure, which is what members owe each other.
func (l *level) interview(t *Task, target Peer) error {
	req := message.Request{
		Kind: message.KindInterview, Timeout: t.requestBudget().atMost(l.node.cfg.ServerTimeout),
	}
	if l.hasParted(target) {
		req.Kind = message.KindStructure
		_, err := message.As[message.Structure](t.Call(target, req))
		return err
	}
	_, err := message.As[message.Interview](t.Call(target, req))
	return err
}

// bumpOwnSize brings the own entry among the masters up to date after the slaves changed.
// A node that was no master before enters itself at its next sync.
func (l *level) bumpOwnSize() {
	n := l.node
	if l.masterIndex(n.self) >= 0 {
		l.setMaster(n.self, len(l.slaves), n.env.Now())
	}
}

// askForPlace asks a provider where to register.
func (l *level) askForPlace(t *Task, provider Peer, timeout time.Duration) (*message.Provision, error) {
	n := l.node
	resp := t.Call(provider, message.Request{
		Kind: message.KindProvide, Timeout: timeout,
		Body: &message.ProvideRequest{Target: n.self, Places: n.cfg.rule.wantsPlaces(), Lost: l.formerBacklink()},
	})
	return message.As[message.Provision](resp)
}

// registerAt asks a chosen node to list us and takes it as the backlink when it does.
func (l *level) registerAt(t *Task, chosen Peer, p *message.Provision, timeout time.Duration) error {
	n := l.node
	resp := t.Call(chosen, message.Request{
		Kind: message.KindRegister, Timeout: timeout,
		Body: n.registration(p.NetworkSize),
	})
	answer, err := message.As[message.Registered](resp)
	if err == nil {
		err = n.checkAgreement(answer)
	}
	// to be full, or of a network with other settings, is no fault, and neither is silence:
	// a liar may have named any address
	if !message.IsRefusal(err, message.CodeMasterFull) && !isDisagreement(err) && !message.IsSilence(err) {
		n.judge(err == nil, behavior.Registration, chosen)
	}
	if err != nil {
		return err
	}
	l.setBacklink(chosen)
	l.forgetLoss(chosen)
	for _, r := range p.Results[:min(maxPlaces, len(p.Results))] {
		if r.Address != chosen {
			l.knowElsewhere(r.Address)
		}
	}
	l.knowElsewhere(l.known[0]) // a slave of the former backlink
	l.known[0] = Peer{}
	if l.reserve != nil && !l.isMaster() {
		l.reserve.heard = nil
	}
	if l.reserve != nil {
		l.reserve.former, l.reserve.keptOut = Peer{}, keptOut{}
	}
	l.recovered(chosen)
	if l.isMaster() || len(l.masters.List) == 0 {
		l.setMaster(chosen, max(0, answer.Size), n.env.Now())
	}
	n.env.Note(Note{What: NoteRegistered, About: chosen})
	return nil
}

// eligible reports whether we may become p's slave: not our own, nor, in a network of
// more than two, a slave of ours.
func (l *level) eligible(p Peer, networkSize int) bool {
	return p != l.node.self && !(networkSize > 2 && l.hasSlave(p))
}

// firstBootstrap draws one of the bootstrap addresses, the own one only if there is no
// other.
func (l *level) firstBootstrap() Peer {
	n := l.node
	others := slices.DeleteFunc(slices.Clone(n.cfg.Bootstrap), func(p Peer) bool { return p == n.self })
	if len(others) == 0 {
		return n.self
	}
	return others[n.env.Rand().IntN(len(others))]
}

var errNoMaster = errors.New("no available master")

func (l *level) registerFailed(err error) {
	l.node.env.Note(Note{What: NoteRegisterFailed, Text: err.Error()})
}
