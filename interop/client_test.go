//go:build interop

package interop

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"spreadable/client"
)

// The Go client library in networks of both kinds. It runs in the test's own process.

// goClient is connected to a node, and stays there unless it is told to move.
func (n *network) goClient(t *testing.T, at *member, o client.Options) *client.Client {
	t.Helper()
	o.Addresses, o.WorkerChange = []string{at.address}, -1
	if n.username != "" {
		o.Auth = &client.Credentials{Username: n.username, Password: n.password}
	}
	c, err := client.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// ask gets a question and the right answer to it: a captcha's is what the approvers have
// in their memories.
func (n *network) ask(t *testing.T, c *client.Client, action string, info any) (*client.Question, string) {
	t.Helper()
	q, err := c.ApprovalQuestion(t.Context(), action, info)
	if err != nil {
		t.Fatalf("question of kind %s from %s: %v", action, c.Worker(), err)
	}
	if action == "client" {
		return q, q.Text
	}
	if _, err := q.Picture(); err != nil {
		t.Error(err)
	}
	return q, n.read(t, asNpm(t, q))
}

// asNpm is the question as the npm client has it.
func asNpm(t *testing.T, q *client.Question) (same question) {
	t.Helper()
	text, err := json.Marshal(q)
	if err == nil {
		err = json.Unmarshal(text, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	return same
}

// use takes an action at a node. The actions of these networks have the names of their
// approvals.
func use(t *testing.T, c *client.Client, at *member, action string, a *client.Approval) error {
	t.Helper()
	return c.Request(t.Context(), action, map[string]int{"x": 1}, nil, client.WithApproval(a), client.At(at.address))
}

// TestGoClientIsApproved: through a node of either kind, with approvers of both kinds,
// for actions at nodes of both kinds; and whatever is wrong with an approval gets the
// code that the npm package has for it.
func TestGoClientIsApproved(t *testing.T) {
	n := mixed(t, "", "")
	for _, entry := range []*member{n.of(true), n.of(false)} {
		for _, action := range []string{"client", "captcha"} {
			t.Run(action+" through "+entry.name, func(t *testing.T) { n.approve(t, entry, action) })
		}
	}
}

func (n *network) approve(t *testing.T, entry *member, action string) {
	both := []*member{n.of(false), n.of(true)}
	c := n.goClient(t, entry, client.Options{})
	q, answer := n.ask(t, c, action, nil)
	if len(q.Approvers) != len(n.members) {
		t.Errorf("approvers are %v, want all %d nodes", q.Approvers, len(n.members))
	}
	for _, at := range both {
		if err := use(t, c, at, action, q.Answer(answer)); err != nil {
			t.Errorf("approved action at %s: %v", at.name, err)
		}
		if err := use(t, c, at, action, q.Answer(answer)); !errors.Is(err, client.CodeWrongAnswer) {
			t.Errorf("used before at %s: %v", at.name, err)
		}
	}

	// A new question empties the approvers' memory of who has asked, so that it is the
	// fault that is refused and not the reuse.
	other := n.goClient(t, entry, client.Options{Source: netip.MustParseAddr("127.0.0.9")})
	foreign, _ := n.ask(t, other, action, nil)
	for _, tt := range []struct {
		name   string
		change func(*client.Approval)
		code   client.Code
	}{
		{"a stale period", func(a *client.Approval) { a.StartedAt -= 900_000 }, client.CodeWrongApprovalTime},
		{"a period to come", func(a *client.Approval) { a.StartedAt += 900_000 }, client.CodeWrongApprovalTime},
		{"an unknown key", func(a *client.Approval) { a.Key = strings.Repeat("0", 32) }, client.CodeWrongAnswer},
		{"another client's key", func(a *client.Approval) { a.Key = foreign.Key }, client.CodeWrongAnswer},
		{"foreign approvers", func(a *client.Approval) { a.Approvers = []string{"localhost:1"} }, client.CodeTooFewDecisions},
		{"an approver named twice", func(a *client.Approval) { a.Approvers = append(a.Approvers, a.Approvers[0]) }, client.CodeInvalidApproval},
		{"an unknown kind", func(a *client.Approval) { a.Action = "nonsense" }, client.CodeInvalidAction},
		{"a wrong answer", func(a *client.Approval) { a.Answer = wrong(action, answer) }, client.CodeWrongAnswer},
	} {
		q, answer = n.ask(t, c, action, nil)
		for _, at := range both {
			a := q.Answer(answer)
			tt.change(a)
			if err := use(t, c, at, action, a); !errors.Is(err, tt.code) {
				t.Errorf("%s at %s: %v, want %s", tt.name, at.name, err, tt.code)
			}
		}
	}
	for _, at := range both {
		err := c.Request(t.Context(), action, nil, nil, client.At(at.address))
		if !errors.Is(err, client.CodeApprovalRequired) {
			t.Errorf("no approval at %s: %v", at.name, err)
		}
	}
}

// wrong is an answer that could be one, and that no approver takes.
func wrong(action, answer string) string {
	if action == "client" {
		return "9.9.9.9"
	}
	return strings.Map(func(r rune) rune {
		if r == '0' {
			return '1'
		}
		return '0'
	}, answer)
}

// TestApprovalBelongsToItsClient: npm nodes believe whatever client IP an approval names;
// ours compare it with the nodes that exist.
func TestApprovalBelongsToItsClient(t *testing.T) {
	n := mixed(t, "", "")
	c := n.goClient(t, n.of(false), client.Options{})
	other := n.goClient(t, n.of(false), client.Options{Source: netip.MustParseAddr("127.0.0.9")})
	q, answer := n.ask(t, other, "client", nil)
	if q.ClientIP != "127.0.0.9" {
		t.Fatalf("the other client comes from %s", q.ClientIP)
	}
	if err := use(t, c, n.of(false), "client", q.Answer(answer)); !errors.Is(err, client.CodeInvalidApproval) {
		t.Errorf("another's approval: %v", err)
	}
	if err := use(t, other, n.of(false), "client", q.Answer(answer)); err != nil {
		t.Errorf("its own: %v", err)
	}
}

// TestGoClientIsRefusedQuestions: what nodes of both kinds say to wishes that make no
// sense.
func TestGoClientIsRefusedQuestions(t *testing.T) {
	n := mixed(t, "", "")
	for _, entry := range []*member{n.of(true), n.of(false)} {
		c := n.goClient(t, entry, client.Options{})
		if _, err := c.ApprovalQuestion(t.Context(), "nonsense", nil); !errors.Is(err, client.CodeInvalidAction) {
			t.Errorf("an unknown kind, at %s: %v", entry.name, err)
		}
		if _, err := c.ApprovalQuestion(t.Context(), "captcha", client.Captcha{Width: 10_000}); !client.IsSchema(err) {
			t.Errorf("a picture too wide, at %s: %v", entry.name, err)
		}
		if _, err := c.ApprovalQuestion(t.Context(), "client", struct{}{}); !client.IsSchema(err) {
			t.Errorf("wishes of kind client, at %s: %v", entry.name, err)
		}
		n.ask(t, c, "captcha", client.Captcha{Width: 180, Background: "#ffffff", Color: "#000000"})
	}
}

// TestGoClientMovesBetweenBothKinds: a node of either kind names workers of both kinds,
// and the client works with them.
func TestGoClientMovesBetweenBothKinds(t *testing.T) {
	n := mixed(t, "user", "pa:ss")
	kinds := make(map[string]bool)
	for _, m := range n.members {
		kinds[m.address] = m.npm
	}
	for _, entry := range []*member{n.of(true), n.of(false)} {
		c := n.goClient(t, entry, client.Options{})
		seen := make(map[bool]bool)
		for range 100 {
			if err := c.ChangeWorker(t.Context()); err != nil {
				t.Fatalf("entry %s: %v", entry.name, err)
			}
			npm, known := kinds[c.Worker()]
			if !known {
				t.Fatalf("worker %s is unknown", c.Worker())
			}
			if !seen[npm] { // the first of its kind gives us a question
				q, answer := n.ask(t, c, "client", nil)
				if err := use(t, c, entry, "client", q.Answer(answer)); err != nil {
					t.Errorf("worker %s: %v", c.Worker(), err)
				}
			}
			seen[npm] = true
		}
		if len(seen) != 2 {
			t.Errorf("entry %s: all of 100 workers are of one kind", entry.name)
		}
	}
}

// TestGoClientOutlivesItsNode: of the nodes that it knows, one dies while it works.
func TestGoClientOutlivesItsNode(t *testing.T) {
	n := mixed(t, "", "")
	first, second := n.of(true), n.of(false)
	c, err := client.Connect(t.Context(), client.Options{Addresses: []string{first.address, second.address}, WorkerChange: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dying, other := first, second
	if c.Worker() == second.address {
		dying, other = second, first
	}
	if _, err := c.ApprovalQuestion(t.Context(), "client", nil); err != nil {
		t.Fatal(err)
	}
	dying.kill()
	if err := c.Request(t.Context(), "client", nil, nil); !errors.Is(err, client.CodeApprovalRequired) || c.Worker() != other.address {
		t.Errorf("worker %s says %v, want a refusal from %s", c.Worker(), err, other.name)
	}
}

// TestNpmClientsCaptchaIsJudgedByBoth: what is wrong with the npm client's captcha, whose
// question comes from a node of ours.
func TestNpmClientsCaptchaIsJudgedByBoth(t *testing.T) {
	n := mixed(t, "", "")
	p := n.npmClient(t, n.of(false))
	other := n.goClient(t, n.of(false), client.Options{Source: netip.MustParseAddr("127.0.0.9")})
	foreign, _ := n.ask(t, other, "captcha", nil)
	for _, tt := range []struct {
		name, key string
		value     func(q question, right string) any
		code      client.Code
	}{
		{"used before", "", nil, client.CodeWrongAnswer},
		{"a wrong answer", "answer", func(_ question, right string) any { return wrong("captcha", right) }, client.CodeWrongAnswer},
		{"a stale period", "startedAt", func(q question, _ string) any { return q["startedAt"].(float64) - 900_000 }, client.CodeWrongApprovalTime},
		{"another client's key", "key", func(question, string) any { return foreign.Key }, client.CodeWrongAnswer},
		{"foreign approvers", "approvers", func(question, string) any { return []string{"localhost:1"} }, client.CodeTooFewDecisions},
	} {
		var q question
		p.must(t, "question", map[string]any{"action": "captcha"}, &q)
		right := n.read(t, q)
		info := q.answered(right)
		for _, at := range []*member{n.of(false), n.of(true)} {
			if tt.key != "" {
				info[tt.key] = tt.value(q, right)
			} else if err := request(p, at, "captcha", info); err != nil {
				t.Errorf("first use at %s: %v", at.name, err)
			}
			if got := code(request(p, at, "captcha", info)); got != string(tt.code) {
				t.Errorf("%s: %s says %q, want %s", tt.name, at.name, got, tt.code)
			}
		}
	}
}
