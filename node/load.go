package node

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// load measures once a second how busy the process is; a node tells others the rest as
// its availability. The heap is measured as a share of the memory limit (GOMEMLIMIT), 0
// if there is none; the processor time as a share of all cores.
type load struct {
	heap, cpu atomic.Uint64 // bits of a float64
}

// read is core.Config.Load.
func (l *load) read() (heap, cpu float64) {
	return math.Float64frombits(l.heap.Load()), math.Float64frombits(l.cpu.Load())
}

// watch measures until ctx ends.
func (l *load) watch(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	used, at := processTime(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			next := processTime()
			if passed := now.Sub(at); passed > 0 {
				l.cpu.Store(share(float64(next-used), float64(passed)*float64(runtime.GOMAXPROCS(0))))
			}
			l.heap.Store(share(heapBytes(), float64(debug.SetMemoryLimit(-1))))
			used, at = next, now
		}
	}
}

// share returns part of whole, from 0 to 1, as the bits of a float64.
func share(part, whole float64) uint64 { return math.Float64bits(min(1, max(0, part/whole))) }

func heapBytes() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64())
}
