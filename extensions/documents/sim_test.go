package documents_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/sim"
	"spreadable/sim/scenario"
)

const fifty = `
name: documents
nodes: 50
seed: 1
duration: 14m
`

// simulated runs fifty nodes with 250 documents, of which each node writes five and reads
// others later. It returns the run's fingerprint, the reads that failed, and
// how often a document is kept.
func simulated(t *testing.T, workers int) (fingerprint string, missing int, copies map[string]int) {
	t.Helper()
	s, err := scenario.Parse("documents.yaml", []byte(fifty), nil)
	if err != nil {
		t.Fatal(err)
	}
	stores, failed := make([]*documents.Store, 50), make([]int, 50)
	result, err := sim.Run(s, sim.Options{Workers: workers, Extensions: func(i int) []host.Extension {
		store, err := documents.New(things())
		if err != nil {
			panic(err)
		}
		stores[i] = store
		return []host.Extension{stores[i], &visitor{
			at: func(task *host.Task) {
				for n := range 5 {
					text := fmt.Appendf(nil, `{"id": %d, "text": "a document of a simulation"}`, 5*i+n)
					if _, err := stores[i].Put(task, documents.Write{Collection: "things", Document: text, IfAbsent: true}); err != nil {
						failed[i]++
					}
				}
			},
			then: func(task *host.Task) {
				for n := range 5 {
					f, err := stores[i].Get(task, "things", documents.Key((5*i+n*217)%250))
					if err != nil || f.Document == nil {
						failed[i]++
					}
				}
			},
		}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	copies = make(map[string]int)
	for i := range 250 {
		for _, s := range stores {
			if _, has := s.Has("things", documents.Key(i)); has {
				copies[documents.Key(i)]++
			}
		}
	}
	for _, n := range failed {
		missing += n
	}
	return result.Summary.Fingerprint, missing, copies
}

// visitor is an extension of the test: it does two things at two times.
type visitor struct{ at, then func(t *host.Task) }

func (*visitor) Name() string { return "visitor" }
func (v *visitor) Start(h *host.Host) {
	h.OnStart(func(*host.Task) {
		h.Later(5*time.Minute, v.at)
		h.Later(12*time.Minute, v.then)
	})
}

// 250 documents on fifty simulated nodes; the run is the same to the bit with
// one worker and with two.
func TestDocumentsInTheSimulator(t *testing.T) {
	fingerprint, missing, copies := simulated(t, 1)
	if missing > 0 {
		t.Errorf("%d operations failed", missing)
	}
	for i := range 250 {
		if n := copies[documents.Key(i)]; n < 3 || n > 4 {
			t.Errorf("document %d has %d copies", i, n)
		}
	}
	if again, _, _ := simulated(t, 2); again != fingerprint {
		t.Errorf("fingerprints %s and %s", fingerprint, again)
	}
}
