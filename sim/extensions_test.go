package sim

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/sim/scenario"
)

// diary is an extension that writes down each start of its node, and asks the network how
// many tally there are.
type diary struct {
	h     *host.Host
	count host.Ask[struct{}, tally]
	seen  func(node host.Peer, own, all int, c host.Coverage)
}

type tally struct{ Number int }

func (*diary) Name() string { return "diary" }

func (d *diary) Start(h *host.Host) {
	d.h = h
	d.count = host.Query[struct{}, tally]{
		Name:  "count",
		Local: func(*struct{}) (*tally, error) { return &tally{d.own()}, nil },
		Merge: func(_ *struct{}, answers []host.Given[tally]) *tally {
			sum := &tally{}
			for _, a := range answers {
				sum.Number += a.Answer.Number
			}
			return sum
		},
	}.Offer(h)
	h.OnStart(func(*host.Task) {
		if err := h.Bucket().Put(fmt.Sprint(h.Now()), []byte{}); err != nil {
			panic(err)
		}
	})
	h.Every("count", time.Minute, func(t *host.Task) {
		if a, c, err := d.count(t, &struct{}{}); err == nil && a != nil {
			d.seen(h.Self(), d.own(), a.Number, c)
		}
	})
}

func (d *diary) own() (count int) {
	d.h.Bucket().Scan("", func(string, []byte) bool { count++; return true })
	return count
}

func extended(t *testing.T, text string, workers int) (fingerprint string, most, asked int) {
	t.Helper()
	s, err := scenario.Parse("test", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	run, err := Run(s, Options{Workers: workers, Extensions: func(int) []host.Extension {
		return []host.Extension{&diary{seen: func(_ host.Peer, own, _ int, c host.Coverage) {
			mu.Lock()
			defer mu.Unlock()
			most, asked = max(most, own), max(asked, c.Answered)
		}}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return run.Summary.Fingerprint, most, asked
}

const sixty = "name: test\nnodes: 60\nseed: 3\nduration: 5m\n"

// Extensions run in the simulator as they do on real nodes, and a run with them is as
// reproducible as one without.
func TestExtensionsRunInTheSimulator(t *testing.T) {
	one, _, asked := extended(t, sixty, 1)
	again, _, _ := extended(t, sixty, 2)
	if asked != 60 || one != again {
		t.Errorf("%d nodes answer; fingerprints %s and %s", asked, one, again)
	}
}

// What a node that is back still has on its disk depends on whether it remembers.
func TestADiskOutlastsAStayAsTheNodesStateDoes(t *testing.T) {
	churn := sixty + "churn:\n  session: {model: exponential, mean: 1m}\n  absence: {model: exponential, mean: 10s}\n  memory: %d%%\n"
	if _, most, _ := extended(t, fmt.Sprintf(churn, 100), 1); most < 2 {
		t.Errorf("nodes that remember have %d starts in their diary", most)
	}
	if _, most, _ := extended(t, fmt.Sprintf(churn, 0), 1); most != 1 {
		t.Errorf("nodes that do not remember have %d starts in their diary", most)
	}
}
