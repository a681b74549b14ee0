package fault_test

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/sim/fault"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// world is a network of which only the hosts exist. It notes what is done to it.
type world struct {
	now    time.Duration
	events []event
	hosts  []fault.Host
	loss   float64
	log    []string
}

type event struct {
	at time.Duration
	do func()
}

func (w *world) did(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%v ", w.now)+fmt.Sprintf(format, args...))
}

func (w *world) Now() time.Duration { return w.now }

func (w *world) At(t time.Duration, do func()) {
	i := len(w.events)
	for ; i > 0 && w.events[i-1].at > t; i-- {
	}
	w.events = slices.Insert(w.events, i, event{t, do})
}

func (w *world) Run(d time.Duration) {
	end := w.now + d
	for len(w.events) > 0 && w.events[0].at <= end {
		next := w.events[0]
		w.events = w.events[1:]
		w.now = next.at
		next.do()
	}
	w.now = end
}

func (w *world) Hosts() []fault.Host { return w.hosts }

func (w *world) Newcomer() fault.Host {
	h := &host{world: w, name: fmt.Sprintf("n%d", len(w.hosts))}
	w.hosts = append(w.hosts, h)
	return h
}

func (w *world) SetLoss(share float64) { w.loss = share; w.did("loss %.4f", share) }
func (w *world) SetCut(swallows bool)  { w.did("cuts swallow %v", swallows) }

// host is a host that remembers what is done to it.
type host struct {
	world                 *world
	name                  string
	running, master, held bool
	slow                  time.Duration
	group                 int
}

func (h *host) Name() string   { return h.name }
func (h *host) Running() bool  { return h.running }
func (h *host) IsMaster() bool { return h.master }

func (h *host) Crash(silent bool) {
	h.running = false
	h.world.did("%s crash silent=%v", h.name, silent)
}

func (h *host) Boot(remember bool) {
	h.running = true
	h.world.did("%s boot remember=%v", h.name, remember)
}
func (h *host) Hold()                   { h.held = true; h.world.did("%s hold", h.name) }
func (h *host) Release()                { h.held = false; h.world.did("%s release", h.name) }
func (h *host) SetSlow(d time.Duration) { h.slow = d; h.world.did("%s slow %v", h.name, d) }
func (h *host) SetGroup(group int)      { h.group = group; h.world.did("%s group %d", h.name, group) }

const size, boots = 20, 2

// broken is a world of twenty hosts, five of them masters, after a fault.
func broken(t *testing.T, name string, seed uint64) (*world, *fault.Breaker) {
	t.Helper()
	w := &world{}
	for i := range size {
		h := w.Newcomer().(*host)
		h.running, h.master = true, i%4 == 0
	}
	kind, ok := fault.Of(name)
	if !ok {
		t.Fatalf("there is no fault %q", name)
	}
	b := &fault.Breaker{World: w, Random: rand.New(rand.NewPCG(seed, 1)), Boots: boots}
	b.Do(kind)
	return w, b
}

// What each kind says that it does, and what it does: the first things in words, all of
// them in a hash. `go test ./sim/fault -update` writes the file anew.
func TestGoldenKinds(t *testing.T) {
	const file, shown = "testdata/kinds.golden", 12
	var text strings.Builder
	for _, name := range fault.Kinds() {
		for seed := range uint64(3) {
			w, b := broken(t, name, seed)
			sum := fnv.New64a()
			fmt.Fprint(sum, strings.Join(w.log, "\n"))
			fmt.Fprintf(&text, "%s, seed %d: %d things in %v, %016x\n", name, seed, len(w.log), w.now, sum.Sum64())
			for _, step := range b.Steps {
				fmt.Fprintf(&text, "  says: %s\n", step)
			}
			if seed == 0 {
				for _, line := range w.log[:min(shown, len(w.log))] {
					fmt.Fprintf(&text, "  %s\n", line)
				}
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, old := strings.Split(text.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(old)) {
		if got[i] != old[i] {
			t.Fatalf("line %d is %q, was %q", i+1, got[i], old[i])
		}
	}
	if len(got) != len(old) {
		t.Errorf("%d lines, were %d", len(got), len(old))
	}
}

// What passes is taken back, and nothing that a fault has begun is left to happen after it.
// Only those die for good that may, no more newcomers start than the kind says, and whoever
// reads the steps learns of every fault.
func TestFaultsEnd(t *testing.T) {
	deadly := map[string]bool{"kill": true, "boot-gone": true, "masters-gone": true, "split": true, "churn": true, "mixed": true}
	for _, name := range fault.Kinds() {
		kind, _ := fault.Of(name)
		for seed := range uint64(30) {
			w, b := broken(t, name, seed)
			done, dead := len(w.log), 0
			w.Run(time.Hour)
			for _, h := range w.hosts {
				h := h.(*host)
				if h.held || h.group != 0 || h.slow != 0 && name != "slow-forever" {
					t.Errorf("%s, seed %d: %s is left held %v, in group %d, slow by %v", name, seed, h.name, h.held, h.group, h.slow)
				}
				if !h.running {
					dead++
				}
			}
			if w.loss != 0 || len(w.log) > done || dead > 0 && !deadly[name] {
				t.Errorf("%s, seed %d: loss %v, %d things happen later, %d hosts are dead", name, seed, w.loss, len(w.log)-done, dead)
			}
			if more := len(w.hosts) - size; more > kind.Newcomers(size) {
				t.Errorf("%s, seed %d: %d newcomers, at most %d are foreseen", name, seed, more, kind.Newcomers(size))
			}
			if (len(b.Steps) == 0) != (name == "none") {
				t.Errorf("%s, seed %d: the steps are %q", name, seed, b.Steps)
			}
		}
	}
}
