package core_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// sternApproval is a second kind, on the terms of the first: its approvers are the same
// nodes.
type sternApproval struct{ core.ClientApproval }

func (sternApproval) Name() string { return "stern" }

// An approval of one kind is none of another, even if the same nodes have given it: they
// look at what it was given for.
func TestAnApprovalIsForItsActionOnly(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	easy := core.NewClientApproval(core.Terms{Period: time.Hour})
	for range 9 {
		n.AddNode("", core.Config{
			Bootstrap: []core.Peer{peer.FromID(1)},
			Approvals: []core.ApprovalKind{easy, sternApproval{easy}},
		}).Start()
	}
	n.Run(160 * time.Second)
	c := n.Client(1)
	var key *message.ApprovalKey
	c.Client.Approve(peer.FromID(1), 0, "client", func(question string) string { return question }, func(k *message.ApprovalKey, err error) {
		if err != nil {
			t.Fatal(err)
		}
		key = k
	})
	n.Settle()
	for i, action := range []string{"stern", "client"} {
		err := n.Ask(c, peer.FromID(uint32(2+i)), message.Request{Kind: message.KindAction, Timeout: 10 * time.Second, Body: &message.ActionRequest{Proof: &message.Proof{
			Action: action, Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: key.ClientIP.String(),
		}}}).Err
		if granted := err == nil; granted != (action == "client") {
			t.Errorf("an approval of kind client, shown for %s: %v", action, coretest.Outcome(err))
		}
	}
}

// A client's key cannot be worked out from what is public and taken to the approvers
// first, and a client that asks again, or another behind the same NAT, gets another key.
func TestKeysCannotBeForetold(t *testing.T) {
	n := settled(t, 9)
	c := n.Client(1)
	var keys []*message.ApprovalKey
	for range 2 {
		c.Client.Draw(peer.FromID(1), 0, "client", func(k *message.ApprovalKey, _ error) { keys = append(keys, k) })
		n.Settle()
	}
	if keys[0].Key == keys[1].Key {
		t.Errorf("asked twice, the key is %s", keys[0].Key)
	}
	var approvers []string
	for _, p := range keys[0].Approvers {
		approvers = append(approvers, n.Book.Text(p))
	}
	if keys[0].Key == draw.Key(keys[0].ClientIP.String(), "client", keys[0].StartedAt, n.Book.Text(peer.FromID(1)), approvers) {
		t.Error("the key is made of public facts only")
	}
}

// digits is a kind of approval whose answer has one of ten digits for each approver.
type digits struct{ core.ClientApproval }

func (digits) Name() string { return "digits" }
func (digits) Issue(_ netip.Addr, _ *string, random func(int) int) (part, answer string) {
	return "a digit", string(rune('0' + random(10)))
}
func (digits) Compose(netip.Addr, *string, []string) (string, error) { return "some digits", nil }
func (digits) Check(given, expected string, i, count int) bool {
	return len(given) == count && given[i:i+1] == expected
}

// puzzles is a settled network of so many nodes with approvals of kind digits.
func puzzles(t *testing.T, nodes int) *town {
	t.Helper()
	three, err := draw.ParseCount("3")
	if err != nil {
		t.Fatal(err)
	}
	kind := digits{core.NewClientApproval(core.Terms{Approvers: three, Period: 5 * time.Minute})}
	n := coretest.New(t, 25*time.Millisecond, 1)
	for range nodes {
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Approvals: []core.ApprovalKind{kind}}).Start()
	}
	n.Run(160 * time.Second)
	return &town{n, t, n.Client(1), n.Play("", coretest.Answers{})}
}

// puzzle gets the client another question.
func (w *town) puzzle() *message.ApprovalKey {
	key := w.draw("digits")
	w.vouch("digits", key)
	if err := w.question("digits", key, func(*message.ApprovalQuestionRequest) {}); err != nil {
		w.t.Fatal(err)
	}
	return key
}

