package core_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// onTheWire are the refusals that only the wire's decoder gives: what reaches a node in
// memory is a list of approvers already.
var onTheWire = map[message.Kind]string{message.KindApprovalCheck: message.CodeInvalidApproval}

// Every refusal that a row lists occurs, for each of the reasons that the essay gives.
func TestEveryRefusalOccurs(t *testing.T) {
	occurred := make(map[message.Kind][]string)
	for _, r := range slices.Concat(memberRefusals, approverRefusals, entryRefusals, shownRefusals(), applicationRefusals()) {
		t.Run(r.kind.String()+" if "+r.when, func(t *testing.T) {
			if err := r.ask(newTown(t)); !message.IsRefusal(err, r.code) {
				t.Errorf("the answer is %s, want %s", coretest.Outcome(err), r.code)
			}
		})
		occurred[r.kind] = append(occurred[r.kind], r.code)
	}
	for kind := range message.NumKinds {
		for _, code := range kind.Row().Refusals {
			if !slices.Contains(occurred[kind], code) && onTheWire[kind] != code {
				t.Errorf("no case shows that %s is refused with %s", kind, code)
			}
		}
	}
}

// Whatever the fields of a request hold, good and bad values in any combination, it is
// refused only with a code that the row of its kind lists.
func TestNoOtherRefusalOccurs(t *testing.T) {
	w := newTown(t)
	key := w.draw("client")
	w.vouch("client", key)
	random := rand.New(rand.NewPCG(1, 1))
	senders := []*coretest.Host{w.stranger, w.newcomer(), w.Hosts()[1], w.Hosts()[2]}
	for range 400 {
		for kind := range message.NumKinds {
			from := w.visitor
			if kind.FromNode() {
				from = senders[random.IntN(len(senders))]
			}
			to := w.Hosts()[random.IntN(9)].Peer()
			resp := w.Ask(from, to, message.Request{Kind: kind, Root: peer.FromID(1), Timeout: time.Second, Body: w.anyBody(random, kind, key)})
			var refused *message.Error
			if errors.As(resp.Err, &refused) && !slices.Contains(kind.Row().Refusals, refused.Code) {
				t.Fatalf("%s is refused with %s, which its row does not list", kind, refused.Code)
			}
		}
	}
}

// anyBody makes a body of the kind with fields that are right or wrong.
func (w *town) anyBody(random *rand.Rand, kind message.Kind, key *message.ApprovalKey) any {
	something := "something"
	var (
		action = pick(random, "client", "client", "mute", "unknown")
		name   = pick(random, key.Key, key.Key, "unknown", "")
		start  = pick(random, key.StartedAt, key.StartedAt, key.StartedAt-10*time.Minute, -1)
		info   = pick(random, nil, nil, &something)
		list   = pick(random, key.Approvers, key.Approvers, nil, []core.Peer{{}, {}}, []core.Peer{w.stranger.Peer()})
		ip     = pick(random, w.visitor.IP, netip.MustParseAddr("192.0.2.99"), netip.Addr{})
		target = pick(random, core.Peer{}, peer.FromID(1), peer.FromID(2), w.stranger.Peer())
		query  = pick(random, "holders", "strict", "long", "approved", "unknown")
	)
	switch kind {
	case message.KindStructure:
		return &message.Introduction{}
	case message.KindProvide:
		return &message.ProvideRequest{Target: target}
	case message.KindRegister:
		return &message.RegisterRequest{Target: target}
	case message.KindApprovalInfo:
		return &message.ApprovalInfoRequest{Action: action, Key: name}
	case message.KindApprovalCheck:
		return &message.ApprovalCheckRequest{Action: action, Key: name, Answer: ip.String(), Approvers: list, ClientIP: ip}
	case message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave, message.KindQuery, message.KindWork:
		return &message.QueryRequest{Name: query, Level: random.IntN(4), Arg: pick(random, 6, 6, 0, failing)}
	case message.KindDirect:
		return &message.DirectRequest{Name: query, Arg: pick(random, 6, 0, failing)}
	case message.KindApprovalKey:
		return &message.ApprovalKeyRequest{Action: action}
	case message.KindApprovalAdd:
		return &message.ApprovalAddRequest{Action: action, Key: name, StartedAt: start, Info: info}
	case message.KindApprovalQuestion:
		return &message.ApprovalQuestionRequest{Action: action, Key: name, Confirmed: list, Info: info}
	case message.KindAction:
		return &message.ActionRequest{Proof: pick(random, nil, &message.Proof{
			Action: action, Key: name, StartedAt: start, ClientIP: ip, Approvers: list, Answer: ip.String(),
		})}
	}
	return nil
}

