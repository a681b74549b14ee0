//go:build interop

package interop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/internal/nettest"
)

// The networks of these tests live fast: a round of syncs takes a second and a half
// instead of sixteen. The timeouts suit a machine on which nine processes share
// two cores.
const (
	round         = 1500 * time.Millisecond
	serverTimeout = time.Second
	pingTimeout   = time.Second
)

// member is a node of a network.
type member struct {
	*process
	address string
	npm     bool
}

// network is a network of both kinds.
type network struct {
	members            []*member
	username, password string
	timeout            time.Duration // of requests between nodes; 0 for serverTimeout
	// approvals of kind client have each kind's default terms, instead of the same
	standard bool
}

// start starts so many nodes of each kind; the first is the root. Npm nodes are all at
// localhost, since they cannot choose the IP that their requests come from; ours have an
// IP each.
func (n *network) start(t *testing.T, npm, ours int, npmRoot bool) {
	t.Helper()
	for i := range npm + ours {
		isNpm := i >= ours
		if npmRoot {
			isNpm = i < npm
		}
		port := nettest.FreePort(t, "")
		for slices.ContainsFunc(n.members, func(m *member) bool { return strings.HasSuffix(m.address, fmt.Sprintf(":%d", port)) }) {
			// promised to another node, which does not listen yet
			port = nettest.FreePort(t, "")
		}
		m := &member{npm: isNpm, address: fmt.Sprintf("127.0.0.%d:%d", 11+i, port)}
		if isNpm {
			m.address = fmt.Sprintf("localhost:%d", port)
		}
		n.members = append(n.members, m)
	}
	n.bringUp(t, n.members[0])
	var all sync.WaitGroup
	starting := make(chan struct{}, 2) // Node.js takes a core for a second to start
	for _, m := range n.members[1:] {
		all.Go(func() {
			starting <- struct{}{}
			defer func() { <-starting }() // also where a node fails to start
			n.bringUp(t, m)
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func (n *network) bringUp(t *testing.T, m *member) {
	root, timeout := n.members[0].address, cmp.Or(n.timeout, serverTimeout).Milliseconds()
	if !m.npm {
		m.process = goProcess(t, "go node "+m.address)
		m.check(t, "node", map[string]any{"options": options{
			Address: m.address, Bootstrap: root, Interval: int(round.Milliseconds()), Timeout: int(timeout), Username: n.username, Password: n.password,
			Standard: n.standard,
		}})
		return
	}
	settings := map[string]any{"syncInterval": round.Milliseconds(), "isTrusted": true}
	if n.username != "" {
		settings["auth"] = map[string]string{"username": n.username, "password": n.password}
	}
	byIP := map[string]any{}
	if !n.standard {
		byIP["approversCount"] = approvers
	}
	_, port, _ := strings.Cut(m.address, ":")
	m.process = npmProcess(t, "npm node "+m.address)
	m.check(t, "node", map[string]any{"options": map[string]any{
		"port": json.Number(port), "hostname": "localhost", "initialNetworkAddress": root, "network": settings,
		"request":   map[string]any{"serverTimeout": timeout, "pingTimeout": pingTimeout.Milliseconds()},
		"approvals": map[string]any{"client": byIP},
	}})
}

// check is must from any goroutine.
func (m *member) check(t *testing.T, verb string, args map[string]any) {
	if err := m.do(verb, args, nil); err != nil {
		t.Errorf("%s: %s: %v", m.name, verb, err)
	}
}

// look asks all members for their state, at once.
func (n *network) look(t *testing.T) []state {
	t.Helper()
	states := make([]state, len(n.members))
	var all sync.WaitGroup
	for i, m := range n.members {
		all.Go(func() {
			if err := m.do("look", nil, &states[i]); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		})
	}
	all.Wait()
	return states
}

// whole reports whether all members are registered and see a network of their number.
func whole(states []state) bool {
	return !slices.ContainsFunc(states, func(s state) bool { return s.Size != len(states) || !s.Registered })
}

// settle waits until the network has been whole for three rounds, and fails when it is
// not after so many. Networks of four are whole for a moment in one start of a hundred,
// before a node leaves a backlink that is also its slave.
func (n *network) settle(t *testing.T, rounds int) {
	t.Helper()
	began := time.Now()
	since := began // the last time that it was not whole
	tick := time.NewTicker(round / 4)
	defer tick.Stop()
	for range tick.C {
		states := n.look(t)
		if !whole(states) {
			since = time.Now()
		} else if time.Since(since) >= 3*round {
			t.Logf("whole after %.1f rounds", since.Sub(began).Seconds()/round.Seconds())
			return
		}
		if since.Sub(began) > time.Duration(rounds)*round {
			t.Fatalf("not whole after %d rounds:\n%s", rounds, n.describe(states))
		}
	}
}

// stay watches that the network is whole for so many rounds.
func (n *network) stay(t *testing.T, rounds int) {
	t.Helper()
	tick := time.NewTicker(round / 2)
	defer tick.Stop()
	for range 2 * rounds {
		<-tick.C
		if states := n.look(t); !whole(states) {
			t.Fatalf("no longer whole:\n%s", n.describe(states))
		}
	}
}

// eventually waits so many rounds for a condition.
func eventually(t *testing.T, what string, rounds int, holds func() bool) {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(round / 4)
	defer tick.Stop()
	for !holds() {
		if time.Since(began) > time.Duration(rounds)*round {
			t.Fatalf("not within %d rounds: %s", rounds, what)
		}
		<-tick.C
	}
	t.Logf("%s after %.1f rounds", what, time.Since(began).Seconds()/round.Seconds())
}

func (n *network) describe(states []state) string {
	var b strings.Builder
	for i, s := range states {
		fmt.Fprintf(&b, "%-26s size %d, backlink %-18s slaves %v masters %v\n", n.members[i].name, s.Size, s.Backlink, s.Slaves, s.Masters)
	}
	return b.String()
}

// TestMixedNetworks: nine nodes of both kinds become one network and stay it, and forget
// two that die. Each kind is a master of the other: in every network one way, in all of
// them together both.
func TestMixedNetworks(t *testing.T) {
	t.Parallel()
	var (
		mu         sync.Mutex
		ours, npms bool
	)
	whole := t.Run("networks", func(t *testing.T) {
		for _, tt := range []struct {
			ours    int
			npmRoot bool
		}{{3, true}, {3, false}, {6, true}, {6, false}, {8, true}, {8, false}} {
			t.Run(fmt.Sprintf("%d of ours, npm root %t", tt.ours, tt.npmRoot), func(t *testing.T) {
				t.Parallel()
				ourMaster, npmMaster := mixedNetwork(t, tt.ours, tt.npmRoot)
				mu.Lock()
				defer mu.Unlock()
				ours, npms = ours || ourMaster, npms || npmMaster
			})
		}
	})
	if whole && !(ours && npms) {
		t.Errorf("a node of ours was master of an npm node: %t; an npm node was master of one of ours: %t", ours, npms)
	}
}

// mixedNetwork is one of these networks. It tells which kind was a master of the other.
func mixedNetwork(t *testing.T, ours int, npmRoot bool) (ourMaster, npmMaster bool) {
	t.Helper()
	n := &network{}
	n.start(t, 9-ours, ours, npmRoot)
	n.settle(t, 15)
	n.stay(t, 10)
	n.askStatus(t)
	ourMaster, npmMaster = n.mastersOfOthers(t)
	for range 2 {
		last := len(n.members) - 1
		n.members[last].kill()
		n.members = n.members[:last]
	}
	// Six npm nodes and one of ours take 2 to 16 rounds; one run in some fifteen took more than 30.
	n.settle(t, 60)
	n.askStatus(t)
	return ourMaster, npmMaster
}

// mastersOfOthers looks for our nodes as masters of npm slaves, and the other way round.
// One of both there must be.
func (n *network) mastersOfOthers(t *testing.T) (ourMaster, npmMaster bool) {
	t.Helper()
	npm := make(map[string]bool)
	for _, m := range n.members {
		npm[m.address] = m.npm
	}
	for i, s := range n.look(t) {
		for _, slave := range s.Slaves {
			ourMaster = ourMaster || !n.members[i].npm && npm[slave]
			npmMaster = npmMaster || n.members[i].npm && !npm[slave]
		}
	}
	t.Logf("a node of ours lists an npm node: %t; an npm node lists one of ours: %t", ourMaster, npmMaster)
	if !ourMaster && !npmMaster {
		t.Error("neither kind is a master of the other")
	}
	return ourMaster, npmMaster
}

// TestStatusIsSeenFromOutside asks every member of a small network through its public
// address.
func TestStatusIsSeenFromOutside(t *testing.T) {
	t.Parallel()
	n := &network{}
	n.start(t, 2, 2, false)
	n.settle(t, 20)
	n.askStatus(t)
}

// askStatus asks every member for its status, as any client may. It expects a network
// that is whole.
func (n *network) askStatus(t *testing.T) {
	t.Helper()
	for _, m := range n.members {
		resp, err := http.Get("http://" + m.address + "/status")
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Root         string `json:"root"`
			NetworkSize  int    `json:"networkSize"`
			IsRegistered bool   `json:"isRegistered"`
		}
		err = json.NewDecoder(resp.Body).Decode(&s)
		resp.Body.Close()
		if err != nil || s.NetworkSize != len(n.members) || !s.IsRegistered || s.Root != n.members[0].address {
			t.Errorf("%s says %+v, %v", m.name, s, err)
		}
	}
}
