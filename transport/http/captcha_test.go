package httptransport

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/extensions/captcha"
)

// Attacks on approvals of a running network, by requests of a client and of what claims
// to be a node.

// symbols is what captchas are made of.
const symbols = "23456789abcdefhjkmnprtuvwxy"

// puzzles is a network of nodes that offer captchas. Each has an IP of its own, and an IP
// is a host, as on the internet.
type puzzles struct {
	t     *testing.T
	nodes []*Node
	root  string
}

func newPuzzles(t *testing.T, size int) *puzzles {
	t.Helper()
	kind, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	strict := func(o *Options) {
		o.Config.Hosts = peer.HostsStrict
		o.Config.Approvals = []core.ApprovalKind{core.NewClientApproval(core.DefaultTerms()), kind}
	}
	p := &puzzles{t: t}
	var first *Node
	for i := range size {
		p.nodes = append(p.nodes, startNode(t, fmt.Sprintf("127.0.0.%d", 41+i), first, strict))
		first = p.nodes[0]
	}
	settle(t, p.nodes)
	p.root = first.address()
	return p
}

// ask sends a request of a client to a node, and reads the answer into out.
func (p *puzzles) ask(from string, to *Node, endpoint string, body map[string]any, out any) response {
	p.t.Helper()
	body["timeout"], body["timestamp"] = 10_000, time.Now().UnixMilli()
	text, _ := json.Marshal(body) // texts and numbers always have a JSON form
	got := send(p.t, to, asks{"POST", "/client/" + endpoint, from, headers("client-version", DefaultVersion), string(text)})
	if got.status == 200 && out != nil {
		if err := json.Unmarshal([]byte(got.body), out); err != nil {
			p.t.Fatal(err)
		}
	}
	return got
}

// check asks an approver whether an answer is right, as a node of that address.
func (p *puzzles) check(from, address string, to *Node, key *puzzle, answer string, approvers []string) response {
	p.t.Helper()
	text, _ := json.Marshal(map[string]any{"action": "captcha", "key": key.Key, "answer": answer, "approvers": approvers, "clientIp": key.ClientIP})
	h := headers("node-version", DefaultVersion, "node-root", p.root)
	if address != "" {
		h.Set("original-address", address)
	}
	return send(p.t, to, asks{"POST", "/api/node/check-approval-answer", from, h, string(text)})
}

// puzzle is an approval that waits for its answer.
type puzzle struct {
	Key       string   `json:"key"`
	Approvers []string `json:"approvers"`
	StartedAt int64    `json:"startedAt"`
	ClientIP  string   `json:"clientIp"`
}

// puzzle gets a client another captcha.
func (p *puzzles) puzzle(client string) *puzzle {
	p.t.Helper()
	key := new(puzzle)
	if got := p.ask(client, p.nodes[0], "request-approval-key", map[string]any{"action": "captcha"}, key); got.status != 200 {
		p.t.Fatal(got)
	}
	p.vouch(client, key)
	p.question(client, key)
	return key
}

func (p *puzzles) vouch(client string, key *puzzle) {
	p.t.Helper()
	for _, a := range key.Approvers {
		if got := p.ask(client, p.at(a), "add-approval-info", map[string]any{"action": "captcha", "key": key.Key, "startedAt": key.StartedAt}, nil); got.status != 200 {
			p.t.Fatal(got)
		}
	}
}

func (p *puzzles) question(client string, key *puzzle) {
	p.t.Helper()
	got := p.ask(client, p.nodes[0], "request-approval-question", map[string]any{"action": "captcha", "key": key.Key, "confirmedAddresses": key.Approvers}, nil)
	if got.status != 200 {
		p.t.Fatal(got)
	}
}

func (p *puzzles) at(address string) *Node {
	return p.nodes[slices.IndexFunc(p.nodes, func(n *Node) bool { return n.address() == address })]
}

// answer is what the approvers expect, which only a test can know.
func (p *puzzles) answer(key *puzzle) (answer string) {
	for _, a := range key.Approvers {
		in(p.t, p.at(a), func(c *core.Node) {
			for _, row := range c.State().Approvals {
				if row.Key == key.Key && row.Answer != "" {
					answer += row.Answer[:1]
				}
			}
		})
	}
	return answer
}

// All that the network tells of a captcha without a look at it is nothing: neither the
// client's own host nor any other that is no member, whatever port it claims, and
// whatever list of approvers it sends.
func TestCaptchaIsNotSolvedWithoutLooking(t *testing.T) {
	p := newPuzzles(t, 7)
	const client = "127.0.0.77"
	key := p.puzzle(client)
	port := 20_000
	for _, host := range []string{client, "127.0.0.78"} {
		for i, a := range key.Approvers {
			for _, c := range symbols {
				port++
				guess := strings.Repeat("-", i) + string(c) + strings.Repeat("-", 5-i)
				if got := p.check(host, fmt.Sprintf("%s:%d", host, port), p.at(a), key, guess, key.Approvers); !strings.Contains(got.body, "UNSUITABLE_APPROVAL_KEY") {
					t.Fatalf("approver %d tells %s of %c: %v", i, host, c, got)
				}
			}
		}
	}
	padded := append(slices.Clone(key.Approvers), "198.51.100.1:80", "198.51.100.2:80")
	for _, approvers := range [][]string{padded, key.Approvers[:1], {}} {
		if got := p.check("127.0.0.78", "", p.at(key.Approvers[0]), key, "undefi", approvers); got.status == 200 {
			t.Errorf("with the approvers %v: %v", approvers, got)
		}
	}
	// All this has neither ended the question nor used it up.
	answer := p.answer(key)
	for _, n := range p.nodes {
		right := 0
		for _, a := range key.Approvers {
			if got := p.check(n.options.Address.Host(), n.address(), p.at(a), key, answer, key.Approvers); got.status == 200 {
				right++
			}
		}
		if right != len(key.Approvers) {
			t.Errorf("%s is told by %d of %d approvers that the right answer is right", n.address(), right, len(key.Approvers))
		}
	}
	// Nor is it good a second time, however often the key is added again.
	member := p.nodes[1]
	for i := range 50 {
		p.vouch(client, key)
		if i%2 == 1 {
			p.question(client, key) // another picture
		}
		right := 0
		for _, a := range key.Approvers {
			if got := p.check(member.options.Address.Host(), member.address(), p.at(a), key, answer, key.Approvers); got.status == 200 {
				right++
			}
		}
		if right >= 5 { // of six, as a verifier demands; by chance one is right now and then
			t.Fatalf("reuse %d: %d approvers take the old answer", i+1, right)
		}
	}
}
