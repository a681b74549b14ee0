package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// The limits of a node under attack.
const (
	slowerLimit = 10        // times the idle node's p99
	memoryLimit = 200 << 20 // bytes
	diskLimit   = 64 << 20  // bytes
)

// tally counts what became of the tries of one attack.
type tally struct {
	Name                    string
	Item                    int
	Rate                    float64 // per second, as stated; 0: tries are held
	Held                    int     // at a time, as stated
	Served, Refused, Failed int
}

func newTable(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// writeAttacks prints what the attackers did.
func writeAttacks(out io.Writer, tallies []tally, d time.Duration) {
	table := newTable(out)
	fmt.Fprintln(table, "item\tattack\tstated\treached\tserved\trefused\tfailed\t")
	for _, t := range tallies {
		stated := fmt.Sprintf("%.0f/s", t.Rate)
		if t.Held > 0 {
			stated = fmt.Sprintf("%d held", t.Held)
		}
		reached := float64(t.Served+t.Refused+t.Failed) / d.Seconds()
		fmt.Fprintf(table, "%d\t%s\t%s\t%.0f/s\t%d\t%d\t%d\t\n",
			t.Item, t.Name, stated, reached, t.Served, t.Refused, t.Failed)
	}
	table.Flush()
	fmt.Fprintln(out)
}

// verdict is a number with its limit.
type verdict struct {
	what             string
	idle, got, limit float64
	unit             string
}

// writeVerdict prints what honest clients and the machine saw. A limit that is exceeded is an
// error.
func writeVerdict(out io.Writer, h *hidden, names *swallowed, idle, attacked *measured) error {
	table := newTable(out)
	fmt.Fprintln(table, "honest clients\tidle p50\tidle p99\tp50\tp99\tslowest\tdone\tfailed\t")
	for i, deed := range deeds {
		writeTimes(table, deed.name, idle.took[i], attacked.took[i], attacked.failed[i])
	}
	failed := 0
	for _, n := range attacked.failed {
		failed += n
	}
	writeTimes(table, "all", idle.all(), attacked.all(), failed)
	table.Flush()
	fmt.Fprintf(out, "\nprocessor: %.0f %% used idle, %.0f %% under attack; waited for it: %.0f %% idle, %.0f %% under attack\n",
		100*idle.processor, 100*attacked.processor, 100*idle.waited, 100*attacked.waited)
	fmt.Fprintf(out, "calls to internal services: %d; lookups without an answer: %d\n\n", h.calls.Load(), names.lookups.Load())

	p99 := milliseconds(quantile(idle.all(), 0.99))
	return writeLimits(out, []verdict{
		{"p99 of honest clients", p99, milliseconds(quantile(attacked.all(), 0.99)), slowerLimit * p99, "ms"},
		{"memory, peak", megabytes(idle.memory), megabytes(attacked.memory), megabytes(memoryLimit), "MB"},
		{"state on disk", megabytes(idle.disk), megabytes(attacked.disk), megabytes(diskLimit), "MB"},
	})
}

func writeTimes(w io.Writer, name string, idle, attacked []time.Duration, failed int) {
	fmt.Fprintf(w, "%s", name)
	for _, d := range []time.Duration{quantile(idle, 0.5), quantile(idle, 0.99), quantile(attacked, 0.5),
		quantile(attacked, 0.99), quantile(attacked, 1)} {
		fmt.Fprintf(w, "\t%.1f ms", milliseconds(d))
	}
	fmt.Fprintf(w, "\t%d\t%d\t\n", len(attacked), failed)
}

// writeLimits prints the numbers that have limits.
func writeLimits(out io.Writer, list []verdict) (err error) {
	table := newTable(out)
	fmt.Fprintln(table, "limit\tidle\tunder attack\tat most\t\t")
	for _, v := range list {
		word := "ok"
		if v.got > v.limit {
			word = "EXCEEDED"
			err = errors.Join(err, fmt.Errorf("%s: %.1f %s, want at most %.1f", v.what, v.got, v.unit, v.limit))
		}
		fmt.Fprintf(table, "%s\t%.1f %s\t%.1f %s\t%.1f %s\t%s\t\n", v.what, v.idle, v.unit, v.got, v.unit, v.limit, v.unit, word)
	}
	return errors.Join(table.Flush(), err)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
