//go:build interop

package interop

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"spreadable/admin"
	"spreadable/client"
	"spreadable/internal/nettest"
)

// Networks of both kinds in which every node has the default options, so that both kinds
// ban, by IP: the nodes of npm are all at one IP, and one ban would be for all of them.
// Only the interval between syncs may be another.

var (
	defaultRuns     = flag.Int("default-runs", 2, "networks of 12 nodes with default options")
	defaultInterval = flag.Duration("default-interval", 4*time.Second, "interval between their syncs; a node's default is 16s")
)

// mix is a network of nodes with default options.
type mix struct {
	npm  []*member
	ours programs
}

// TestNoNodeIsBannedForBeingItself: six nodes of each kind find each other, serve clients,
// and take back a node of either kind that was killed and starts again: the npm node
// without its data; and one of ours that has left. Nodes of ours ban none of them.
func TestNoNodeIsBannedForBeingItself(t *testing.T) {
	runMixes(t, *defaultRuns, false)
}

// TestNoNodeIsBannedUnderStrictLimits: the same where each node has a host of its own and
// host_limits is strict, as on machines of their own.
func TestNoNodeIsBannedUnderStrictLimits(t *testing.T) {
	runMixes(t, min(2, *defaultRuns), true)
}

func runMixes(t *testing.T, count int, strict bool) {
	t.Parallel()
	path := buildProgram(t, "..")
	slots := make(chan struct{}, 2)
	for i := range count {
		t.Run(fmt.Sprintf("network %d, npm root %t", i+1, i%2 == 0), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			startMix(t, path, i, i%2 == 0, strict).live(t)
		})
	}
}

// live is what a network goes through.
func (m *mix) live(t *testing.T) {
	m.becomesWhole(t, "whole", 30)
	m.serveClients(t)
	m.restart(t)
	m.becomesWhole(t, "whole after two have started again", 40)
	m.leave(t)
	m.becomesWhole(t, "whole after one has left and come back", 40)
	m.serveClients(t)
	m.checkBans(t)
	for _, p := range m.npm {
		var bans []string
		p.must(t, "bans", nil, &bans)
		if len(bans) > 0 {
			t.Logf("%s bans %v", p.name, bans)
		}
	}
}

// startMix starts six nodes of each kind; network i has IPs of its own. In a strict one each
// node has an IP, and ours tell hosts apart by it.
func startMix(t *testing.T, path string, i int, npmRoot, strict bool) *mix {
	t.Helper()
	m := &mix{}
	options := fmt.Sprintf("sync_interval: %v\n", *defaultInterval)
	if strict {
		i += 50 // IPs that no other network has
		options += "host_limits: strict\n"
	}
	root := ""
	for k := range 12 {
		ip := fmt.Sprintf("127.0.%d.%d", 101+i, 11+k)
		if (k%2 == 0) == npmRoot {
			p := &member{npm: true, address: fmt.Sprintf("localhost:%d", nettest.FreePort(t, ""))}
			if strict {
				p.address = fmt.Sprintf("%s:%d", ip, nettest.FreePort(t, ""))
			}
			if root == "" {
				root = p.address
			}
			m.npm = append(m.npm, p)
			p.startDefault(t, root)
			continue
		}
		p := programWith(t, path, ip, root, options)
		if root == "" {
			root = p.address
		}
		m.ours = append(m.ours, p)
		p.start(t)
	}
	return m
}

// startDefault starts an npm node, with an empty data directory.
func (m *member) startDefault(t *testing.T, root string) {
	t.Helper()
	host, port, _ := strings.Cut(m.address, ":")
	m.process = npmProcess(t, "npm node "+m.address)
	source := host // of its requests; "" for the system's choice
	if host == "localhost" {
		source = ""
	}
	m.must(t, "node", map[string]any{"source": source, "options": map[string]any{
		"port": json.Number(port), "hostname": host, "initialNetworkAddress": root,
		"network": map[string]any{"syncInterval": defaultInterval.Milliseconds()},
	}}, nil)
}

