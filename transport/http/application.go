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
	"spreadable/wire"
)

// Handlers of applications, and the approvals that protect them.

type visitKey struct{}

// forApplication returns the request for a handler: with an unread body, and the visit in
// its context.
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

// ClientIP returns the client of a request to a handler of Node.Handle, as the node sees
// it: behind trusted proxies that is not the other end of the connection. It is zero for
// other requests.
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
			s.fail(v, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// approve asks the node whether the client's approval is valid for the action.
func (s *server) approve(v *visit, action string) error {
	proof, err := s.proof(v, action, time.Duration(time.Now().UnixNano()))
	if err != nil {
		return err
	}
	in := &incoming{kind: message.KindAction, ip: v.ip, timeout: s.budget(v), body: proof, place: v.place}
	ctx, cancel := context.WithTimeout(v.r.Context(), max(in.timeout, 0)+answerGrace)
	defer cancel()
	_, err = s.ask(ctx, in)
	return err
}

// proof reads the approvalInfo of a request, from its body or its query, as an object or
// as JSON text. The checks have the order of npm nodes: whether there is one, whether it
// is JSON, whether the action is known and the start recent, and only then the shape,
// which must be exact.
func (s *server) proof(v *visit, action string, now time.Duration) (wire.Body, error) {
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
		return nil, message.Refusal(message.CodeApprovalRequired, "")
	}
	var f wire.Fields
	if len(raw) > int(s.options.MaxBody) || json.Unmarshal(raw, &f) != nil {
		return nil, message.Refusal(message.CodeInvalidApproval, "")
	}
	given := f.Action()
	kind := s.approval(given)
	if kind == nil || given != action {
		return nil, message.Refusal(message.CodeInvalidAction, "")
	}
	started, ok := f.Millis("startedAt")
	if !ok || !draw.Valid(started, now, kind.Terms().Period) {
		return nil, message.Refusal(message.CodeWrongApprovalTime, "")
	}
	accepts := func(string) bool { return true }
	if k, picky := kind.(interface{ AcceptsAnswer(string) bool }); picky {
		accepts = k.AcceptsAnswer
	}
	return wire.ReadProof(f, accepts)
}

func (s *server) approval(action string) core.ApprovalKind {
	for _, k := range s.options.Config.Approvals {
		if k.Name() == action {
			return k
		}
	}
	return nil
}

// WriteJSON answers a request to a handler of Node.Handle: v as JSON with status 200, or
// err as nodes write errors, a *message.Error with its code and status 422.
func WriteJSON(w http.ResponseWriter, r *http.Request, body any, err error) error {
	v := visitOf(r)
	if v == nil {
		return errors.New("write json: not a request to a node")
	}
	status, text := http.StatusOK, []byte(nil)
	if err != nil {
		var failure wire.Encoded
		status, failure = wire.Failure(err)
		text, err = failure.JSON()
	} else {
		text, err = json.Marshal(body)
	}
	if err != nil {
		return err
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}
