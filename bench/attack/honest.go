package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"spreadable/bench/internal/proc"
	"spreadable/core/message"
)

// honestRate is how many things the honest clients do a second, all together.
const honestRate = 40

// honestClients is the number of honest clients, each at an IP of its own.
const honestClients = 4

// deeds are what honest clients do in turn.
var deeds = []struct {
	name string
	do   func(ctx context.Context, v *visitor, entry string) error
}{
	{"status", func(ctx context.Context, v *visitor, entry string) error {
		return v.ask(ctx, entry, message.KindStatus, nil, nil, nil)
	}},
	{"available node", func(ctx context.Context, v *visitor, entry string) error {
		return v.ask(ctx, entry, message.KindAvailableNode, nil, timed(fields{}), nil)
	}},
	{"approval key", func(ctx context.Context, v *visitor, entry string) error {
		_, err := v.key(ctx, entry, "client")
		return err
	}},
	{"approval, whole", func(ctx context.Context, v *visitor, entry string) error {
		_, err := v.question(ctx, entry, "client")
		return err
	}},
}

// measured is what honest clients and the system saw of the node.
type measured struct {
	took      [][]time.Duration // of each deed, sorted
	failed    []int             // of each deed: they took the whole budget
	processor float64           // share of one that the node has used
	waited    float64           // seconds per second that its threads had to wait for one
	memory    int64             // bytes, at most until now
	disk      int64             // bytes
}

// honest lets the honest clients work for so long. They begin their deeds at even
// distances, whether those before have ended or not.
func (n *network) honest(ctx context.Context, d time.Duration) (*measured, error) {
	m := &measured{took: make([][]time.Duration, len(deeds)), failed: make([]int, len(deeds))}
	var clients []*visitor
	for i := range honestClients {
		clients = append(clients, newVisitor(fmt.Sprintf("127.0.5.%d", i+1)))
	}
	pid := n.all[0].Process.Pid
	before, err := proc.ProcessorTime(pid)
	if err != nil {
		return nil, err
	}
	waitedBefore, err := proc.Waited(pid)
	if err != nil {
		return nil, err
	}
	var work sync.WaitGroup
	var lock sync.Mutex
	began := time.Now()
	paced(ctx, honestRate, d, func(i int) {
		work.Go(func() {
			deed, start := i%len(deeds), time.Now()
			err := deeds[deed].do(ctx, clients[i/len(deeds)%len(clients)], n.Address)
			took := time.Since(start)
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				took = max(took, budget)
				if m.failed[deed]++; m.failed[deed] == 1 {
					fmt.Fprintf(os.Stderr, "bench/attack: an honest %s failed: %v\n", deeds[deed].name, err)
				}
			}
			m.took[deed] = append(m.took[deed], took)
		})
	})
	work.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, took := range m.took {
		slices.Sort(took)
	}
	after, err := proc.ProcessorTime(pid)
	if err != nil {
		return nil, err
	}
	waited, err := proc.Waited(pid)
	if err != nil {
		return nil, err
	}
	m.processor = float64(after-before) / float64(time.Since(began))
	m.waited = float64(waited-waitedBefore) / float64(time.Since(began))
	if m.memory, err = proc.Peak(pid); err != nil {
		return nil, err
	}
	m.disk, err = n.diskUsed()
	return m, err
}

// paced calls a function at a rate per second, with its number, until the time is over. It
// makes up for delays.
func paced(ctx context.Context, rate float64, d time.Duration, call func(i int)) {
	began := time.Now()
	for i := 0; ; i++ {
		due := time.Duration(float64(i) / rate * float64(time.Second))
		if due >= d || ctx.Err() != nil {
			return
		}
		wait(ctx, due-time.Since(began))
		call(i)
	}
}

// all are the durations of all deeds, sorted.
func (m *measured) all() []time.Duration {
	list := slices.Concat(m.took...)
	slices.Sort(list)
	return list
}

// quantile is the least of sorted durations that a share of them does not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(share * float64(len(sorted)))
	return sorted[min(i, len(sorted)-1)]
}
