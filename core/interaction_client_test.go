package core_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// The commands of the scripts by which clients search and get approved.

// holder is the application of the searches: node i holds the keys that i divides.
type holder struct{ node uint32 }

func (*holder) Name() string { return "holders" }

func (h *holder) Answer(arg any) any {
	if arg.(int)%int(h.node) != 0 {
		return nil
	}
	return []int{int(h.node)}
}

func (*holder) Merge(a, b any) any {
	all := slices.Concat(a.([]int), b.([]int))
	slices.Sort(all)
	return all
}

func (s *script) search() string {
	var out string
	q := &message.QueryRequest{Name: s.text("name", "holders"), Arg: s.number("key", 0)}
	c := s.net.client(s.number("client", 1))
	c.client.Ask(s.host("entry").peer(), 0, q, func(a *message.QueryAnswer, err error) { out = s.answer(message.Response{Body: a, Err: err}) })
	s.net.settle()
	return out
}

func (s *script) available() string {
	return s.answer(s.ask(s.net.client(1), s.host("entry").peer(), message.Request{Kind: message.KindAvailableNode}))
}

func (s *script) availableMany() string {
	counts := make(map[string]int)
	for range s.number("times", 1) {
		counts[s.available()]++
	}
	var lines []string
	for who, n := range counts {
		lines = append(lines, fmt.Sprintf("%s: %d", who, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (s *script) approve() string {
	var out string
	c := s.net.client(s.number("client", 1))
	echo := func(question string) string { return question }
	c.client.Approve(s.host("entry").peer(), 0, s.text("action", "client"), echo, func(key *message.ApprovalKey, err error) {
		out = outcome(err)
		if key != nil {
			out += " by " + numbers(key.Approvers)
		}
	})
	s.net.settle()
	return out
}

func (s *script) draw() string {
	client := s.number("client", 1)
	req := message.Request{Kind: message.KindApprovalKey, Body: &message.ApprovalKeyRequest{Action: s.text("action", "client")}}
	resp := s.ask(s.net.client(client), s.host("entry").peer(), req)
	if key, err := message.As[message.ApprovalKey](resp); err == nil {
		if s.keys == nil {
			s.keys = make(map[int]*message.ApprovalKey)
		}
		s.keys[client] = key
	}
	return s.answer(resp)
}

// key is the latest draw of the client that the command names.
func (s *script) key() (*host, *message.ApprovalKey) {
	client := s.number("client", 1)
	key := s.keys[s.number("draw-of", client)]
	if key == nil {
		s.d.Fatalf(s.t, "client %d has no draw", client)
	}
	changed := *key
	changed.Key = s.text("key", key.Key)
	changed.StartedAt += s.duration("time", 0)
	return s.net.client(client), &changed
}

func (s *script) info() *string {
	if !s.d.HasArg("info") {
		return nil
	}
	info := s.text("info", "")
	return &info
}

func (s *script) add() string {
	c, key := s.key()
	var lines []string
	for _, p := range s.peers("node", key.Approvers) {
		resp := s.ask(c, p, message.Request{Kind: message.KindApprovalAdd, Body: &message.ApprovalAddRequest{
			Action: s.text("action", "client"), Key: key.Key, StartedAt: key.StartedAt, Info: s.info(),
		}})
		lines = append(lines, fmt.Sprintf("%d: %s", p.ID(), s.answer(resp)))
	}
	return strings.Join(lines, "\n")
}

func (s *script) question() string {
	c, key := s.key()
	return s.answer(s.ask(c, s.host("entry").peer(), message.Request{Kind: message.KindApprovalQuestion, Body: &message.ApprovalQuestionRequest{
		Action: s.text("action", "client"), Key: key.Key, Confirmed: s.peers("confirmed", key.Approvers), Info: s.info(),
	}}))
}

func (s *script) act() string {
	if s.d.HasArg("without") {
		return s.answer(s.ask(s.net.client(1), s.host("entry").peer(), message.Request{Kind: message.KindAction, Body: &message.ActionRequest{}}))
	}
	c, key := s.key()
	ip := netip.MustParseAddr(s.text("ip", key.ClientIP.String()))
	return s.answer(s.ask(c, s.host("entry").peer(), message.Request{Kind: message.KindAction, Body: &message.ActionRequest{Proof: &message.Proof{
		Action: s.text("action", "client"), Key: key.Key, StartedAt: key.StartedAt, ClientIP: ip,
		Approvers: s.peers("approvers", key.Approvers), Answer: s.text("answer", c.ip.String()),
	}}}))
}

func (s *script) checkPart() string {
	c, key := s.key()
	ip := netip.MustParseAddr(s.text("ip", key.ClientIP.String()))
	return s.answer(s.ask(s.host("from"), s.host("node").peer(), message.Request{
		Kind: message.KindApprovalCheck, Root: peer.FromID(1),
		Body: &message.ApprovalCheckRequest{Key: key.Key, Answer: s.text("answer", c.ip.String()), Approvers: s.peers("approvers", key.Approvers), ClientIP: ip},
	}))
}
