package httptransport

import (
	"net/http/httptest"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/wire"
)

// The timeout budget is what the header says, or else the body, or ten seconds; a minute at
// the most.
func TestBudgetsOfRequests(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	for _, test := range []struct {
		header, body string
		want         time.Duration
	}{
		{"", `{}`, 10 * time.Second}, {"1500", `{"timeout":7000}`, 1500 * time.Millisecond}, {"", `{"timeout":7000}`, 7 * time.Second},
		{"60001", `{}`, time.Minute}, {"60000", `{}`, time.Minute}, {"-5", `{}`, -5 * time.Millisecond}, {"x", `{"timeout":7000}`, 7 * time.Second},
		{"", `{"timeout":1e9}`, time.Minute}, {"0", `{"timeout":7000}`, 0},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		if test.header != "" {
			r.Header.Set(wire.BudgetHeader, test.header)
		}
		f, err := wire.ParseJSON([]byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := n.server.budget(&visit{r: r, fields: f}); got != test.want {
			t.Errorf("header %q, body %s: %v, want %v", test.header, test.body, got, test.want)
		}
	}
}

// A request for an available node is refused when nothing is left of its budget.
func TestExpiredSearchesAreRefused(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	for budget, want := range map[string]int{"0": 408, "-1": 408, "1": 200, "5000": 200} {
		got := send(t, n, asks{"POST", "/client/get-available-node", "", headers(wire.BudgetHeader, budget), ``})
		if got.status != want {
			t.Errorf("with %s ms left: %v", budget, got)
		}
	}
	rt := n.server.routes["/client/get-available-node"]
	for budget, good := range map[string]bool{"0": false, "1": true} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set(wire.BudgetHeader, budget)
		if _, err := n.server.incoming(&visit{r: r}, rt); (err == nil) != good {
			t.Errorf("with %s ms left: %v", budget, err)
		}
	}
}

// Requests of nodes that make us ask others have eight times as many places as those of
// clients; the others have no queue.
func TestQueuesOfRequests(t *testing.T) {
	n := newNode(t, "localhost", nil, func(o *Options) { o.Concurrency = 5 })
	for queue, want := range map[message.Queue]int{message.NodeQueue: 40, message.ClientQueue: 5} {
		if got := n.server.newQueue(queue).places; got != want {
			t.Errorf("queue %d has %d places, want %d", queue, got, want)
		}
	}
	if n.server.routes["/api/node/structure"].queue != nil || n.server.routes["/api/node/register"].queue == nil {
		t.Error("the structure waits in a queue, or a registration does not")
	}
}
