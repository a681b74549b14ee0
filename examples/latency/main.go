// Latency is a simulator with a latency model of its own, as a module of its own: most
// hosts are on the Earth, some on the Moon.
//
//	go run . SCENARIO.yaml
package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem/latency"
)

// moon is the model. Every tenth host is on the Moon, 384,400 km away: light takes 1.28 s.
type moon struct{ near time.Duration }

const toTheMoon = 1280 * time.Millisecond

// Draw implements latency.Model. It depends on nothing but the pair, and would draw from r
// what varies from message to message.
func (m moon) Draw(from, to uint32, r *rand.Rand) time.Duration {
	if (from%10 == 9) != (to%10 == 9) {
		return m.near + toTheMoon
	}
	return m.near
}

// Min implements latency.Model.
func (m moon) Min() time.Duration { return m.near }

// Mean implements latency.Model: 18 of 100 pairs are apart.
func (m moon) Mean() time.Duration { return m.near + toTheMoon*18/100 }

// Max implements latency.Model.
func (m moon) Max() time.Duration { return m.near + toTheMoon }

// row is the model as scenario files know it: `latency: {model: moon, mean: 5ms}`.
func row() scenario.LatencyRow {
	return scenario.LatencyRow{
		Name:       "moon",
		Parameters: []scenario.LatencyParameter{{Key: "mean", Positive: true}},
		Build: func(l scenario.LatencySetup) (latency.Model, error) {
			if l.Mean > time.Second {
				return nil, l.About("mean", errors.New("expected at most 1s on one body"))
			}
			return moon{near: l.Mean}, nil
		},
	}
}

func run(path string) error {
	s, err := scenario.Reader{Latencies: []scenario.LatencyRow{row()}}.Load(path, nil)
	if err != nil {
		return err
	}
	r, err := sim.Run(s, sim.Options{})
	if err != nil {
		return err
	}
	fmt.Printf("%s over %s\n", s.Name, s.Latency)
	if search := r.Summary.Search; search != nil && search.LatencyMS != nil {
		fmt.Printf("%d of %d searches complete, in %.0f ms in the median\n",
			search.Complete, search.Count, search.LatencyMS.P50)
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "latency: expected one scenario file")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "latency:", err)
		os.Exit(1)
	}
}
