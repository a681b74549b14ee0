package core_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// TestInteraction runs the scripts in testdata/interaction: what nodes say to each other, one rule of the protocol a file. Each begins
// with prose. `go test ./core -run Interaction -rewrite` writes what the nodes say now; read the difference as you would read code.
func TestInteraction(t *testing.T) {
	datadriven.Walk(t, "testdata/interaction", func(t *testing.T, path string) {
		s := &script{t: t, net: newNetwork(t, 25*time.Millisecond, 1)}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.t, s.d = t, d
			command, ok := commands[d.Cmd]
			if !ok {
				d.Fatalf(t, "unknown command")
			}
			out := command(s)
			if out == "" {
				out = "ok"
			}
			return out + "\n"
		})
	})
}

// script is one file while it runs.
type script struct {
	t    *testing.T
	d    *datadriven.TestData
	net  *network
	keys map[int]*message.ApprovalKey // by client: its latest draw
	sent int                          // records of the trace shown before
	told int                          // notes told before
}

// commands by name. Hosts are named by their numbers, from 1 in order of adding.
var commands = map[string]func(*script) string{
	"network":        (*script).network,    // latency= seed=: must come first
	"add-nodes":      (*script).addNodes,   // n= rule= bootstrap= ...: make nodes, see the code for all options
	"fake":           (*script).fake,       // [node=]: a scripted host; one line a kind it answers
	"start":          (*script).start,      // [node=]: one, or all that are not up
	"run":            (*script).run,        // for=: let time pass; prints the nodes' notes, unless quiet
	"sync":           (*script).sync,       // node=: one sync cycle, to its end
	"sync-many":      (*script).syncMany,   // node= times=: the notes are not told
	"targets":        (*script).targets,    // kind=: how often who was asked, since the last trace
	"structure":      (*script).structure,  // [node=]
	"status":         (*script).status,     // [node=]
	"trace":          (*script).trace,      // [from=] [kind=]: requests since the last trace: when sent, from whom, to whom, what, outcome
	"forget":         (*script).forgetSent, // drop the trace until now
	"count":          (*script).count,      // the trace as counts by kind and outcome
	"check":          (*script).check,      // are all invariants met?
	"sizes":          (*script).sizes,      // how many nodes does everybody count?
	"kill":           (*script).kill,       // node=
	"revive":         (*script).revive,     // node=
	"hang":           (*script).hang,       // node=: takes requests, answers none; off=true ends it
	"cut":            (*script).cut,        // from=: hosts from this number on no longer reach those before it
	"heal":           (*script).heal,
	"available-many": (*script).availableMany, // entry= times=: how often who is named
	"ban":            (*script).ban,           // node= at=: node at bans node
	"suspicion":      (*script).suspicion,     // of= at=: all scores
	"bans":           (*script).bans,          // at=
	"request":        (*script).request,       // kind= to= from=|client= ...: one request by hand
	"search":         (*script).search,        // entry= key=: who holds this key
	"available":      (*script).available,     // entry=
	"approve":        (*script).approve,       // entry= client= [action=]: the whole way
	"draw":           (*script).draw,          // entry= client= [action=]
	"add":            (*script).add,           // client= [node=] [time=] [action=] [info=] [key=]: ask approvers to vouch
	"question":       (*script).question,      // client= entry= [confirmed=]
	"act":            (*script).act,           // client= entry= [answer=] [approvers=] [ip=] [time=]
	"check-part":     (*script).checkPart,     // node= from= client= [answer=] [ip=] [key=]: what a node asks an approver
}

// args

func (s *script) text(key, otherwise string) string {
	if arg, ok := s.d.Arg(key); ok {
		return arg.Vals[0]
	}
	return otherwise
}

func (s *script) number(key string, otherwise int) int {
	if !s.d.HasArg(key) {
		return otherwise
	}
	n, err := strconv.Atoi(s.text(key, ""))
	s.must(err)
	return n
}

func (s *script) duration(key string, otherwise time.Duration) time.Duration {
	if !s.d.HasArg(key) {
		return otherwise
	}
	d, err := time.ParseDuration(s.text(key, ""))
	s.must(err)
	return d
}

func (s *script) must(err error) {
	s.t.Helper()
	if err != nil {
		s.d.Fatalf(s.t, "%v", err)
	}
}

func (s *script) peers(key string, otherwise []core.Peer) []core.Peer {
	arg, ok := s.d.Arg(key)
	if !ok {
		return otherwise
	}
	var list []core.Peer
	for _, v := range arg.Vals {
		if v != "" {
			list = append(list, s.peer(v))
		}
	}
	return list
}

