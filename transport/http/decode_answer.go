package httptransport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// From an answer to the core's response: outside the node's thread to a form with checked addresses (decodeAnswer),
// inside to one with peers (incomingAnswer.intern). Whatever a peer says is bounded, and lists hold nobody twice.

// incomingAnswer becomes the body of a message.Response. It gets the peer that was asked: that an answer comes from
// somebody else is something only an answer could claim.
type incomingAnswer interface {
	intern(in *interner, asked core.Peer) any
}

// answerLimit is how many bytes of an answer are read. Only a provider's answer lists the whole network.
func answerLimit(kind message.Kind) int64 {
	switch kind {
	case message.KindProvide:
		return 8 << 20
	case message.KindStructure, message.KindQuery, message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave, message.KindApprovalQuestion:
		return 2 << 20
	}
	return 1 << 17
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{message.ErrMalformed}, args...)...)
}

// decodeAnswer reads the body of a good answer, whatever content type it claims.
func decodeAnswer(kind message.Kind, q core.Query, body []byte) (incomingAnswer, error) {
	switch kind {
	case message.KindPing, message.KindApprovalAdd, message.KindApprovalCheck, message.KindAction:
		if !json.Valid(body) {
			return nil, malformed("not JSON")
		}
		return nil, nil
	case message.KindStatus:
		return decodeStatus(body)
	case message.KindStructure:
		return decodeStructure(body)
	case message.KindInterview:
		return decodeInterview(body)
	case message.KindProvide:
		return decodeProvision(body)
	case message.KindRegister:
		return decodeRegistered(body)
	case message.KindApprovalInfo:
		return decodeApprovalInfo(body)
	case message.KindApprovalKey:
		return decodeApprovalKey(body)
	case message.KindApprovalQuestion:
		return decodeApprovalQuestion(body)
	case message.KindAvailableNode:
		return decodeAvailable(body)
	}
	return decodeQueryAnswer(q, body)
}

// lenient reads an answer of which only the named keys matter.
func lenient(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return malformed("%.200s", err)
	}
	return nil
}

// strict reads an answer that npm nodes check against a schema: no other keys, and nothing behind it.
func strict(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return malformed("%.200s", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed("something behind the object")
	}
	return nil
}

// addressOf reads an address that must be one.
func addressOf(text string) (peer.Address, error) {
	a, err := peer.Parse(text)
	if err != nil {
		return a, malformed("%.200s", err)
	}
	return a, nil
}

