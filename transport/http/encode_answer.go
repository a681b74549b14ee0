package httptransport

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// From the core's response to the wire: inside the node's thread peers become texts (present), outside the texts become
// JSON (encodeAnswer).

// answer is a response with everything said in texts.
type answer struct {
	status int
	body   any // to be marshalled, or *document
}

// present writes a response in texts.
func (l *loop) present(kind message.Kind, resp message.Response) answer {
	if resp.Err != nil {
		return failure(resp.Err)
	}
	book := l.book
	switch b := resp.Body.(type) {
	case *message.Structure:
		return answer{http.StatusOK, l.structure(b)}
	case *message.Status:
		return answer{http.StatusOK, presentStatus(book, b)}
	case *message.Interview:
		return answer{http.StatusOK, wireInterview{Summary: &wirePeer{text(book, b.Address)}}}
	case *message.Provision:
		return answer{http.StatusOK, presentProvision(book, b)}
	case *message.Registered:
		size := float64(b.Size)
		return answer{http.StatusOK, wireRegistered{Size: &size}}
	case *message.ApprovalInfo:
		return answer{http.StatusOK, wireApprovalInfo{Info: &b.Info}}
	case *message.ApprovalKey:
		return answer{http.StatusOK, wireApprovalKey{texts(book, b.Approvers), b.Key, millis(b.StartedAt), ipText(b.ClientIP)}}
	case *message.ApprovalQuestion:
		return answer{http.StatusOK, wireQuestion{b.Question}}
	case *message.AvailableNode:
		return answer{http.StatusOK, wirePeer{text(book, b.Address)}}
	case *message.QueryAnswer:
		return answer{http.StatusOK, b} // its result is the application's, marshalled outside
	case nil:
		if kind == message.KindPing {
			return answer{http.StatusOK, wirePing{l.version, text(book, l.self)}}
		}
		return answer{http.StatusOK, wireSuccess{true}}
	}
	return failure(fmt.Errorf("%s: an answer of type %T has no form on the wire", kind, resp.Body))
}

// presentStructure writes a snapshot. Its lists are never null: npm peers stumble over that.
func presentStructure(book *peer.Book, s *message.Structure) wireStructure {
	w := wireStructure{
		Address: text(book, s.Address),
		Slaves:  presentPeers(book, s.Slaves),
		Masters: make([]wireMaster, len(s.Masters.List)),
	}
	if !s.Backlink.IsZero() {
		w.Backlink = &wirePeer{text(book, s.Backlink)}
	}
	for i, m := range s.Masters.List {
		w.Masters[i] = wireMaster{text(book, m.Peer), float64(m.Size)}
	}
	return w
}

func presentPeers(book *peer.Book, peers []core.Peer) []wirePeer {
	list := make([]wirePeer, len(peers))
	for i, p := range peers {
		list[i].Address = text(book, p)
	}
	return list
}

func presentStatus(book *peer.Book, s *message.Status) wireStatus {
	return wireStatus{
		Root: text(book, s.Root), Availability: s.Availability, SyncAvgTime: millis(s.SyncAverage),
		IsMaster: s.IsMaster, IsNormalized: s.IsNormalized, IsRegistered: s.IsRegistered, NetworkSize: float64(s.NetworkSize),
	}
}

// pretty turns two numbers into texts for people, as GET /status?pretty does.
func (s wireStatus) pretty() wireStatus {
	s.Availability = strconv.FormatFloat(s.Availability.(float64), 'f', 2, 64)
	s.SyncAvgTime = strconv.FormatFloat(s.SyncAvgTime.(float64), 'f', -1, 64) + "ms"
	return s
}

func presentProvision(book *peer.Book, p *message.Provision) wireProvision {
	w := wireProvision{
		Results:      make([]wireCandidates, len(p.Results)),
		SyncLifetime: millis(p.Lifetime),
		NetworkSize:  float64(p.NetworkSize),
	}
	for i, r := range p.Results {
		w.Results[i] = wireCandidates{text(book, r.Address), float64(r.NetworkSize), presentPeers(book, r.Spares)}
	}
	return w
}

// failure maps an error to its status and body.
func failure(err error) answer {
	var refusal *message.Error
	var status statusError
	switch {
	case errors.As(err, &refusal):
		return answer{http.StatusUnprocessableEntity, wireError{refusal.Message, wireCode(refusal.Code)}}
	case errors.As(err, &status):
		return answer{status.status, wireError{Message: status.message}}
	case errors.As(err, new(errBody)):
		return answer{http.StatusBadRequest, wireError{Message: err.Error()}}
	case isEnd(err): // of the asker, or of its patience
		return answer{http.StatusRequestTimeout, wireError{Message: "the request was given up"}}
	case errors.Is(err, message.ErrDenied), errors.Is(err, message.ErrWrongRoot):
		return answer{http.StatusForbidden, wireError{Message: err.Error()}}
	}
	return answer{http.StatusInternalServerError, wireError{Message: err.Error()}}
}

// statusError is an error with a status of its own.
type statusError struct {
	status  int
	message string
}

func (e statusError) Error() string { return e.message }

func wireCode(code string) string {
	if strings.HasPrefix(code, "ERR_") {
		return code
	}
	return codePrefix + code
}

// encodeAnswer makes the document that goes over the wire. It runs outside the node's thread.
func encodeAnswer(a answer) (*document, error) {
	switch b := a.body.(type) {
	case *document:
		return b, nil
	case *structureDocument:
		return b.encoded()
	case *message.QueryAnswer:
		result, err := json.Marshal(b.Result)
		if err != nil {
			return nil, fmt.Errorf("result of a query: %w", err)
		}
		a.body = wireQueryAnswer{result, wireCoverage(b.Coverage), wireCost(b.Cost)}
	}
	text, err := json.Marshal(a.body)
	if err != nil {
		return nil, err
	}
	return newDocument(text), nil
}

// startOf is a time of day as the wire writes it.
func startOf(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