func (s *script) peer(text string) core.Peer {
	n, err := strconv.Atoi(text)
	s.must(err)
	return peer.FromID(uint32(n))
}

func (s *script) host(key string) *host {
	n := s.number(key, 0)
	h := s.net.hosts[uint32(n)]
	if h == nil {
		s.d.Fatalf(s.t, "no host %s=%d", key, n)
	}
	return h
}

// chosen returns the host named by node=, or all nodes.
func (s *script) chosen() []*host {
	if s.d.HasArg("node") {
		return []*host{s.host("node")}
	}
	return slices.DeleteFunc(slices.Clone(s.net.order), func(h *host) bool { return h.script != nil })
}

// commands

func (s *script) network() string {
	s.net = newNetwork(s.t, s.duration("latency", 25*time.Millisecond), uint64(s.number("seed", 1)))
	s.sent, s.told, s.keys = 0, 0, nil
	return ""
}

func (s *script) addNodes() string {
	for range s.number("n", 1) {
		c := core.Config{
			Bootstrap:    s.peers("bootstrap", []core.Peer{peer.FromID(1)}),
			ManualSync:   s.d.HasArg("manual"),
			SyncInterval: s.duration("sync", 0),
			MaxFails:     s.number("fails", 0),
			Trusted:      s.d.HasArg("trusted"),
			BanByAddress: s.d.HasArg("ban-by-address"),
			Approvals:    []core.ApprovalKind{core.NewClientApproval(s.terms())},
			Whitelist:    s.list("whitelist"), Blacklist: s.list("blacklist"), Trustlist: s.list("trustlist"),
		}
		if s.text("rule", "directed") == "original" {
			c.Registration = core.Original
		}
		h := s.net.addNode(s.t, s.text("address", ""), c)
		h.node.Offer(&holder{node: h.number})
	}
	return ""
}

func (s *script) terms() core.Terms {
	count, err := draw.ParseCount(s.text("approvers", "r-6"))
	s.must(err)
	level, err := draw.ParseLevel(s.text("decision", "66.6%"))
	s.must(err)
	return core.Terms{Approvers: count, Decision: level, Period: s.duration("period", 5*time.Minute)}
}

func (s *script) list(key string) peer.List {
	arg, _ := s.d.Arg(key)
	list, err := peer.ParseList(arg.Vals)
	s.must(err)
	return list
}

// fake makes a host that answers by a script, or changes what it answers: a line for each kind, then key=value pairs.
//
//	status root=1 registered
//	structure backlink=2 slaves=2,3 masters=1:2,4:1
//	provide-registration size=4 lifetime=320s results=1:4:2,3;5:4:6
//	register size=3
//	refuse register CODE
func (s *script) fake() string {
	answers := make(map[message.Kind]message.Response)
	for _, line := range strings.Split(s.d.Input, "\n") {
		fields := strings.Fields(line)
		values := make(map[string]string)
		for _, f := range fields[1:] {
			k, v, _ := strings.Cut(f, "=")
			values[k] = v
		}
		if fields[0] == "refuse" {
			answers[s.kind(fields[1])] = message.Response{Err: &message.Error{Code: fields[2]}}
			continue
		}
		answers[s.kind(fields[0])] = message.Response{Body: s.body(s.kind(fields[0]), values)}
	}
	out := ""
	h := s.net.hosts[uint32(s.number("node", 0))]
	if h == nil {
		h = s.net.add(s.t, s.text("address", ""), nil)
		out = fmt.Sprintf("host %d", h.number)
	}
	h.script, h.up = answers, true
	if st, err := message.As[message.Structure](answers[message.KindStructure]); err == nil {
		st.Address = h.peer()
	}
	return out
}

func (s *script) kind(name string) message.Kind {
	for k := range message.NumKinds {
		if k.String() == name {
			return k
		}
	}
	s.d.Fatalf(s.t, "unknown kind %q", name)
	return 0
}