// becomesWhole waits until each node is registered and counts all, for three rounds. It
// looks for bans all the time.
func (m *mix) becomesWhole(t *testing.T, what string, rounds int) {
	t.Helper()
	var seen string
	defer func() {
		if t.Failed() {
			t.Log("at last:", seen)
		}
	}()
	began := time.Now()
	since := began
	tick := time.NewTicker(*defaultInterval / 2)
	defer tick.Stop()
	for time.Since(since) < 3**defaultInterval {
		<-tick.C
		m.checkBans(t)
		var exact bool
		if exact, seen = m.look(t); !exact {
			since = time.Now()
		}
		if since.Sub(began) > time.Duration(rounds)**defaultInterval {
			t.Fatalf("not %s within %d rounds", what, rounds)
		}
	}
	t.Logf("%s after %.1f rounds", what, since.Sub(began).Seconds()/defaultInterval.Seconds())
}

// look reports whether all nodes are registered and count all, and what each says.
func (m *mix) look(t *testing.T) (exact bool, seen string) {
	t.Helper()
	exact = true
	note := func(address string, size int, registered bool) {
		exact = exact && registered && size == len(m.npm)+len(m.ours)
		seen += fmt.Sprintf("%s: size %d, registered %t; ", address, size, registered)
	}
	for _, p := range m.npm {
		var s state
		p.must(t, "look", nil, &s)
		note(p.address, s.Size, s.Registered)
	}
	for _, p := range m.ours {
		s := p.status(t)
		note(p.address, s.NetworkSize, s.Registered)
	}
	return exact, seen
}

// checkBans fails if a node of ours bans any: all nodes are honest.
func (m *mix) checkBans(t *testing.T) {
	t.Helper()
	for _, p := range m.ours {
		var bans []admin.Ban
		if err := json.Unmarshal([]byte(p.must(t, "ban", "ls", "--json")), &bans); err != nil {
			t.Fatal(err)
		}
		for _, b := range bans {
			t.Errorf("%s bans %s (%s): %s", p.address, b.Address, b.IP, b.Reason)
		}
		if len(bans) > 0 {
			t.FailNow()
		}
	}
}

// serveClients gets and uses an approval of kind client through a node of each kind.
func (m *mix) serveClients(t *testing.T) {
	t.Helper()
	for _, entry := range []string{m.npm[1].address, m.ours[1].address} {
		c, err := client.Connect(t.Context(), client.Options{Addresses: []string{entry}, WorkerChange: -1})
		if err != nil {
			t.Fatalf("a client at %s: %v", entry, err)
		}
		q, err := c.ApprovalQuestion(t.Context(), "client", nil)
		if err != nil {
			t.Errorf("a question from %s: %v", entry, err)
		} else if err := c.Request(t.Context(), "client", nil, nil, client.WithApproval(q.Answer(q.Text)), client.At(m.npm[2].address)); err != nil {
			t.Errorf("an approval from %s: %v", entry, err)
		}
		c.Close()
	}
}

// restart kills a node of each kind and starts it again.
func (m *mix) restart(t *testing.T) {
	t.Helper()
	npm, ours := m.npm[len(m.npm)-1], m.ours[len(m.ours)-1]
	npm.kill()
	if err := ours.running.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = ours.running.Wait() // it was killed
	ours.start(t)
	npm.startDefault(t, m.npm[0].address)
}

// leave lets a master of ours, or else a slave, leave the network and come back. It tells
// npm nodes, too, which do not know the request and hold nothing against it.
func (m *mix) leave(t *testing.T) {
	t.Helper()
	p := m.ours[len(m.ours)-1]
	for _, other := range m.ours[1:] {
		if other.status(t).Slaves > 0 {
			p = other
			break
		}
	}
	t.Logf("%s leaves, with %d slaves", p.address, p.status(t).Slaves)
	p.stop(t)
	p.start(t)
}
