package laws

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"spreadable/internal/stream"
	"spreadable/internal/theory"
	"spreadable/sim/plots"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
	"spreadable/transport/inmem/link"
)

// queues is the law of the queue before a node.
func queues() Law {
	return Law{
		Name:  "queue",
		Title: "requests wait as in the queues M/M/1, M/D/1 and M/M/1/K",
		Source: "Pollaczek 1930 and Khinchine 1932: W = rho E(S) (1 + c^2) / (2 (1 - rho)); " +
			"Kleinrock, Queueing Systems, volume 1, 1975",
		Parameters: []Parameter{seed(),
			{Name: "rho", Help: "load, arrivals per service time; 0 is several", Max: 0.95},
			whole("customers", "requests of each queue", 300_000, 2_000_000, 1000, 100_000_000),
			{Name: "service_ms", Help: "mean service time in milliseconds", Reduced: 10, Full: 10, Min: 0.001, Max: 1e6},
			whole("places", "requests that can wait where the queue has a bound", 4, 4, 0, 1000),
		},
		run: runQueues,
	}
}

// busy is a link to one host that serves requests.
func busy(service time.Duration, queue int, exponential bool, seed uint64) *link.Link {
	return link.New(link.Options{
		Latency: latency.Constant(time.Millisecond), Size: 2, Seed: seed, Exponential: exponential,
		Hosts: &link.Hosts{Kinds: []link.Host{{Service: service, Queue: queue}}, Of: make([]uint8, 2)},
	})
}

// crowd lets requests arrive at host 1 by a Poisson process, and returns what the link has
// counted.
func crowd(l *link.Link, customers int, mean time.Duration, r *rand.Rand) link.Counts {
	var at time.Duration
	for range customers {
		at += time.Duration(r.ExpFloat64() * float64(mean))
		l.Arrive(inmem.Message{From: 0, To: 1}, at)
	}
	return l.Counts(at)
}

// waitError is the greatest relative error of a mean wait: 3 % with 2 million requests, more
// with fewer, and more as the load nears 1, where waits are correlated for long. That of
// 3 % is four standard errors at a load of 0.8 (Whitt, Planning queueing simulations,
// 1989: they grow as 1/((1 - rho) sqrt(n))).
func waitError(rho float64, customers int) float64 {
	return 0.03 * math.Sqrt(max(1, 2e6/float64(customers))) * max(1, 0.2/(1-rho))
}

// runQueues lets requests of both kinds arrive at each load, and at last some at a queue
// with a bound.
func runQueues(s *settings) (*Outcome, error) {
	loads := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}
	if rho := s.number("rho"); rho > 0 {
		loads = []float64{rho}
	}
	service := time.Duration(s.number("service_ms") * float64(time.Millisecond))
	customers := s.whole("customers")
	out, curves := &Outcome{}, []plots.Curve(nil)
	for _, kind := range []struct {
		name        string
		exponential bool
		c2          float64 // squared coefficient of variation of the service time
	}{{"M/M/1", true, 1}, {"M/D/1", false, 0}} {
		seen, formula := plots.Curve{Name: kind.name + ", simulated", Marks: true}, plots.Curve{Name: kind.name + ", formula"}
		for i, rho := range loads {
			l := busy(service, link.Unbounded, kind.exponential, s.seed())
			counts := crowd(l, customers, time.Duration(float64(service)/rho), rand.New(stream.New(s.seed(), uint64(i), stream.Arrival)))
			got, want := ms(counts.Service.Mean), theory.MeanWait(rho, service.Seconds(), kind.c2)*1000
			out.Rows = append(out.Rows, within(fmt.Sprintf("%s, load %.3g: mean wait in ms", kind.name, rho), got, want, waitError(rho, customers)*want))
			seen.Add(rho, got)
			formula.Add(rho, want)
		}
		curves = append(curves, formula, seen)
	}
	out.Rows = append(out.Rows, bounded(loads[len(loads)-1], s.whole("places"), customers, service, s.seed()))
	out.Charts = []plots.Chart{{Name: "queue", Title: "Mean wait in a queue", X: "load", Y: "mean wait in ms", Curves: curves}}
	return out, nil
}

// bounded is M/M/1/K: the share of requests that a full queue turns away.
func bounded(rho float64, places, customers int, service time.Duration, seed uint64) Row {
	l := busy(service, places, true, seed)
	counts := crowd(l, customers, time.Duration(float64(service)/rho), rand.New(stream.New(seed, 99, stream.Arrival)))
	want := theory.Refused(rho, places+1)
	// Refusals come in bursts: some three times the deviation of independent ones.
	off := 4 * 3 * math.Sqrt(want*(1-want)/float64(customers))
	return within(fmt.Sprintf("M/M/1/%d, load %.3g: share refused", places+1, rho), float64(*counts.Refused)/float64(customers), want, off)
}

// ms is a time in milliseconds.
func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
