package core

import (
	"errors"
	"slices"
	"time"

	"spreadable/core/message"
)

// Fold is a network-wide request of an application, for all that a [Query] cannot say: who
// may ask, what is a question, what is an answer, and which answer makes all others
// needless. Its answers are merged in the light of the question, and with the knowledge of
// which node gave them. Package host makes Folds of typed functions.
//
// Check is called at every step before any work. Answer is what one node says, nil for
// nothing; an error refuses. It gets a nil Task unless Terms say Work. Merge makes one
// answer of those that a node has got, in its order of peers, without nil ones; it is
// called with a single one, too. It must keep answers valid, must be associative and
// should be commutative, and changes none of its arguments. An error as its result fails
// the question.
//
// Valid says what is wrong with an answer that a peer has given. It is called at every
// step. So a master passes on no invalid answer of a slave: an invalid answer is that of
// the peer that was asked, and counts as garbage. It must depend on its arguments alone,
// and accept what any honest node gives, of whatever version.
//
// Enough says that no other answer is needed. It is called only if Terms say Early.
//
// Known is called at a master that is to ask its slaves. It returns those that must be
// asked, and what the others would answer, as far as that is more than nothing. What is
// known is merged like an answer of the slave, and the slave counts in the coverage as one
// that has answered.
type Fold interface {
	Name() string
	Terms() message.Terms
	Check(question any) error
	Answer(t *Task, question any) (any, error)
	Merge(question any, answers []message.Told) any
	Valid(question, answer any) error
	Enough(question, answer any) bool
	Known(question any, slaves []Peer) (ask []Peer, told []message.Told)
}

// OfferFold adds a Fold to those that the node answers. It must be called before Start.
func (n *Node) OfferFold(f Fold) { n.extra().folds = append(n.extra().folds, f) }

// Folds returns what OfferFold was called with.
func (n *Node) Folds() []Fold {
	if n.applications == nil {
		return nil
	}
	return n.applications.folds
}

func (n *Node) fold(name string) Fold {
	folds := n.Folds()
	i := slices.IndexFunc(folds, func(f Fold) bool { return f.Name() == name })
	if i < 0 {
		return nil
	}
	return folds[i]
}

// Ask asks the whole network for the node itself: a Fold or a Query, within a timeout.
func (t *Task) Ask(name string, question any, timeout time.Duration) (*message.QueryAnswer, error) {
	n, own := t.node, t.own
	t.own = false // what a slave needs for its answer is no delay of its master
	defer func() { t.own = own }()
	body := &message.QueryRequest{Name: name, Arg: question}
	return message.As[message.QueryAnswer](n.search(t, body, n.budget(timeout)))
}

// admitClient checks whether the client that has sent the request of t may ask.
func (t *Task) admitClient(f Fold, body *message.QueryRequest) error {
	terms := f.Terms()
	if !terms.Clients {
		return message.Refusal(message.CodeNotAllowed, "")
	}
	if err := checked(f.Check(body.Arg)); err != nil || terms.Approval == "" {
		return err
	}
	if body.Proof != nil && body.Proof.Action != terms.Approval {
		return message.Refusal(message.CodeInvalidAction, "")
	}
	return t.approved(body.Proof, t.req.Client)
}

// checked is the refusal of a question for which a check has returned err, if it has.
func checked(err error) error { return refusalOf(err, message.CodeInvalidQuestion) }

// refusalOf is an application's error as others get it: a refusal of its own, or one of
// the code.
func refusalOf(err error, code string) error {
	var own *message.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	}
	return message.Refusal(code, err.Error())
}

// answerFold is the end of every path: one node answers for itself.
func (n *Node) answerFold(t *Task, body *message.QueryRequest) message.Response {
	f := n.fold(body.Name)
	if f == nil || f.Terms().Work != (t != nil) {
		return message.Response{Err: message.Refusal(message.CodeUnknownQuery, body.Name)}
	}
	if err := checked(f.Check(body.Arg)); err != nil {
		return message.Response{Err: err}
	}
	result, err := f.Answer(t, body.Arg)
	if err != nil {
		return message.Response{Err: refusalOf(err, message.CodeFailed)}
	}
	return message.Response{Body: &message.QueryAnswer{
		Result: result, Coverage: message.Coverage{Asked: 1, Answered: 1},
	}}
}

// serveWork is answerFold for an answer that is a procedure.
func serveWork(t *Task) {
	t.reply(t.node.answerFold(t, message.Asked[message.QueryRequest](&t.req)))
}

// judging wants answers of a kind that are valid. An error of the application that is its
// own fault stands in the place of the answer.
func judging(kind message.Kind, enough int, valid func(body any) error) want {
	var own error
	return want{enough: enough, fits: func(body any) bool {
		own = nil
		if !kind.Row().Fits(body) {
			return false
		}
		err := valid(body)
		if fault := ownFault(nil); errors.As(err, &fault) {
			own = refusalOf(err, message.CodeFailed)
		}
		return err == nil
	}, fault: func() error { return own }}
}

// wantOf says which answers to a question are good, and which are enough.
func wantOf(f Fold, question any, kind message.Kind, peers int) want {
	w := judging(kind, peers, func(body any) error {
		if result := body.(*message.QueryAnswer).Result; result != nil {
			return f.Valid(question, result)
		}
		return nil
	})
	if f.Terms().Early {
		w.last = func(body any) bool {
			result := body.(*message.QueryAnswer).Result
			return result != nil && f.Enough(question, result)
		}
	}
	return w
}
