package httptransport

import (
	"encoding/json"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// From a request's body to the core's message: first, outside the node's thread, to a form that holds checked addresses
// (decodeRequest), then, inside, to one that holds peers (incoming.intern).

// incoming is a request as far as it can be read without the node.
type incoming struct {
	kind    message.Kind
	from    peer.Address // a node's, proven to live at ip; zero for a client
	ip      netip.Addr
	root    string
	timeout time.Duration
	body    incomingBody // nil for kinds without fields
}

// incomingBody becomes the body of a message.Request.
type incomingBody interface{ intern(in *interner) any }

// intern makes the core's request. The root is only looked up: whoever names an unknown one is of another network, and a
// name that nobody has is no peer to remember.
func (r *incoming) intern(in *interner) message.Request {
	req := message.Request{Kind: r.kind, Client: r.ip, Timeout: r.timeout}
	if !r.from.IsZero() {
		req.From = in.peer(r.from)
		if !req.From.IsZero() {
			in.book.SetIP(req.From, r.ip)
		}
	}
	if r.kind.FromNode() {
		req.Root, _ = in.book.Find(r.root)
	}
	if r.body != nil {
		req.Body = r.body.intern(in)
	}
	return req
}

// decodeRequest reads the fields of a kind of request. An error is a refusal that the core would pronounce as well, if it
// were given nonsense.
func decodeRequest(kind message.Kind, f fields) (incomingBody, error) {
	switch kind {
	case message.KindStructure:
		if f.flag("introduce") {
			return introduceIn{}, nil
		}
	case message.KindProvide:
		return provideIn{f.address("target"), f.flag("places")}, nil
	case message.KindRegister:
		size, _ := f.number("networkSize")
		return registerIn{f.address("target"), count(size)}, nil
	case message.KindApprovalInfo:
		action, key, err := approvalFields(f)
		return infoIn{action, key}, err
	case message.KindApprovalCheck:
		return decodeCheck(f)
	case message.KindApprovalKey:
		action, _ := f.text("action", maxAction)
		return keyIn{action}, nil
	case message.KindApprovalAdd:
		return decodeAdd(f)
	case message.KindApprovalQuestion:
		return decodeQuestion(f)
	}
	return nil, nil
}

type introduceIn struct{}

func (introduceIn) intern(*interner) any { return &message.Introduction{} }

type provideIn struct {
	target peer.Address
	places bool
}

func (b provideIn) intern(in *interner) any {
	return &message.ProvideRequest{Target: in.peer(b.target), Places: b.places}
}

type registerIn struct {
	target peer.Address
	size   int
}

func (b registerIn) intern(in *interner) any {
	return &message.RegisterRequest{Target: in.peer(b.target), NetworkSize: b.size}
}

type infoIn struct{ action, key string }

func (b infoIn) intern(*interner) any {
	return &message.ApprovalInfoRequest{Action: b.action, Key: b.key}
}

var (
	errKey      = &message.Error{Code: message.CodeUnsuitableKey, Message: "unsuitable approval key"}
	errTime     = &message.Error{Code: message.CodeWrongApprovalTime, Message: "wrong approval time"}
	errInfo     = &message.Error{Code: message.CodeInvalidInformation, Message: "wrong approval information"}
	errApproval = &message.Error{Code: message.CodeInvalidApproval, Message: "invalid approval info"}
	errAction   = &message.Error{Code: message.CodeInvalidAction, Message: "unknown approval action"}
	errTooFew   = &message.Error{Code: message.CodeTooFewDecisions, Message: "not enough approvers made a decision"}
	errNoProof  = &message.Error{Code: message.CodeApprovalRequired, Message: "this action needs an approval"}
)

// approvalFields reads what all approval requests share. An action that is no text is unknown, which the core says.
func approvalFields(f fields) (action, key string, err error) {
	action, _ = f.text("action", maxAction)
	key, ok := f.text("key", maxKey)
	if !ok || key == "" {
		return action, "", errKey
	}
	return action, key, nil
}

type checkIn struct {
	action, key, answer string
	approvers           []peer.Address
	client              netip.Addr
}

func decodeCheck(f fields) (incomingBody, error) {
	action, key, err := approvalFields(f)
	if err != nil {
		return nil, err
	}
	answer, _ := f.text("answer", maxAnswer)
	approvers, ok := f.addresses("approvers")
	if !ok {
		return nil, errApproval
	}
	return checkIn{action, key, answer, approvers, f.ip("clientIp")}, nil
}

func (b checkIn) intern(in *interner) any {
	return &message.ApprovalCheckRequest{Action: b.action, Key: b.key, Answer: b.answer, Approvers: in.all(b.approvers), ClientIP: b.client}
}

type keyIn struct{ action string }

func (b keyIn) intern(*interner) any { return &message.ApprovalKeyRequest{Action: b.action} }

type addIn struct {
	action, key string
	started     time.Duration
	info        *string
}

// decodeAdd leaves an action without a good start to the core: it knows the order in which to complain.
func decodeAdd(f fields) (incomingBody, error) {
	action, key, err := approvalFields(f)
	if err != nil {
		return nil, err
	}
	started, ok := f.millis("startedAt")
	if !ok {
		started = -1
	}
	info, ok := f.raw("info", maxInfo)
	if !ok {
		return nil, errInfo
	}
	return addIn{action, key, started, info}, nil
}

func (b addIn) intern(*interner) any {
	return &message.ApprovalAddRequest{Action: b.action, Key: b.key, StartedAt: b.started, Info: b.info}
}

type questionIn struct {
	action, key string
	confirmed   []peer.Address
	info        *string
}

func decodeQuestion(f fields) (incomingBody, error) {
	action, key, err := approvalFields(f)
	if err != nil {
		return nil, err
	}
	info, ok := f.raw("info", maxInfo)
	if !ok {
		return nil, errInfo
	}
	confirmed, ok := f.addresses("confirmedAddresses")
	if !ok {
		return nil, errTooFew
	}
	return questionIn{action, key, confirmed, info}, nil
}

func (b questionIn) intern(in *interner) any {
	return &message.ApprovalQuestionRequest{Action: b.action, Key: b.key, Confirmed: in.all(b.confirmed), Info: b.info}
}

type proofIn struct {
	action, key string
	started     time.Duration
	client      netip.Addr
	approvers   []peer.Address
	answer      string
}

func (b *proofIn) intern(in *interner) any {
	return &message.ActionRequest{Proof: &message.Proof{
		Action: b.action, Key: b.key, StartedAt: b.started, ClientIP: b.client, Approvers: in.all(b.approvers), Answer: b.answer,
	}}
}

type queryIn struct {
	name  string
	level int
	arg   any
}

func (b queryIn) intern(*interner) any {
	return &message.QueryRequest{Name: b.name, Level: b.level, Arg: b.arg}
}

// decodeQuery reads a network-wide request. How far down it may still go is for who receives it to say: a slave answers
// for itself and a butler for its slaves, and each level above multiplies the requests by the number of masters, so that
// nobody is let go higher than the one level that there is.
func decodeQuery(kind message.Kind, q core.Query, f fields) (incomingBody, error) {
	level := 0
	switch kind {
	case message.KindQueryButler:
		level = 1
	case message.KindQueryMaster:
		level = 2
	}
	arg, err := decodeArg(q, f["arg"])
	if err != nil {
		return nil, errBody{"\"arg\" field is invalid"}
	}
	return queryIn{q.Name(), level, arg}, nil
}

// Codec is what a core.Query implements if its arguments and results are more than what encoding/json makes of an empty
// interface. Both are written by json.Marshal. The data is hostile; it is at most MaxBody bytes.
type Codec interface {
	DecodeArg(data []byte) (any, error)
	DecodeResult(data []byte) (any, error)
}

func decodeArg(q core.Query, data json.RawMessage) (any, error) {
	if c, ok := q.(Codec); ok {
		return c.DecodeArg(data)
	}
	return decodeAny(data)
}

func decodeResult(q core.Query, data json.RawMessage) (any, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	if c, ok := q.(Codec); ok {
		return c.DecodeResult(data)
	}
	return decodeAny(data)
}

func decodeAny(data json.RawMessage) (v any, err error) {
	if len(data) > 0 {
		err = json.Unmarshal(data, &v)
	}
	return v, err
}

// count brings a number from the wire into the range of sizes.
func count(x float64) int {
	if !(x > 0) { // NaN included
		return 0
	}
	return int(min(x, maxCount))
}
