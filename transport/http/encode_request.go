package httptransport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// From the core's request to the wire: inside the node's thread peers become texts (encodeRequest), outside the texts
// become JSON (outgoing.body).

// outgoing is a request on its way to a peer.
type outgoing struct {
	kind   message.Kind
	to     peer.Address
	path   string
	fields any // nil for none
	query  core.Query
	self   string // the sender, "" for a client
	root   string
	known  *learned // the answer that we still have of an earlier request
}

// approvalPart is the part that the requests of approvals share.
type approvalPart struct {
	Action string `json:"action"`
	Key    string `json:"key"`
}

type patiencePart struct {
	Timeout   int64 `json:"timeout"`
	Timestamp int64 `json:"timestamp"`
}

type structureOut struct {
	Introduce bool `json:"introduce"`
}

type provideOut struct {
	Target string `json:"target"`
	Places bool   `json:"places,omitempty"`
	patiencePart
}

type registerOut struct {
	Target      string `json:"target"`
	NetworkSize int    `json:"networkSize,omitempty"`
	patiencePart
}

type checkOut struct {
	approvalPart
	Answer    string   `json:"answer"`
	Approvers []string `json:"approvers"`
	ClientIP  string   `json:"clientIp"`
}

type keyOut struct {
	Action string `json:"action"`
	patiencePart
}

type addOut struct {
	approvalPart
	StartedAt float64         `json:"startedAt"`
	Info      json.RawMessage `json:"info,omitempty"`
	patiencePart
}

type questionOut struct {
	approvalPart
	Confirmed []string        `json:"confirmedAddresses"`
	Info      json.RawMessage `json:"info,omitempty"`
	patiencePart
}

type queryOut struct {
	Arg   any `json:"arg,omitempty"`
	Level int `json:"level"`
	patiencePart
}

type actionOut struct {
	Proof *wireProof `json:"approvalInfo,omitempty"`
	patiencePart
}

// encodeRequest says where a request goes and what it holds.
func encodeRequest(book *peer.Book, req *message.Request, now time.Duration) (path string, body any, err error) {
	p := patiencePart{req.Timeout.Milliseconds(), now.Milliseconds()}
	switch b := req.Body.(type) {
	case nil:
		if req.Kind == message.KindAvailableNode {
			return paths[req.Kind], p, nil
		}
		return paths[req.Kind], nil, nil
	case *message.Introduction:
		return paths[req.Kind], structureOut{true}, nil
	case *message.ProvideRequest:
		return paths[req.Kind], provideOut{text(book, b.Target), b.Places, p}, nil
	case *message.RegisterRequest:
		return paths[req.Kind], registerOut{text(book, b.Target), b.NetworkSize, p}, nil
	case *message.ApprovalInfoRequest:
		return paths[req.Kind], approvalPart{b.Action, b.Key}, nil
	case *message.ApprovalCheckRequest:
		return paths[req.Kind], checkOut{approvalPart{b.Action, b.Key}, b.Answer, texts(book, b.Approvers), ipText(b.ClientIP)}, nil
	case *message.ApprovalKeyRequest:
		return paths[req.Kind], keyOut{b.Action, p}, nil
	case *message.ApprovalAddRequest:
		return paths[req.Kind], addOut{approvalPart{b.Action, b.Key}, millis(b.StartedAt), rawInfo(b.Info), p}, nil
	case *message.ApprovalQuestionRequest:
		return paths[req.Kind], questionOut{approvalPart{b.Action, b.Key}, texts(book, b.Confirmed), rawInfo(b.Info), p}, nil
	case *message.QueryRequest:
		return paths[req.Kind] + url.PathEscape(b.Name), queryOut{b.Arg, b.Level, p}, nil
	case *message.ActionRequest:
		action, proof := encodeProof(book, b.Proof)
		return paths[req.Kind] + url.PathEscape(action), actionOut{proof, p}, nil
	}
	return "", nil, fmt.Errorf("%s: a body of type %T has no form on the wire", req.Kind, req.Body)
}

func encodeProof(book *peer.Book, p *message.Proof) (action string, proof *wireProof) {
	if p == nil {
		return "", nil
	}
	return p.Action, &wireProof{
		p.Action, p.Key, millis(p.StartedAt), ipText(p.ClientIP), texts(book, p.Approvers), p.Answer,
	}
}

func rawInfo(info *string) json.RawMessage {
	if info == nil {
		return nil
	}
	return json.RawMessage(*info)
}

// paths are where the requests go; those of queries and actions are prefixes.
var paths = [message.NumKinds]string{
	message.KindPing:             "/ping",
	message.KindStatus:           "/status",
	message.KindStructure:        "/api/node/structure",
	message.KindInterview:        "/api/node/get-interview-summary",
	message.KindProvide:          "/api/node/provide-registration",
	message.KindRegister:         "/api/node/register",
	message.KindApprovalInfo:     "/api/node/get-approval-info",
	message.KindApprovalCheck:    "/api/node/check-approval-answer",
	message.KindQueryMaster:      "/api/master/",
	message.KindQueryButler:      "/api/butler/",
	message.KindQuerySlave:       "/api/slave/",
	message.KindAvailableNode:    "/client/get-available-node",
	message.KindApprovalKey:      "/client/request-approval-key",
	message.KindApprovalAdd:      "/client/add-approval-info",
	message.KindApprovalQuestion: "/client/request-approval-question",
	message.KindQuery:            "/client/",
	message.KindAction:           "/client/",
}

// method is GET for what npm nodes serve by GET.
func (o *outgoing) method() string {
	if o.kind == message.KindPing || o.kind == message.KindStatus {
		return http.MethodGet
	}
	return http.MethodPost
}

// body is the JSON of the fields, nothing for requests without any.
func (o *outgoing) body() ([]byte, error) {
	if o.fields == nil {
		return nil, nil
	}
	return json.Marshal(o.fields)
}

// idempotent reports whether a request may be sent again when nobody knows whether it arrived. An approver counts who
// checks an answer, and what an application's query or action does is its own business.
func (o *outgoing) idempotent() bool {
	switch o.kind {
	case message.KindApprovalCheck, message.KindAction, message.KindQuery, message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave:
		return false
	}
	return true
}
