package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// caller keeps a connection for each client and node.
var caller = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}

// operation is what clients do all the time.
type operation string

const (
	add operation = "add"
	get operation = "get"
)

// dialect is how clients talk to a store.
type dialect struct {
	paths map[operation]string
	key   string // the field of a request that names a document
}

var (
	own        = dialect{paths: map[operation]string{add: "documents/add", get: "documents/get"}, key: "key"}
	metastocle = dialect{paths: map[operation]string{add: "add-document", get: "get-document-by-pk"}, key: "pkValue"}
)

// key names the i-th document.
func key(i int) string { return fmt.Sprintf("document-%08d", i) }

// text is what a document holds.
func text(size int) string { return strings.Repeat("Spreadable ", size/11+1)[:size] }

// do makes one operation on the i-th document at a node, and checks the answer.
func (s *store) do(ctx context.Context, what operation, node, i, size int) error {
	q := map[string]any{"collection": "documents", "timeout": 10_000, "timestamp": time.Now().UnixMilli()}
	if what == add {
		q["document"] = map[string]any{"id": key(i), "text": text(size)}
	} else {
		q[s.key] = key(i)
	}
	var answer struct {
		Document *struct {
			ID       string // npm
			Document struct{ ID string }
		}
		Written *struct{ Key string }
	}
	url := "http://" + s.addresses[node] + "/client/" + s.paths[what]
	if err := ask(ctx, http.MethodPost, url, q, &answer); err != nil {
		return err
	}
	switch d := answer.Document; {
	case d != nil && (d.ID == key(i) || d.Document.ID == key(i)):
	case what == add && answer.Written != nil && answer.Written.Key == key(i):
	default:
		return errors.New("the answer does not have the document")
	}
	return nil
}

// fill writes the documents that are read later.
func (s *store) fill(ctx context.Context, o *options) error {
	var running sync.WaitGroup
	failed := make([]error, len(s.addresses))
	for node := range s.addresses {
		running.Go(func() {
			for i := node; i < o.keys && failed[node] == nil; i += len(s.addresses) {
				failed[node] = s.do(ctx, add, node, i, o.size)
			}
		})
	}
	running.Wait()
	s.next, s.written = o.keys, o.keys
	return errors.Join(failed...)
}

// run is what one run has measured.
type run struct {
	times  []time.Duration // of the operations that were done, the shortest first
	failed int
	last   error // of those that failed
	took   time.Duration

	processor time.Duration // of all nodes
}

func (r *run) rate() float64 { return float64(len(r.times)) / r.took.Seconds() }

// quantile is the time within which a share of the operations was done.
func (r *run) quantile(share float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(len(r.times)-1, int(share*float64(len(r.times))))]
}

// load lets clients, each at a node of its own as far as there are so many entries, do one thing
// after the other.
func (s *store) load(ctx context.Context, what operation, clients int, o *options) *run {
	var next atomic.Int64
	next.Store(int64(s.next))
	began := time.Now()
	end := began.Add(o.duration)
	parts := make([]run, clients)
	var running sync.WaitGroup
	for c := range clients {
		running.Go(func() {
			for time.Now().Before(end) && ctx.Err() == nil {
				i := rand.IntN(o.keys)
				if what == add {
					i = int(next.Add(1) - 1)
				}
				start := time.Now()
				if err := s.do(ctx, what, c%o.entries, i, o.size); err != nil {
					parts[c].failed++
					parts[c].last = err
					continue
				}
				parts[c].times = append(parts[c].times, time.Since(start))
			}
		})
	}
	running.Wait()
	all := &run{took: time.Since(began)}
	for _, p := range parts {
		all.times, all.failed = append(all.times, p.times...), all.failed+p.failed
		if p.last != nil {
			all.last = p.last
		}
	}
	slices.Sort(all.times)
	if s.next = int(next.Load()); what == add {
		s.written += len(all.times)
	}
	return all
}

// measure runs each operation with each number of clients, the stores in turn. Which of
// them comes first changes. A run is warmed up by one of a fifth of its length.
func measure(ctx context.Context, o *options, stores []*store, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operation\tclients\tnodes\toperations/s\tp50\tp99\tprocessor time\tfailed\t")
	warm := *o
	warm.duration /= 5
	for _, what := range []operation{add, get} {
		for _, clients := range o.clients {
			var ratios []float64
			for pair := range o.pairs {
				rates := make(map[*store]float64)
				for i := range stores {
					s := stores[(i+pair)%len(stores)]
					s.load(ctx, what, clients, &warm)
					before, err := s.processorTime()
					r := s.load(ctx, what, clients, o)
					after, errAfter := s.processorTime()
					r.processor = after - before
					switch {
					case err != nil || errAfter != nil:
						return errors.Join(err, errAfter)
					case ctx.Err() != nil:
						return ctx.Err()
					case len(r.times) == 0:
						return fmt.Errorf("%s: no %s was done: %w", s.name, what, r.last)
					}
					r.write(table, what, clients, s.name)
					rates[s] = r.rate()
				}
				ratios = append(ratios, rates[stores[0]]/rates[stores[len(stores)-1]])
			}
			if len(stores) > 1 {
				writeRatios(table, ratios)
			}
		}
	}
	return table.Flush()
}

// write adds a run as a row.
func (r *run) write(w io.Writer, what operation, clients int, name string) {
	ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 }
	fmt.Fprintf(w, "%s\t%d\t%s\t%.0f\t%.2f ms\t%.2f ms\t%.2f ms\t%d\t\n", what, clients, name, r.rate(),
		ms(r.quantile(0.5)), ms(r.quantile(0.99)), ms(r.processor)/float64(len(r.times)), r.failed)
}

// writeRatios adds how many times more operations ours has done: the median of the pairs,
// and the lowest and highest.
func writeRatios(w io.Writer, ratios []float64) {
	slices.Sort(ratios)
	fmt.Fprintf(w, "\t\tratio\t%.1fx\t%.1fx to %.1fx\t\t\t\t\n", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
}