func (s *script) body(kind message.Kind, v map[string]string) any {
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		s.must(err)
		return n
	}
	peers := func(text string) (list []core.Peer) {
		for _, p := range strings.Split(text, ",") {
			if p != "" {
				list = append(list, s.peer(p))
			}
		}
		return list
	}
	switch kind {
	case message.KindPing:
		return nil
	case message.KindInterview:
		return &message.Interview{}
	case message.KindStatus:
		_, registered := v["registered"]
		status := &message.Status{IsRegistered: registered}
		if v["root"] != "" {
			status.Root = s.peer(v["root"])
		}
		return status
	case message.KindStructure:
		structure := &message.Structure{Slaves: peers(v["slaves"]), Masters: &message.Masters{}}
		if v["backlink"] != "" {
			structure.Backlink = s.peer(v["backlink"])
		}
		for _, m := range strings.Split(v["masters"], ",") {
			if p, size, ok := strings.Cut(m, ":"); ok {
				structure.Masters.List = append(structure.Masters.List, message.Master{Peer: s.peer(p), Size: uint32(number(size))})
				structure.Masters.Total += number(size)
			}
		}
		return structure
	case message.KindProvide:
		life, err := time.ParseDuration(v["lifetime"])
		s.must(err)
		p := &message.Provision{NetworkSize: number(v["size"]), Lifetime: life}
		for _, r := range strings.Split(v["results"], ";") {
			parts := strings.Split(r, ":")
			p.Results = append(p.Results, message.Place{Address: s.peer(parts[0]), NetworkSize: number(parts[1]), Spares: peers(parts[2])})
		}
		return p
	case message.KindRegister:
		return &message.Registered{Size: number(v["size"])}
	case message.KindQueryButler:
		return &message.QueryAnswer{}
	}
	s.d.Fatalf(s.t, "no script for kind %v", kind)
	return nil
}

func (s *script) start() string {
	for _, h := range s.chosen() {
		if !h.up {
			s.net.start(h)
		}
	}
	return ""
}

func (s *script) run() string {
	s.net.run(s.duration("for", 0))
	if s.d.HasArg("quiet") {
		s.told = len(s.net.notes)
	}
	return s.notes()
}

// notes returns what nodes noted since the last time.
func (s *script) notes() string {
	told := s.told
	s.told = len(s.net.notes)
	return strings.Join(s.net.notes[told:], "\n")
}

func (s *script) sync() string {
	for _, h := range s.chosen() {
		h.node.Sync()
		s.net.settle()
	}
	return s.notes()
}

func (s *script) syncMany() string {
	for range s.number("times", 1) {
		s.host("node").node.Sync()
		s.net.settle()
	}
	s.told = len(s.net.notes)
	return ""
}

func (s *script) targets() string {
	counts := make([]int, s.net.book.Len()+1)
	for _, r := range s.recent() {
		counts[r.to.ID()]++
	}
	var lines []string
	for i, n := range counts {
		if n > 0 {
			lines = append(lines, fmt.Sprintf("%d: %d", i, n))
		}
	}
	return strings.Join(lines, "\n")
}

