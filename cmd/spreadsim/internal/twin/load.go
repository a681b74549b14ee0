package twin

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"spreadable/client"
	"spreadable/internal/stream"
	"spreadable/sim/result"
	httptransport "spreadable/transport/http"
)

// Names at POST /client/: the search, and what needs an approval.
const (
	search = "twin-search"
	action = "twin-action"
)

// done answers the action.
var done = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	httptransport.WriteJSON(w, r, struct {
		Success bool `json:"success"`
	}{true}, nil)
})

// reached is the application that searches ask: every node answers with its number, and
// the merged answer names all that did.
type reached int

// Name implements core.Query.
func (reached) Name() string { return search }

// Answer implements core.Query.
func (r reached) Answer(any) any { return []any{float64(r)} } // as JSON is decoded

// Merge implements core.Query.
func (reached) Merge(a, b any) any {
	first, _ := a.([]any)
	second, _ := b.([]any)
	return slices.Concat(first, second)
}

// work lets clients ask what the scenario says, each at its time.
func (n *network) work(ctx context.Context) {
	var all sync.WaitGroup
	w, number := n.scenario.Workload, 0
	add := func(kind result.Kind, count int, start, over time.Duration, ask func(context.Context, *result.Request, int)) {
		for i := range count {
			at, host := start+time.Duration(float64(over)*float64(i)/float64(count)), number
			number++
			all.Go(func() {
				if n.sleepUntil(ctx, at) != nil {
					return
				}
				row := &result.Request{Kind: kind, Index: i, Start: at, Coverage: math.NaN()}
				alive := n.alive()
				if len(alive) == 0 {
					return
				}
				row.Entry = alive[rand.New(stream.New(n.scenario.Seed, uint64(host), stream.Workload)).IntN(len(alive))]
				ask(ctx, row, n.scenario.Nodes+host)
				n.mu.Lock()
				n.rows = append(n.rows, *row)
				n.mu.Unlock()
			})
		}
	}
	add(result.KindSearch, w.Searches.Count, w.Searches.Start, w.Searches.Over, n.search)
	add(result.KindApproval, w.Approvals.Count, w.Approvals.Start, w.Approvals.Over, n.approve)
	all.Wait()
}

// connect makes the client of an operation, which has the number of a host of its own and
// asks one node only.
func (n *network) connect(ctx context.Context, entry, host int) (*client.Client, error) {
	timeout := n.scenario.TimeoutBudget()
	return client.Connect(ctx, client.Options{
		Addresses: []string{n.texts[entry]}, WorkerChange: -1, Timeout: timeout, QuestionTimeout: 4 * timeout,
		PingTimeout: timeout, Via: n.wires.of(host),
	})
}

// search asks all nodes through the entry node.
func (n *network) search(ctx context.Context, row *result.Request, host int) {
	c, err := n.connect(ctx, row.Entry, host)
	if err != nil {
		n.finish(ctx, row, time.Now(), err)
		return
	}
	defer c.Close()
	var answer struct {
		Result   []int
		Coverage struct{ Asked, Answered int }
		Cost     struct{ Hops, Fanout int }
	}
	lived, began := n.alive(), time.Now()
	err = c.Request(ctx, search, nil, &answer, client.At(n.texts[row.Entry]))
	n.finish(ctx, row, began, err)
	if err != nil {
		row.Coverage = 0
		return
	}
	still := n.alive()
	lived = slices.DeleteFunc(lived, func(i int) bool { return !slices.Contains(still, i) })
	different := 0
	for _, i := range lived {
		if slices.Contains(answer.Result, i) {
			different++
		}
	}
	row.Coverage = float64(different) / float64(len(lived))
	row.Hops, row.Fanout = answer.Cost.Hops+1, answer.Cost.Fanout
	row.Asked, row.Answered = answer.Coverage.Asked, answer.Coverage.Answered
	if different <= 1 && len(lived) > 1 {
		row.OK, row.Error = false, result.ErrorNoOther
	}
}

// approve goes through all steps of an approval at the entry node.
func (n *network) approve(ctx context.Context, row *result.Request, host int) {
	c, err := n.connect(ctx, row.Entry, host)
	if err != nil {
		n.finish(ctx, row, time.Now(), err)
		return
	}
	defer c.Close()
	began := time.Now()
	question, err := c.ApprovalQuestion(ctx, "client", nil)
	if err == nil {
		for _, approver := range question.Approvers {
			if i := n.number(approver); i >= 0 {
				row.Approvers = append(row.Approvers, i)
			}
		}
		row.DrawStart = time.UnixMilli(question.StartedAt).Sub(n.began)
		err = c.Request(ctx, action, nil, nil, client.At(n.texts[row.Entry]), client.WithApproval(question.Answer(question.Text)))
	}
	n.finish(ctx, row, began, err)
}

// finish records how an operation has ended.
func (n *network) finish(ctx context.Context, row *result.Request, began time.Time, err error) {
	row.Latency = time.Since(began)
	var failed *client.Error
	switch {
	case err == nil:
		row.OK = true
	case ctx.Err() != nil:
		row.Error = result.ErrorRunEnded
	case errors.As(err, &failed) && failed.Code != "":
		row.Error = string(failed.Code)
	default:
		row.Error = result.ErrorOther
	}
}
