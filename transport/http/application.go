package httptransport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Handlers of applications, and the approval that may stand before them.

type visitKey struct{}

// forApplication gives a handler the request as if nobody had read it, with the visit behind it.
func (v *visit) forApplication() *http.Request {
	r := v.r.WithContext(context.WithValue(v.r.Context(), visitKey{}, v))
	if v.parsed {
		r.Body = io.NopCloser(bytes.NewReader(v.body)) // inflated
		r.ContentLength = int64(len(v.body))
		r.Header = r.Header.Clone()
		r.Header.Del("Content-Encoding")
	}
	return r
}

func visitOf(r *http.Request) *visit {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	return v
}

// ClientIP returns the client of a request to a handler of Node.Handle, as the node sees it: behind trusted proxies
// that is not the other end of the connection. It is zero for other requests.
func ClientIP(r *http.Request) netip.Addr {
	if v := visitOf(r); v != nil {
		return v.ip
	}
	return netip.Addr{}
}

// protect is the middleware of Node.Protect.
func (s *server) protect(action string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitOf(r)
		if v == nil {
			http.Error(w, "approval outside of the node's routes", http.StatusInternalServerError)
			return
		}
		if err := s.approve(v, action); err != nil {
			s.send(v, failure(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// approve asks the node whether the client has deserved the action.
func (s *server) approve(v *visit, action string) error {
	now := time.Duration(time.Now().UnixNano())
	proof, err := s.proof(v, action, now)
	if err != nil {
		return err
	}
	in := &incoming{kind: message.KindAction, ip: v.ip, timeout: s.patience(v), body: proof}
	ctx, cancel := context.WithTimeout(v.r.Context(), max(in.timeout, 0)+answerGrace)
	defer cancel()
	a, err := s.ask(ctx, in)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		w, _ := a.body.(wireError)
		if w.Code != "" {
			return &message.Error{Code: w.Code, Message: w.Message}
		}
		return statusError{a.status, w.Message}
	}
	return nil
}

// proof reads the approvalInfo of a request, from its body or its query, as an object or as JSON text. The checks stand in
// the order of npm nodes: is there one, is it JSON, is the action known, is the start a current one, and only then the
// shape, which must be exact.
func (s *server) proof(v *visit, action string, now time.Duration) (*proofIn, error) {
	raw, found := v.fields["approvalInfo"]
	if !found {
		if text := v.r.URL.Query().Get("approvalInfo"); text != "" {
			raw, found = json.RawMessage(text), true
		}
	}
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			raw = json.RawMessage(text)
		}
	}
	if !found || len(raw) == 0 || string(raw) == "null" {
		return nil, errNoProof
	}
	var f fields
	if len(raw) > int(s.options.MaxBody) || json.Unmarshal(raw, &f) != nil {
		return nil, errApproval
	}
	given, _ := f.text("action", maxAction)
	kind := s.approval(given)
	if kind == nil || given != action {
		return nil, errAction
	}
	started, ok := f.millis("startedAt")
	if !ok || !draw.Valid(started, now, kind.Terms().Period) {
		return nil, errTime
	}
	return decodeProof(kind, f, started)
}

func (s *server) approval(action string) core.ApprovalKind {
	for _, k := range s.options.Config.Approvals {
		if k.Name() == action {
			return k
		}
	}
	return nil
}

var proofKeys = []string{"action", "key", "startedAt", "clientIp", "approvers", "answer"}

func decodeProof(kind core.ApprovalKind, f fields, started time.Duration) (*proofIn, error) {
	for _, key := range proofKeys {
		if !f.has(key) {
			return nil, errApproval
		}
	}
	key, okKey := f.text("key", maxKey)
	approvers, okApprovers := f.addresses("approvers")
	answer, okAnswer := f.text("answer", maxAnswer)
	client := f.ip("clientIp")
	if len(f) != len(proofKeys) || !okKey || !okApprovers || !okAnswer || !client.IsValid() || repeats(approvers) {
		return nil, errApproval
	}
	if k, picky := kind.(interface{ AcceptsAnswer(string) bool }); picky && !k.AcceptsAnswer(answer) {
		return nil, errApproval
	}
	return &proofIn{kind.Name(), key, started, client, approvers, answer}, nil
}

func repeats(list []peer.Address) bool {
	seen := make(map[peer.Address]bool, len(list))
	for _, a := range list {
		if seen[a] {
			return true
		}
		seen[a] = true
	}
	return false
}

// WriteJSON answers a request to a handler of Node.Handle: v as JSON with status 200, or err as nodes write errors, a
// *message.Error with its code and status 422.
func WriteJSON(w http.ResponseWriter, r *http.Request, body any, err error) error {
	v := visitOf(r)
	if v == nil {
		return errors.New("write json: not a request to a node")
	}
	a := answer{http.StatusOK, body}
	if err != nil {
		a = failure(err)
	}
	doc, err := encodeAnswer(a)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = jsonType
	w.WriteHeader(a.status)
	_, err = w.Write(doc.plain)
	return err
}
