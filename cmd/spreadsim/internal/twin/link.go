package twin

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spreadable/core/message"
	"spreadable/internal/stream"
	"spreadable/transport/inmem/latency"
)

// wires carries all messages of the real network: it makes them take their latency, counts
// them, and lets hosts fall silent.
type wires struct {
	model latency.Model   // nil for none
	hosts map[string]int  // number of the node at each "host:port"
	down  []atomic.Uint32 // of each node: up, refusing or silent

	mu  sync.Mutex
	rng *rand.Rand

	counts
}

// counts are what has been sent.
type counts struct{ requests, upkeep, bytes, upkeepBytes atomic.Int64 }

// What a crashed host does with requests.
const (
	up uint32 = iota
	refusing
	silent
)

func newWires(model latency.Model, addresses []string, seed uint64) *wires {
	w := &wires{
		model: model, hosts: make(map[string]int), down: make([]atomic.Uint32, len(addresses)),
		rng: rand.New(stream.New(seed, 0, stream.Weather)),
	}
	for i, a := range addresses {
		w.hosts[a] = i
	}
	return w
}

// of returns what wraps the transports of a host: of a node by its number, or of a client
// by a number behind those of the nodes, as in the simulator.
func (w *wires) of(host int) func(*http.Transport) http.RoundTripper {
	return func(t *http.Transport) http.RoundTripper {
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			c := &counted{Conn: conn, wires: w, outside: host >= len(w.down)}
			return c, nil
		}
		return &wire{wires: w, host: host, next: t}
	}
}

// draw is how long a message takes.
func (w *wires) draw(from, to int) time.Duration {
	if w.model == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.model.Draw(uint32(from), uint32(to), w.rng)
}

// wire is the way of a host's requests.
type wire struct {
	*wires
	host int
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The answer of a host that has fallen silent
// never comes.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	to, known := w.hosts[req.URL.Host]
	if !known {
		return w.next.RoundTrip(req)
	}
	w.requests.Add(1)
	if w.host < len(w.down) && isUpkeep(req.URL.Path) {
		w.upkeep.Add(1)
	}
	ctx := req.Context()
	if err := pause(ctx, w.draw(w.host, to)); err != nil {
		return nil, err
	}
	resp, err := w.next.RoundTrip(req)
	if w.isSilent(to) || w.isDown(w.host) {
		if err == nil {
			resp.Body.Close()
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if late := pause(ctx, w.draw(to, w.host)); late != nil {
		if err == nil {
			resp.Body.Close()
		}
		return nil, late
	}
	return resp, err
}

func (w *wires) isSilent(host int) bool { return host < len(w.down) && w.down[host].Load() == silent }

func (w *wires) isDown(host int) bool { return host < len(w.down) && w.down[host].Load() != up }

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isUpkeep reports whether a request keeps the network together, rather than serving a
// client's search. What approvals make nodes ask of each other cannot be told apart.
func isUpkeep(path string) bool {
	for _, kind := range []message.Kind{
		message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave, message.KindAction,
		message.KindApprovalInfo, message.KindApprovalCheck,
	} {
		if strings.HasPrefix(path, kind.Row().Path) {
			return false
		}
	}
	return true
}

// counted is a connection whose bytes are counted, of both directions. Which request they
// are of is told by the path in the head of the latest.
type counted struct {
	net.Conn
	wires   *wires
	outside bool        // it is a client's
	client  atomic.Bool // the latest request serves a client
}

func (c *counted) Write(p []byte) (int, error) {
	if path, starts := pathOf(p); starts {
		c.client.Store(!isUpkeep(path))
	}
	n, err := c.Conn.Write(p)
	c.book(n)
	return n, err
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.book(n)
	return n, err
}

func (c *counted) book(n int) {
	c.wires.bytes.Add(int64(n))
	if !c.outside && !c.client.Load() {
		c.wires.upkeepBytes.Add(int64(n))
	}
}

// pathOf reads the path from the first line of a request's head.
func pathOf(head []byte) (path string, starts bool) {
	line, _, _ := strings.Cut(string(head[:min(len(head), 200)]), "\r\n")
	method, rest, found := strings.Cut(line, " ")
	if !found || method != http.MethodGet && method != http.MethodPost {
		return "", false
	}
	path, _, _ = strings.Cut(rest, " ")
	return path, true
}