// addressesOf reads a list and leaves out what is no address: a peer we could never call.
func addressesOf(list []wirePeer) []peer.Address {
	addresses := make([]peer.Address, 0, len(list))
	for _, w := range list {
		if a, err := peer.Parse(w.Address); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

type statusAnswer struct {
	root   peer.Address
	status message.Status
}

func decodeStatus(body []byte) (incomingAnswer, error) {
	var w wireStatus
	if err := lenient(body, &w); err != nil {
		return nil, err
	}
	a := statusAnswer{status: message.Status{
		IsMaster: w.IsMaster, IsNormalized: w.IsNormalized, IsRegistered: w.IsRegistered, NetworkSize: count(w.NetworkSize),
	}}
	if x, ok := w.Availability.(float64); ok {
		a.status.Availability = min(1, max(0, x))
	}
	if x, ok := w.SyncAvgTime.(float64); ok && x >= 0 && x < maxMillis {
		a.status.SyncAverage = startOf(x)
	}
	if w.Root != "" {
		root, err := addressOf(w.Root)
		if err != nil {
			return nil, err
		}
		a.root = root
	}
	return a, nil
}

func (a statusAnswer) intern(in *interner, _ core.Peer) any {
	status := a.status
	status.Root = in.peer(a.root)
	return &status
}

type structureAnswer struct {
	backlink peer.Address
	slaves   []peer.Address
	masters  []masterIn
}

type masterIn struct {
	address peer.Address
	size    uint32
}

func decodeStructure(body []byte) (incomingAnswer, error) {
	var w wireStructure
	if err := lenient(body, &w); err != nil {
		return nil, err
	}
	switch {
	case w.Slaves == nil || w.Masters == nil:
		return nil, malformed("no list of slaves or masters")
	case len(w.Slaves) > maxList || len(w.Masters) > maxList:
		return nil, malformed("%d slaves and %d masters", len(w.Slaves), len(w.Masters))
	}
	a := structureAnswer{slaves: addressesOf(w.Slaves), masters: make([]masterIn, 0, len(w.Masters))}
	if w.Backlink != nil {
		backlink, err := addressOf(w.Backlink.Address)
		if err != nil {
			return nil, err
		}
		a.backlink = backlink
	}
	for _, m := range w.Masters {
		if !(m.Size >= 0 && m.Size <= maxCount) || m.Size != math.Trunc(m.Size) {
			return nil, malformed("a master of size %g", m.Size)
		}
		if address, err := peer.Parse(m.Address); err == nil {
			a.masters = append(a.masters, masterIn{address, uint32(m.Size)})
		}
	}
	return a, nil
}

func (a structureAnswer) intern(in *interner, asked core.Peer) any {
	masters := &message.Masters{List: make([]message.Master, 0, len(a.masters))}
	seen := make(map[core.Peer]struct{}, len(a.masters))
	for _, m := range a.masters {
		p := in.peer(m.address)
		if _, twice := seen[p]; twice || p.IsZero() || masters.Total+int(m.size) > maxCount {
			continue
		}
		seen[p] = struct{}{}
		masters.List = append(masters.List, message.Master{Peer: p, Size: m.size})
		masters.Total += int(m.size)
	}
	return &message.Structure{Address: asked, Backlink: in.peer(a.backlink), Slaves: in.peers(a.slaves), Masters: masters}
}

type interviewAnswer struct{ address peer.Address }

func decodeInterview(body []byte) (incomingAnswer, error) {
	var w wireInterview
	if err := strict(body, &w); err != nil {
		return nil, err
	}
	if w.Summary == nil {
		return nil, malformed("no summary")
	}
	a, err := addressOf(w.Summary.Address)
	return interviewAnswer{a}, err
}

func (a interviewAnswer) intern(in *interner, _ core.Peer) any {
	return &message.Interview{Address: in.peer(a.address)}
}

type provisionAnswer struct {
	results  []resultIn
	lifetime time.Duration
	size     int
}

type resultIn struct {
	address    peer.Address
	size       int
	candidates []peer.Address
}

func decodeProvision(body []byte) (incomingAnswer, error) {
	var w wireProvision
	if err := strict(body, &w); err != nil {
		return nil, err
	}
	if w.Results == nil || len(w.Results) > maxList {
		return nil, malformed("%d results", len(w.Results))
	}
	if !(w.SyncLifetime >= 0 && w.SyncLifetime < maxMillis) {
		return nil, malformed("a sync lifetime of %g ms", w.SyncLifetime)
	}
	a := provisionAnswer{lifetime: startOf(w.SyncLifetime), size: count(w.NetworkSize)}
	for _, r := range w.Results {
		address, err := addressOf(r.Address)
		if err != nil {
			return nil, err
		}
		if len(r.Candidates) > maxList {
			return nil, malformed("%d candidates", len(r.Candidates))
		}
		a.results = append(a.results, resultIn{address, count(r.NetworkSize), addressesOf(r.Candidates)})
	}
	return a, nil
}

func (a provisionAnswer) intern(in *interner, _ core.Peer) any {
	p := &message.Provision{Lifetime: a.lifetime, NetworkSize: a.size}
	seen := make(map[core.Peer]struct{}, len(a.results))
	for _, r := range a.results {
		master := in.peer(r.address)
		if _, twice := seen[master]; twice || master.IsZero() {
			continue
		}
		seen[master] = struct{}{}
		p.Results = append(p.Results, message.Place{Address: master, NetworkSize: r.size, Spares: in.peers(r.candidates)})
	}
	return p
}

type registeredAnswer struct{ size int }

func decodeRegistered(body []byte) (incomingAnswer, error) {
	var w wireRegistered
	if err := strict(body, &w); err != nil {
		return nil, err
	}
	if w.Size == nil || !(*w.Size >= 0) {
		return nil, malformed("no size")
	}
	return registeredAnswer{count(*w.Size)}, nil
}

func (a registeredAnswer) intern(*interner, core.Peer) any { return &message.Registered{Size: a.size} }

type approvalInfoAnswer struct{ info string }

func decodeApprovalInfo(body []byte) (incomingAnswer, error) {
	var w wireApprovalInfo
	if err := strict(body, &w); err != nil {
		return nil, err
	}
	if w.Info == nil || len(*w.Info) > maxPart {
		return nil, malformed("no approval info")
	}
	return approvalInfoAnswer{*w.Info}, nil
}

func (a approvalInfoAnswer) intern(*interner, core.Peer) any {
	return &message.ApprovalInfo{Info: a.info}
}

type approvalKeyAnswer struct {
	approvers []peer.Address
	key       message.ApprovalKey
}

func decodeApprovalKey(body []byte) (incomingAnswer, error) {
	var w wireApprovalKey
	if err := lenient(body, &w); err != nil {
		return nil, err
	}
	ip, err := peer.ParseIP(w.ClientIP)
	if err != nil || len(w.Key) > maxKey || len(w.Approvers) > maxApprovers || !(w.StartedAt >= 0 && w.StartedAt < maxMillis) {
		return nil, malformed("an approval key")
	}
	a := approvalKeyAnswer{key: message.ApprovalKey{Key: w.Key, StartedAt: startOf(w.StartedAt), ClientIP: ip}}
	for _, text := range w.Approvers {
		address, err := addressOf(text)
		if err != nil {
			return nil, err
		}
		a.approvers = append(a.approvers, address)
	}
	return a, nil
}

func (a approvalKeyAnswer) intern(in *interner, _ core.Peer) any {
	key := a.key
	key.Approvers = in.peers(a.approvers)
	return &key
}

type questionAnswer struct{ question string }

func decodeApprovalQuestion(body []byte) (incomingAnswer, error) {
	var w wireQuestion
	if err := lenient(body, &w); err != nil {
		return nil, err
	}
	return questionAnswer{w.Question}, nil
}

func (a questionAnswer) intern(*interner, core.Peer) any {
	return &message.ApprovalQuestion{Question: a.question}
}

type availableAnswer struct{ address peer.Address }

func decodeAvailable(body []byte) (incomingAnswer, error) {
	var w wirePeer
	if err := lenient(body, &w); err != nil {
		return nil, err
	}
	a, err := addressOf(w.Address)
	return availableAnswer{a}, err
}

func (a availableAnswer) intern(in *interner, _ core.Peer) any {
	return &message.AvailableNode{Address: in.peer(a.address)}
}

type queryAnswerIn struct{ answer message.QueryAnswer }

func decodeQueryAnswer(q core.Query, body []byte) (incomingAnswer, error) {
	var w wireQueryAnswer
	if err := lenient(body, &w); err != nil {
		return nil, err
	}
	result, err := decodeResult(q, w.Result)
	if err != nil {
		return nil, malformed("a result: %.200s", err)
	}
	for _, n := range []int{w.Coverage.Asked, w.Coverage.Answered, w.Cost.Hops, w.Cost.Fanout} {
		if n < 0 || n > maxCount {
			return nil, malformed("a count of %d", n)
		}
	}
	return queryAnswerIn{message.QueryAnswer{Result: result, Coverage: message.Coverage(w.Coverage), Cost: message.Cost(w.Cost)}}, nil
}

func (a queryAnswerIn) intern(*interner, core.Peer) any {
	answer := a.answer
	return &answer
}

// decodeFailure reads an answer that is no success. JSON with a code is a refusal, made on purpose by somebody alive;
// everything else is a plain failure.
func decodeFailure(resp *http.Response, body []byte) error {
	var w wireError
	if strings.Contains(resp.Header.Get("Content-Type"), "application/json") && json.Unmarshal(body, &w) == nil && w.Code != "" {
		code := strings.TrimPrefix(w.Code, codePrefix)
		return &message.Error{Code: code[:min(maxKey, len(code))], Message: w.Message[:min(maxMessage, len(w.Message))]}
	}
	switch {
	case resp.StatusCode == http.StatusForbidden && strings.HasPrefix(w.Message, rootMessage):
		return message.ErrWrongRoot
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s", message.ErrDenied, resp.Status)
	}
	return fmt.Errorf("%w: it answers %s", message.ErrUnreachable, resp.Status)
}

// rootMessage begins what is said to nodes of another network.
const rootMessage = "Node root is different"

// contentType reads a Content-Type; its parameters are in lower case.
func contentType(header string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(header)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", nil
	}
	return kind, params
}
