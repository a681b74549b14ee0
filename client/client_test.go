package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/client"
)

func TestConnectTakesANodeThatAnswersPings(t *testing.T) {
	alive := startStub(t)
	addresses := []string{nowhere(t), alive.address, nowhere(t)}
	for range 20 { // the order is random
		if c := connect(t, client.Options{Addresses: addresses}); c.Worker() != alive.address {
			t.Fatalf("connected to %s", c.Worker())
		}
	}
}

func TestConnectTriesAddressesInRandomOrder(t *testing.T) {
	addresses := []string{startStub(t).address, startStub(t).address}
	seen := make(map[string]bool)
	for range 64 { // all the same: once in 2^63 runs
		seen[connect(t, client.Options{Addresses: addresses}).Worker()] = true
	}
	if len(seen) != 2 {
		t.Errorf("always connected to %v", seen)
	}
	if addresses[0] == addresses[1] {
		t.Error("the caller's list has been shuffled")
	}
}

func TestAnyAnswerToAPingIsALife(t *testing.T) {
	for _, status := range []int{200, 301, 401, 404, 500} {
		s := startStub(t).on("/ping", says(status, "not JSON"))
		if c := connect(t, client.Options{Addresses: []string{s.address}}); c.Worker() != s.address {
			t.Errorf("status %d: connected to %s", status, c.Worker())
		}
	}
}

func TestConnectDoesNotWaitForTheSilent(t *testing.T) {
	silent, alive := startStub(t).on("/ping", hangs), startStub(t)
	for range 6 { // in one of two the silent one is asked first
		c := connect(t, client.Options{Addresses: []string{silent.address, alive.address}, PingTimeout: 400 * time.Millisecond})
		if c.Worker() != alive.address {
			t.Fatalf("connected to %s", c.Worker())
		}
	}
}

func TestConnectFailsWithoutANode(t *testing.T) {
	dead, silent := nowhere(t), startStub(t).on("/ping", hangs)
	_, err := client.Connect(t.Context(), client.Options{Addresses: []string{dead, silent.address}, PingTimeout: 20 * time.Millisecond})
	if !errors.Is(err, client.ErrUnavailable) || !errors.Is(err, client.CodeTimeout) {
		t.Errorf("error is %v", err)
	}
	contains(t, err, dead, silent.address)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Connect(ctx, client.Options{Addresses: []string{dead}})
	if !errors.Is(err, client.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: error is %v", err)
	}
}

func TestConnectRefusesBadOptions(t *testing.T) {
	for name, o := range map[string]client.Options{
		"no address":                {},
		"localhost:99999":           {Addresses: []string{"localhost:99999"}},
		"a timeout is negative":     {Addresses: []string{"localhost:1"}, Timeout: -1},
		"the limit of answers":      {Addresses: []string{"localhost:1"}, MaxAnswer: -1},
		"authorities without https": {Addresses: []string{"localhost:1"}, CA: newAuthority(t).pool},
	} {
		_, err := client.Connect(t.Context(), o)
		contains(t, err, name)
	}
}

func TestClientMovesToTheWorkerThatItsEntryNames(t *testing.T) {
	worker := startStub(t).on("", says(200, `{"who":"worker"}`))
	entry := startStub(t).on("/client/get-available-node", says(200, `{"address":"`+worker.address+`"}`))
	c := connect(t, client.Options{Addresses: []string{entry.address}})
	for range 2 { // to move where one is already is no harm
		if err := c.ChangeWorker(t.Context()); err != nil || c.Worker() != worker.address {
			t.Fatalf("worker is %s, error %v", c.Worker(), err)
		}
	}
	var answer struct{ Who string }
	if err := c.Request(t.Context(), "x", nil, &answer); err != nil || answer.Who != "worker" {
		t.Errorf("answer is %+v, %v", answer, err)
	}
	if entry.asked.Load() != 2 {
		t.Errorf("the entry was asked %d times, want 2", entry.asked.Load())
	}
}

func TestClientMovesByItself(t *testing.T) {
	worker := startStub(t)
	entry := startStub(t).on("/client/get-available-node", says(200, `{"address":"`+worker.address+`"}`))
	c := connect(t, client.Options{Addresses: []string{entry.address}, WorkerChange: time.Millisecond})
	eventually(t, "the client moves", func() bool { return c.Worker() == worker.address })
}