func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// town is a settled network of nine nodes, each of which can ask for an approval of kind
// client or mute by three approvers, with a client and a host that answers nothing.
type town struct {
	*coretest.Network
	t                 *testing.T
	visitor, stranger *coretest.Host
}

// muteApproval is like ClientApproval, but finds no question for any parts.
type muteApproval struct{ core.ClientApproval }

func (muteApproval) Name() string { return "mute" }
func (muteApproval) Compose(netip.Addr, *string, []string) (string, error) {
	return "", errors.New("nothing to ask")
}

func newTown(t *testing.T) *town {
	t.Helper()
	three, err := draw.ParseCount("3")
	if err != nil {
		t.Fatal(err)
	}
	client := core.NewClientApproval(core.Terms{Approvers: three, Period: 5 * time.Minute})
	n := coretest.New(t, 25*time.Millisecond, 1)
	for range 9 {
		h := n.AddNode("", core.Config{
			Bootstrap: []core.Peer{peer.FromID(1)}, Approvals: []core.ApprovalKind{client, muteApproval{client}},
		})
		h.Node.Offer(&coretest.Holder{Node: h.Number})
		h.Node.OfferFold(strict{name: "strict"})
		h.Node.OfferFold(strict{"long", message.Terms{Work: true}})
		h.Node.OfferFold(strict{"approved", message.Terms{Clients: true, Approval: "client"}})
		h.Node.OfferDirect(strictDirect{strict{name: "strict"}})
		h.Start()
	}
	n.Run(160 * time.Second)
	if v := n.Violation(); v != "" {
		t.Fatal(v)
	}
	return &town{n, t, n.Client(1), n.Play("", coretest.Answers{})}
}

// newcomer is a host that answers an interview, and nothing else.
func (w *town) newcomer() *coretest.Host {
	return w.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}}})
}

// member is a node of the network, which may check answers.
func (w *town) member() *coretest.Host { return w.Hosts()[7] }

// asNode asks a node as another one would, asClient as a client.
func (w *town) asNode(from *coretest.Host, to core.Peer, kind message.Kind, body any) error {
	return w.Ask(from, to, message.Request{Kind: kind, Root: peer.FromID(1), Timeout: 10 * time.Second, Body: body}).Err
}

func (w *town) asClient(from *coretest.Host, to core.Peer, kind message.Kind, body any) error {
	return w.Ask(from, to, message.Request{Kind: kind, Timeout: 10 * time.Second, Body: body}).Err
}

// entry is the node that the client asks.
var entry = peer.FromID(5)

// draw gets the client's approvers.
func (w *town) draw(action string) (key *message.ApprovalKey) {
	w.visitor.Client.Draw(entry, 0, action, func(k *message.ApprovalKey, _ error) { key = k })
	w.Settle()
	return key
}

// vouch makes all approvers vouch for the client, and returns the first of them.
func (w *town) vouch(action string, key *message.ApprovalKey) core.Peer {
	for _, p := range key.Approvers {
		_ = w.asClient(w.visitor, p, message.KindApprovalAdd, &message.ApprovalAddRequest{Action: action, Key: key.Key, StartedAt: key.StartedAt})
	}
	return key.Approvers[0]
}

// refusal is one way to be refused.
type refusal struct {
	kind message.Kind
	code string
	when string
	ask  func(*town) error
}