// try asks the i-th approver whether a digit is right.
func (w *town) try(from *coretest.Host, key *message.ApprovalKey, i, digit int) error {
	answer := []byte("---")
	answer[i] = byte('0' + digit)
	return w.asNode(from, key.Approvers[i], message.KindApprovalCheck, &message.ApprovalCheckRequest{
		Action: "digits", Key: key.Key, Answer: string(answer), Approvers: key.Approvers, ClientIP: key.ClientIP,
	})
}

// Whatever is no member learns nothing from an approver, whatever it says of its place:
// not the client's own host, none that names no address, none whose backlink does not
// list it or that names one which is no master.
func TestStrangersCheckNothing(t *testing.T) {
	w := puzzles(t, 9)
	claims := func(backlink core.Peer) *coretest.Host {
		return w.Play("", coretest.Answers{message.KindStructure: {Body: &message.Structure{Backlink: backlink, Masters: &message.Masters{}}}})
	}
	accomplice := claims(core.Peer{})
	liar := claims(accomplice.Peer())
	accomplice.Actor = coretest.Answers{message.KindStructure: {Body: &message.Structure{Slaves: []core.Peer{liar.Peer()}, Masters: &message.Masters{}}}}
	for what, from := range map[string]*coretest.Host{
		"a silent one":                      w.stranger,
		"one without a backlink":            accomplice,
		"one that names a real backlink":    claims(peer.FromID(1)),
		"one with an accomplice":            liar,
		"the approver's own slave, it says": claims(peer.FromID(3)),
	} {
		key := w.puzzle()
		for i := range key.Approvers {
			for digit := range 10 {
				if err := w.try(from, key, i, digit); !message.IsRefusal(err, message.CodeUnsuitableKey) {
					t.Errorf("%s learns of digit %d at approver %d: %s", what, digit, i, coretest.Outcome(err))
				}
			}
		}
	}
	key := w.puzzle()
	resp := w.Ask(w.visitor, key.Approvers[0], message.Request{Kind: message.KindApprovalCheck, Root: peer.FromID(1), Timeout: time.Second, Body: &message.ApprovalCheckRequest{
		Action: "digits", Key: key.Key, Answer: "000", Approvers: key.Approvers, ClientIP: key.ClientIP,
	}})
	if !message.IsRefusal(resp.Err, message.CodeUnsuitableKey) {
		t.Errorf("one without an address: %s", coretest.Outcome(resp.Err))
	}
}

