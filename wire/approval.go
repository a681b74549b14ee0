package wire

import (
	"encoding/json"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Approvals: between the nodes, with the client, and the proof before an action.

// Refusals of fields with a wrong form.
var (
	errKey      = message.Refusal(message.CodeUnsuitableKey, "")
	errInfo     = message.Refusal(message.CodeInvalidInformation, "")
	errApproval = message.Refusal(message.CodeInvalidApproval, "")
	errTooFew   = message.Refusal(message.CodeTooFewDecisions, "")
)

// part writes the fields that the requests of approvals share, and leaves the object
// open.
func (w *writer) part(action, key string) {
	w.raw(`{"action":`)
	w.string(action)
	w.raw(`,"key":`)
	w.string(key)
}

// part reads them. An action that is no text is unknown, which the core says.
func (f Fields) part() (action, key string, err error) {
	action = f.Action()
	key, ok := f.text("key", maxKey)
	if !ok || key == "" {
		return action, "", errKey
	}
	return action, key, nil
}

// info writes what the client has sent for the question, which is JSON already.
func (w *writer) info(info *string) {
	if info != nil && *info != "" {
		w.raw(`,"info":`)
		w.later(json.RawMessage(*info))
	}
}

func writeInfoRequest(w *writer, b *message.ApprovalInfoRequest) {
	w.part(b.Action, b.Key)
	w.raw(`}`)
}

func readInfoRequest(f Fields) (Body, error) {
	action, key, err := f.part()
	return func(*Interner) any { return &message.ApprovalInfoRequest{Action: action, Key: key} }, err
}

func writeInfo(w *writer, b *message.ApprovalInfo) {
	w.raw(`{"info":`)
	w.string(b.Info)
	w.raw(`}`)
}

func readInfo(text []byte) (Body, error) {
	var shape struct {
		Info    *string `json:"info"`
		Address string  `json:"address"` // npm nodes add it
	}
	if err := strict(text, &shape); err != nil {
		return nil, err
	}
	if shape.Info == nil || len(*shape.Info) > maxPart {
		return nil, malformed("no approval info")
	}
	return func(*Interner) any { return &message.ApprovalInfo{Info: *shape.Info} }, nil
}

func writeCheck(w *writer, b *message.ApprovalCheckRequest) {
	w.part(b.Action, b.Key)
	w.raw(`,"answer":`)
	w.string(b.Answer)
	w.raw(`,"approvers":`)
	w.strings(b.Approvers)
	w.raw(`,"clientIp":`)
	w.ip(b.ClientIP)
	w.raw(`}`)
}

func readCheck(f Fields) (Body, error) {
	action, key, err := f.part()
	if err != nil {
		return nil, err
	}
	answer, _ := f.text("answer", maxAnswer)
	approvers, ok := f.addresses("approvers")
	if !ok {
		return nil, errApproval
	}
	client := f.ip("clientIp")
	return func(in *Interner) any {
		return &message.ApprovalCheckRequest{
			Action: action, Key: key, Answer: answer, Approvers: in.all(approvers), ClientIP: client,
		}
	}, nil
}

func writeKeyRequest(w *writer, b *message.ApprovalKeyRequest) {
	w.raw(`{"action":`)
	w.string(b.Action)
	w.raw(`,`)
	w.budget()
}

func readKeyRequest(f Fields) (Body, error) {
	action := f.Action()
	return func(*Interner) any { return &message.ApprovalKeyRequest{Action: action} }, nil
}

func writeKey(w *writer, b *message.ApprovalKey) {
	w.raw(`{"approvers":`)
	w.strings(b.Approvers)
	w.raw(`,"key":`)
	w.string(b.Key)
	w.raw(`,"startedAt":`)
	w.millis(b.StartedAt)
	w.raw(`,"clientIp":`)
	w.ip(b.ClientIP)
	w.raw(`}`)
}

func readKey(text []byte) (Body, error) {
	var shape struct {
		Approvers []string `json:"approvers"`
		Key       string   `json:"key"`
		StartedAt float64  `json:"startedAt"`
		ClientIP  string   `json:"clientIp"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	ip, err := peer.ParseIP(shape.ClientIP)
	if err != nil || len(shape.Key) > maxKey || len(shape.Approvers) > MaxApprovers ||
		!(shape.StartedAt >= 0 && shape.StartedAt < maxMillis) {
		return nil, malformed("an approval key")
	}
	approvers := make([]peer.Address, len(shape.Approvers))
	for i, text := range shape.Approvers {
		if approvers[i], err = addressOf(text); err != nil {
			return nil, err
		}
	}
	return func(in *Interner) any {
		return &message.ApprovalKey{
			Approvers: in.set(approvers), Key: shape.Key, StartedAt: fromMillis(shape.StartedAt), ClientIP: ip,
		}
	}, nil
}

func writeAdd(w *writer, b *message.ApprovalAddRequest) {
	w.part(b.Action, b.Key)
	w.raw(`,"startedAt":`)
	w.millis(b.StartedAt)
	w.info(b.Info)
	w.raw(`,`)
	w.budget()
}

// readAdd accepts an action without a valid start: the core refuses it, in the order of
// npm's checks.
func readAdd(f Fields) (Body, error) {
	action, key, err := f.part()
	if err != nil {
		return nil, err
	}
	started, ok := f.Millis("startedAt")
	if !ok {
		started = -1
	}
	info, ok := f.raw("info", maxInfo)
	if !ok {
		return nil, errInfo
	}
	return func(*Interner) any {
		return &message.ApprovalAddRequest{Action: action, Key: key, StartedAt: started, Info: info}
	}, nil
}

func writeQuestionRequest(w *writer, b *message.ApprovalQuestionRequest) {
	w.part(b.Action, b.Key)
	w.raw(`,"confirmedAddresses":`)
	w.strings(b.Confirmed)
	w.info(b.Info)
	w.raw(`,`)
	w.budget()
}

func readQuestionRequest(f Fields) (Body, error) {
	action, key, err := f.part()
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
	return func(in *Interner) any {
		return &message.ApprovalQuestionRequest{Action: action, Key: key, Confirmed: in.all(confirmed), Info: info}
	}, nil
}

func writeQuestion(w *writer, b *message.ApprovalQuestion) {
	w.raw(`{"question":`)
	w.string(b.Question)
	w.raw(`}`)
}

func readQuestion(text []byte) (Body, error) {
	var shape struct {
		Question string `json:"question"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	return func(*Interner) any { return &message.ApprovalQuestion{Question: shape.Question} }, nil
}

// writeAction writes an action with its proof. The proof has exactly these six fields.
func writeAction(w *writer, b *message.ActionRequest) {
	w.raw(`{`)
	if b.Proof != nil {
		w.name = b.Proof.Action
		w.proof(b.Proof)
	}
	w.budget()
}

// proof writes the field with a client's approval, and the comma behind it.
func (w *writer) proof(p *message.Proof) {
	w.raw(`"approvalInfo":`)
	w.part(p.Action, p.Key)
	w.raw(`,"startedAt":`)
	w.millis(p.StartedAt)
	w.raw(`,"clientIp":`)
	w.ip(p.ClientIP)
	w.raw(`,"approvers":`)
	w.strings(p.Approvers)
	w.raw(`,"answer":`)
	w.string(p.Answer)
	w.raw(`},`)
}

var proofFields = []string{"action", "key", "startedAt", "clientIp", "approvers", "answer"}

// ReadProof reads the shape of a proof, which must be exact. The caller has already
// checked its action and start, Action and Millis("startedAt"), since npm nodes check
// these first. Accepts says whether the kind of approval takes an answer of this form.
func ReadProof(f Fields, accepts func(answer string) bool) (Body, error) {
	for _, name := range proofFields {
		if f[name] == nil {
			return nil, errApproval
		}
	}
	started, okStarted := f.Millis("startedAt")
	key, okKey := f.text("key", maxKey)
	approvers, okApprovers := f.addresses("approvers")
	answer, okAnswer := f.text("answer", maxAnswer)
	client := f.ip("clientIp")
	if len(f) != len(proofFields) || !okStarted || !okKey || !okApprovers || !okAnswer ||
		!client.IsValid() || peer.Repeats(approvers) || !accepts(answer) {
		return nil, errApproval
	}
	return func(in *Interner) any {
		return &message.ActionRequest{Proof: &message.Proof{
			Action: f.Action(), Key: key, StartedAt: started, ClientIP: client,
			Approvers: in.all(approvers), Answer: answer,
		}}
	}, nil
}