func (s *script) structure() string {
	var lines []string
	for _, h := range s.chosen() {
		st := h.node.Structure()
		back := "none"
		if !st.Backlink.IsZero() {
			back = fmt.Sprint(st.Backlink.ID())
		}
		line := fmt.Sprintf("%s: backlink %s, slaves %s, masters", h.name(), back, numbers(st.Slaves))
		for _, m := range st.Masters.List {
			line += fmt.Sprintf(" %d:%d", m.Peer.ID(), m.Size)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (s *script) status() string {
	var lines []string
	for _, h := range s.chosen() {
		st := h.node.Status()
		lines = append(lines, fmt.Sprintf("%s: root %d, availability %.2f, sync average %v, master %v, normalized %v, registered %v, size %d",
			h.name(), st.Root.ID(), st.Availability, st.SyncAverage, st.IsMaster, st.IsNormalized, st.IsRegistered, st.NetworkSize))
	}
	return strings.Join(lines, "\n")
}

// recent returns the requests sent since the last look.
func (s *script) recent() []*record {
	recent := s.net.trace[s.sent:]
	s.sent = len(s.net.trace)
	return slices.DeleteFunc(slices.Clone(recent), func(r *record) bool {
		return s.d.HasArg("from") && r.from != s.text("from", "") || s.d.HasArg("kind") && r.kind.String() != s.text("kind", "")
	})
}

func (s *script) trace() string {
	var lines []string
	for _, r := range s.recent() {
		lines = append(lines, r.String())
	}
	if lines == nil {
		return "nothing"
	}
	return strings.Join(lines, "\n")
}

func (s *script) forgetSent() string {
	s.sent, s.told = len(s.net.trace), len(s.net.notes)
	return ""
}

func (s *script) count() string {
	counts := make(map[string]int)
	for _, r := range s.recent() {
		counts[r.kind.String()+" "+r.outcome]++
	}
	var lines []string
	for what, n := range counts {
		lines = append(lines, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (s *script) check() string { return s.net.violation() }

// sizes writes how many nodes each node counts.
func (s *script) sizes() string {
	var texts []string
	for _, h := range s.net.live() {
		texts = append(texts, fmt.Sprintf("%s:%d", h.name(), h.node.NetworkSize()))
	}
	return strings.Join(texts, " ")
}

func (s *script) kill() string   { s.host("node").up = false; return "" }
func (s *script) revive() string { s.net.wakeUp(s.host("node")); return "" }
func (s *script) hang() string {
	h := s.host("node")
	if s.d.HasArg("off") {
		s.net.wakeUp(h)
	} else {
		h.hung = true
	}
	return ""
}

func (s *script) cut() string  { s.net.cut = uint32(s.number("from", 0)); return "" }
func (s *script) heal() string { s.net.cut = 0; return "" }

func (s *script) ban() string {
	who := s.host("node").peer()
	s.host("at").node.Bans().Add(behavior.Ban{
		Who: who, IP: s.net.book.IP(who), Reason: "by hand", Since: s.net.now, Until: s.net.now + s.duration("for", time.Hour),
	})
	return ""
}

func (s *script) bans() string {
	var lines []string
	for _, b := range s.host("at").node.Bans().All() {
		lines = append(lines, fmt.Sprintf("%d %s: %s, until %v", b.Who.ID(), b.IP, b.Reason, b.Until-begin))
	}
	if lines == nil {
		return "none"
	}
	return strings.Join(lines, "\n")
}

func (s *script) suspicion() string {
	var lines []string
	at, of := s.host("at"), s.host("of").peer()
	for a := range behavior.NumActions {
		if x := at.node.Suspicion(a, of); x != 0 {
			lines = append(lines, fmt.Sprintf("%s %.3f", a, x))
		}
	}
	if f := at.node.Fails(of); f > 0 {
		lines = append(lines, fmt.Sprintf("fails %d", f))
	}
	if lines == nil {
		return "none"
	}
	return strings.Join(lines, "\n")
}

// ask sends one request from a host or client and waits for the answer.
func (s *script) ask(from *host, to core.Peer, req message.Request) message.Response {
	req.Timeout = s.duration("timeout", 10*time.Second)
	return s.net.ask(from, to, req)
}

// request sends one by hand: from a host, with root= (1) as its root, or from a client.
func (s *script) request() string {
	kind := s.kind(s.text("kind", ""))
	req := message.Request{Kind: kind, Root: s.peer(s.text("root", "1"))}
	switch kind {
	case message.KindRegister:
		req.Body = &message.RegisterRequest{Target: s.peer(s.text("target", "0"))}
	case message.KindProvide:
		req.Body = &message.ProvideRequest{Target: s.peer(s.text("target", "0")), Places: s.d.HasArg("places")}
	}
	var from *host
	if s.d.HasArg("from") {
		from = s.host("from")
	} else {
		from = s.net.client(s.number("client", 1))
	}
	return s.answer(s.ask(from, s.host("to").peer(), req))
}

// answer writes a response.
func (s *script) answer(resp message.Response) string {
	if resp.Err != nil {
		return outcome(resp.Err)
	}
	switch b := resp.Body.(type) {
	case *message.Provision:
		text := fmt.Sprintf("size %d, lifetime %v", b.NetworkSize, b.Lifetime)
		for _, r := range b.Results {
			text += fmt.Sprintf("\n%d size %d candidates %s", r.Address.ID(), r.NetworkSize, numbers(r.Spares))
		}
		return text
	case *message.Registered:
		return fmt.Sprintf("size %d", b.Size)
	case *message.Interview:
		return fmt.Sprintf("address %d", b.Address.ID())
	case *message.ApprovalInfo:
		return "info " + b.Info
	case *message.ApprovalKey:
		return fmt.Sprintf("approvers %s, key %s, started at %d, client %s", numbers(b.Approvers), b.Key, b.StartedAt.Milliseconds(), b.ClientIP)
	case *message.ApprovalQuestion:
		return "question " + b.Question
	case *message.AvailableNode:
		return fmt.Sprintf("node %d", b.Address.ID())
	case *message.QueryAnswer:
		return fmt.Sprintf("%v, asked %d, answered %d, hops %d, fanout %d", b.Result, b.Coverage.Asked, b.Coverage.Answered, b.Cost.Hops, b.Cost.Fanout)
	}
	return "ok"
}