// A client's host may not ask about its own approval, even if there is a member of the
// network on it.
func TestTheClientsHostChecksNothing(t *testing.T) {
	w := puzzles(t, 9)
	member := w.member()
	w.visitor.IP = w.Book.IP(member.Peer())
	key, err := message.As[message.ApprovalKey](w.Ask(w.visitor, entry, message.Request{
		Kind: message.KindApprovalKey, Timeout: time.Second, Body: &message.ApprovalKeyRequest{Action: "digits"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	w.vouch("digits", key)
	if err := w.question("digits", key, func(*message.ApprovalQuestionRequest) {}); err != nil {
		t.Fatal(err)
	}
	for i, p := range key.Approvers {
		if p == member.Peer() {
			continue
		}
		for digit := range 10 {
			if err := w.try(member, key, i, digit); !message.IsRefusal(err, message.CodeUnsuitableKey) {
				t.Errorf("the client's own node learns something: %s", coretest.Outcome(err))
			}
		}
	}
}

// A search by members costs at least as many questions as guessing: an approver tells
// them of one wrong digit, and then nothing. Of 300 questions at one approver it finds a
// tenth, as a guess does.
func TestASearchIsNoBetterThanGuessing(t *testing.T) {
	w := puzzles(t, 12)
	const questions = 300
	found := 0
	for range questions {
		w.Run(100 * time.Millisecond)
		key := w.puzzle()
		digit := 0
		for _, from := range w.Hosts()[:12] {
			if from.Peer() == key.Approvers[0] {
				continue
			}
			if w.try(from, key, 0, digit) == nil {
				found++
				break
			}
			digit++
		}
	}
	if share := float64(found) / questions; share > 0.16 {
		t.Errorf("of %d questions a search has found %d digits, want a tenth", questions, found)
	}
}

// A member that asks about all digits at once learns of one, as one that asks in turn: an
// approver that had to find out first whether the sender is a member looks again.
func TestManyChecksAtOnceAreOne(t *testing.T) {
	w := puzzles(t, 12)
	for _, from := range w.Hosts()[:12] {
		key := w.puzzle()
		told := 0
		for digit := range 10 {
			req := message.Request{Kind: message.KindApprovalCheck, From: from.Peer(), Root: peer.FromID(1), Timeout: 10 * time.Second, Body: &message.ApprovalCheckRequest{
				Action: "digits", Key: key.Key, Answer: fmt.Sprintf("%d--", digit), Approvers: key.Approvers, ClientIP: key.ClientIP,
			}}
			from.Call(key.Approvers[0], req, coretest.SinkFunc(func(r message.Response) {
				if !message.IsRefusal(r.Err, message.CodeUnsuitableKey) {
					told++
				}
			}), 0)
		}
		w.Settle()
		if told != 1 {
			t.Errorf("of ten checks at once %s learns the outcome of %d", from.Name(), told)
		}
	}
}

// Once an answer was right, wrong ones do not spoil it: a node that has seen the key
// cannot take the approval from the client. Nor does a right answer open the other parts.
func TestWrongAnswersDoNotSpoilARightOne(t *testing.T) {
	w := puzzles(t, 12)
	key := w.puzzle()
	answer := ""
	for _, p := range key.Approvers {
		for _, row := range w.HostOf(p).Node.State().Approvals {
			if row.Key == key.Key {
				answer += row.Answer
			}
		}
	}
	act := func(node uint32, answer string) error {
		return w.asClient(w.visitor, peer.FromID(node), message.KindAction, &message.ActionRequest{Proof: &message.Proof{
			Action: "digits", Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: answer,
		}})
	}
	for node := uint32(1); node <= 12; node++ {
		want, given := "ok", answer
		if node%3 == 0 {
			want, given = message.CodeWrongAnswer, "xyz"
		}
		if got := coretest.Outcome(act(node, given)); got != want {
			t.Errorf("node %d, answer %s: %s, want %s", node, given, got, want)
		}
	}
}

// A flood of 100,000 clients from one /64 neither costs other clients their approvals nor
// keeps out new ones, at an approver and at an entry node; and the node says so.
func TestAFloodOfClientsKeepsNoneOut(t *testing.T) {
	h := lonely(t, 0)
	h.Start()
	n := h.Network()
	start := coretest.Begin.Truncate(5 * time.Minute)
	vouch := func(client, key string) error {
		return serve(h, message.KindApprovalAdd, client, &message.ApprovalAddRequest{Action: "client", Key: key, StartedAt: start})
	}
	for i := range 50 {
		if err := vouch(fmt.Sprintf("198.51.%d.1", i), fmt.Sprint("honest ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100_000 {
		if err := vouch(fmt.Sprintf("2001:db8::%x:%x", i>>16, i&0xffff), fmt.Sprint("flood ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 50 {
		if err := vouch(fmt.Sprintf("203.0.%d.1", i), fmt.Sprint("late ", i)); err != nil {
			t.Errorf("new client %d: %v", i, err)
		}
	}
	held := make(map[string]int)
	for _, row := range h.Node.State().Approvals {
		name, _, _ := strings.Cut(row.Key, " ")
		held[name]++
	}
	if held["honest"] != 50 || held["late"] != 50 || held["flood"] != 1000 {
		t.Errorf("approvals are left of %v", held)
	}
	h.Node.Sync()
	n.Settle()
	if !slices.ContainsFunc(n.Notes, func(note string) bool { return strings.Contains(note, "99000 dropped for lack of space") }) {
		t.Errorf("the node notes %q", n.Notes)
	}
}