func TestClientStaysWhereItIsUnlessTheNewWorkerAnswers(t *testing.T) {
	dead := nowhere(t)
	for _, tt := range []struct{ name, answer, want string }{
		{"a dead worker", `{"address":"` + dead + `"}`, dead},
		{"no address", `{"address":"nonsense"}`, "nonsense"},
		{"nothing", `{}`, "worker named by"},
		{"no JSON", `<html>`, "malformed answer"},
	} {
		entry := startStub(t).on("/client/get-available-node", says(200, tt.answer))
		c := connect(t, client.Options{Addresses: []string{entry.address}})
		err := c.ChangeWorker(t.Context())
		contains(t, err, tt.want)
		if c.Worker() != entry.address {
			t.Errorf("%s: moved to %s", tt.name, c.Worker())
		}
	}
}

func TestClientFindsAnotherEntry(t *testing.T) {
	a, b := startStub(t), startStub(t)
	for _, s := range []*stub{a, b} {
		s.on("/client/get-available-node", says(200, `{"address":"`+s.address+`"}`))
	}
	c := connect(t, client.Options{Addresses: []string{a.address, b.address}})
	first, second := a, b
	if c.Worker() == b.address {
		first, second = b, a
	}
	first.server.Close()
	if err := c.ChangeWorker(t.Context()); err != nil || c.Worker() != second.address {
		t.Errorf("worker is %s, error %v", c.Worker(), err)
	}
}

func TestClientFallsBackToItsEntryFirst(t *testing.T) {
	worker := startStub(t)
	var addresses []string
	for range 8 {
		s := startStub(t).on("/client/get-available-node", says(200, `{"address":"`+worker.address+`"}`)).on("", says(200, `{}`))
		addresses = append(addresses, s.address)
	}
	c := connect(t, client.Options{Addresses: addresses})
	entry := c.Worker()
	if err := c.ChangeWorker(t.Context()); err != nil || c.Worker() != worker.address {
		t.Fatalf("worker is %s, error %v", c.Worker(), err)
	}
	worker.server.Close()
	if err := c.Request(t.Context(), "x", nil, nil); err != nil || c.Worker() != entry {
		t.Errorf("worker is %s, want the entry %s, error %v", c.Worker(), entry, err)
	}
}

func TestOneLooksForAllWhoHaveLostTheirNode(t *testing.T) {
	c, first, second := twoStubs(t)
	var pings atomic.Int32
	second.on("/ping", func(http.ResponseWriter, *http.Request) { pings.Add(1) })
	first.server.Close()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if err := c.Request(t.Context(), "x", nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if pings.Load() != 1 {
		t.Errorf("the other node was pinged %d times", pings.Load())
	}
}

func TestRealNetworkNamesWorkers(t *testing.T) {
	nodes := startNetwork(t)
	c := connect(t, client.Options{Addresses: []string{nodes[0].address}})
	seen := make(map[string]bool)
	eventually(t, "the client has worked with all nodes", func() bool {
		if err := c.ChangeWorker(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen[c.Worker()] = true
		return len(seen) == len(nodes)
	})
	for address := range seen {
		if !slices.ContainsFunc(nodes, func(n *node) bool { return n.address == address }) {
			t.Errorf("worker %s is no node", address)
		}
	}
}

func TestManyMayUseOneClient(t *testing.T) {
	a, b := startStub(t), startStub(t)
	for i, s := range []*stub{a, b} {
		other := []*stub{b, a}[i]
		s.on("/client/get-available-node", says(200, `{"address":"`+other.address+`"}`))
		s.on("/client/echo", func(w http.ResponseWriter, r *http.Request) {
			var body map[string]any
			if json.NewDecoder(r.Body).Decode(&body) == nil {
				_ = json.NewEncoder(w).Encode(body)
			}
		})
	}
	c := connect(t, client.Options{Addresses: []string{a.address, b.address}, WorkerChange: time.Millisecond})
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for j := range 8 {
				var answer struct{ I, J int }
				err := c.Request(t.Context(), "echo", map[string]int{"i": i, "j": j}, &answer)
				if err != nil || answer.I != i || answer.J != j {
					t.Errorf("%d, %d: answer is %+v, %v", i, j, answer, err)
				}
			}
		})
	}
	all.Wait()
}

func TestCloseEndsWhatTheClientWaitsFor(t *testing.T) {
	began := make(chan struct{})
	s := startStub(t).on("/client/slow", func(w http.ResponseWriter, r *http.Request) {
		close(began)
		hangs(w, r)
	})
	c := connect(t, client.Options{Addresses: []string{s.address}})
	result := make(chan error)
	go func() { result <- c.Request(t.Context(), "slow", nil, nil) }()
	<-began
	c.Close()
	if err := <-result; !errors.Is(err, client.ErrClosed) {
		t.Errorf("error is %v", err)
	}
	if err := c.Request(t.Context(), "x", nil, nil); !errors.Is(err, client.ErrClosed) || s.asked.Load() != 1 {
		t.Errorf("after Close: error is %v, %d requests", err, s.asked.Load())
	}
	c.Close()
}
