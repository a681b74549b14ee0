//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"spreadable/admin"
)

var kills = flag.Int("kills", 10, "how often the node is killed under load")

// A node that is killed at any moment under load starts again and has everything that it
// has acknowledged, and nothing besides but what was asked of it at the moment of its
// death.
func TestAKilledNodeKeepsWhatItHasAcknowledged(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	crowd := newCrowd(t)
	dir, number := t.TempDir(), port(t)
	target := "127.0.0.1:" + number
	// Without syncs nothing but the load changes what the node remembers.
	start := func() *process {
		return startProcess(t, dir, "--port", number, "--auto-sync=false", "--test-answers")
	}
	loads := []*load{
		{name: "bans", change: (*load).ban, remember: rememberedBans},
		{name: "slaves", change: (*load).register, remember: rememberedSlaves, crowd: crowd},
		{name: "approvals", change: (*load).approve, remember: rememberedApprovals, crowd: crowd},
	}
	p := start()
	for range *kills {
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, l := range loads {
			l.node, l.owner = target, p.owner
			running.Go(func() { l.run(ctx) })
		}
		moment := time.NewTimer(time.Duration(random.Int64N(int64(80 * time.Millisecond))))
		<-moment.C
		p.command.Process.Kill()
		cancel()
		running.Wait()
		if code, said := p.exit(); code != -1 {
			t.Fatalf("the node ended before it was killed: %s", said)
		}
		p = start()
		for _, l := range loads {
			l.node, l.owner = target, p.owner
			l.check(t)
		}
	}
	for _, l := range loads {
		t.Logf("%s: %d acknowledged, %d in doubt at a kill, %d of them kept", l.name, len(l.state), l.doubts, l.kept)
		if len(l.state) < *kills {
			t.Errorf("%s: only %d acknowledged: too few to show anything", l.name, len(l.state))
		}
	}
}

// load asks a node for one thing after the other, and keeps what was acknowledged:
// present or absent, by name.
type load struct {
	name     string
	change   func(*load, context.Context, int) (item string, present bool, err error)
	remember func(*testing.T, *load) map[string]bool
	crowd    *crowd
	node     string
	owner    *admin.Client

	asked        int
	state        map[string]bool
	doubt        string // asked for at the moment of death: the answer is unknown
	refused      error
	doubts, kept int
}

// run asks until the node is dead.
func (l *load) run(ctx context.Context) {
	if l.state == nil {
		l.state = make(map[string]bool)
	}
	l.doubt = ""
	for ctx.Err() == nil {
		l.asked++
		item, present, err := l.change(l, ctx, l.asked)
		if refused := (*admin.Error)(nil); errors.As(err, &refused) {
			l.refused = err
		}
		if err != nil {
			l.doubt = item
			return
		}
		l.state[item] = present
	}
}

// check compares what the node remembers with what it has acknowledged.
func (l *load) check(t *testing.T) {
	t.Helper()
	if l.refused != nil {
		t.Fatalf("%s: refused, where only death should end it: %v", l.name, l.refused)
	}
	now := l.remember(t, l)
	for item, present := range l.state {
		if now[item] != present && item != l.doubt {
			t.Fatalf("%s: %s was acknowledged as present=%v, and is present=%v", l.name, item, present, now[item])
		}
	}
	for item := range now {
		if _, known := l.state[item]; !known && item != l.doubt {
			t.Fatalf("%s: %s is there, and was never acknowledged", l.name, item)
		}
	}
	if l.doubt != "" {
		l.doubts++
		if now[l.doubt] {
			l.kept++
		}
		l.state[l.doubt] = now[l.doubt]
	}
}

// ban bans one address after the other, and lifts every third ban again.
func (l *load) ban(ctx context.Context, i int) (string, bool, error) {
	if i%3 == 0 {
		item := banned(i - 1)
		if l.state[item] {
			return item, false, l.owner.RemoveBan(ctx, item)
		}
	}
	item := banned(i)
	_, err := l.owner.AddBan(ctx, item, admin.BanRequest{Seconds: 3600})
	return item, true, err
}

func banned(i int) string { return fmt.Sprintf("10.1.%d.%d:80", i/250, i%250+1) }

func rememberedBans(t *testing.T, l *load) map[string]bool {
	t.Helper()
	list, err := l.owner.Bans(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, b := range list {
		found[b.Address] = true
	}
	return found
}

// register is a newcomer from an IP of its own that the node lists as its slave.
func (l *load) register(ctx context.Context, i int) (string, bool, error) {
	ip := fmt.Sprintf("127.2.%d.%d", i/250, i%250+1)
	item := fmt.Sprintf("%s:%d", ip, l.crowd.port)
	return item, true, l.crowd.post(ctx, ip, l.node, "/api/node/register", map[string]any{"target": item})
}

func rememberedSlaves(t *testing.T, l *load) map[string]bool {
	t.Helper()
	s, err := l.owner.Structure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, slave := range s.Slaves {
		found[slave] = true
	}
	return found
}

// approve asks the node to vouch for a client at an IP of its own.
func (l *load) approve(ctx context.Context, i int) (string, bool, error) {
	key := fmt.Sprintf("key-%d", i)
	const period = 5 * 60 * 1000
	now := time.Now().UnixMilli()
	return key, true, l.crowd.post(ctx, fmt.Sprintf("127.3.%d.%d", i/250, i%250+1), l.node, "/client/add-approval-info",
		map[string]any{"action": "client", "key": key, "startedAt": now - now%period})
}

func rememberedApprovals(t *testing.T, l *load) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for i := range l.asked + 1 {
		key := fmt.Sprintf("key-%d", i)
		if _, err := l.owner.Answer(t.Context(), key); err == nil {
			found[key] = true
		}
	}
	return found
}

// crowd is many newcomers and clients, each at an IP of its own. One listener answers for
// all of them.
type crowd struct {
	port int
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	listener, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"summary":{"address":%q}}`, r.Host)
	})}
	done := make(chan struct{})
	go func() {
		server.Serve(listener)
		close(done)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return &crowd{listener.Addr().(*net.TCPAddr).Port}
}

// post sends a request from an IP as a node of the network would.
func (c *crowd) post(ctx context.Context, ip, node, path string, body map[string]any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+node+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Original-Address": {fmt.Sprintf("%s:%d", ip, c.port)},
		"Node-Version": {"spreadable-0.3"}, "Node-Root": {node},
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	resp, err := (&http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return &admin.Error{Status: resp.StatusCode, Message: string(answer)}
	}
	return nil
}
