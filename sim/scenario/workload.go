package scenario

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"spreadable/internal/phrase"
)

// Workload describes what clients ask of the network. All of it is off by
// default.
type Workload struct {
	// How the requests of a series lie in its time: even (if absent) or poisson, each at
	// random and independent of the others.
	Arrivals Arrivals `yaml:"arrivals" jsonschema:"enum=even,enum=poisson"`

	// At which nodes clients ask: any with the same chance (uniform, if absent), the first
	// ones far more often (zipf), or some hosts by number ("#0-4,17"), as far as they are
	// up.
	Entry string `yaml:"entry"`

	// Exponent of zipf, a number: the k-th host is asked with a chance of 1/k to this power.
	// 1 if absent.
	Exponent Number `yaml:"exponent"`

	// How many IPs the clients have, in turn. Each client its own if absent.
	IPs int `yaml:"ips" jsonschema:"minimum=1,maximum=10000000"`

	// How often a client whose request has failed asks again, each time at another node.
	Retries int `yaml:"retries" jsonschema:"minimum=0,maximum=100"`

	// The timeout budget of a client: how long it waits for the answer to each request. 10s
	// if absent, as npm's clients do.
	Timeout time.Duration `yaml:"timeout"`

	// Network-wide requests, each from a client at a random node.
	Searches Searches `yaml:"searches"`

	// Approved actions, each from a client at a random node.
	Approvals Approvals `yaml:"approvals"`

	// What clients do with documents, each at a random node.
	Documents Objects `yaml:"documents"`

	// What clients do with files, each at a random node.
	Files Objects `yaml:"files"`
}

// Searches is a series of network-wide requests.
type Searches struct {
	// How many.
	Count int `yaml:"count" jsonschema:"minimum=0,maximum=10000000"`

	// How many a second, in place of count.
	Rate Number `yaml:"rate"`

	// A file, by its path as seen from the scenario's folder, with the virtual time of each,
	// in place of count.
	Times File `yaml:"times"`

	// Virtual time of the first one.
	Start time.Duration `yaml:"start"`

	// Virtual time within which they come, from start. One sync interval if absent, or what
	// is left of the run; all that is left with a rate.
	Over time.Duration `yaml:"over"`

	parsed []time.Duration // of the file
}

// Approvals is a series of approved actions.
type Approvals struct {
	// How many.
	Count int `yaml:"count" jsonschema:"minimum=0,maximum=10000000"`

	// How many a second, in place of count.
	Rate Number `yaml:"rate"`

	// A file, by its path as seen from the scenario's folder, with the virtual time of each,
	// in place of count.
	Times File `yaml:"times"`

	// Virtual time of the first one.
	Start time.Duration `yaml:"start"`

	// Virtual time within which they come, from start. One sync interval if absent, or what
	// is left of the run; all that is left with a rate.
	Over time.Duration `yaml:"over"`

	// How many entry nodes name the approvers of the same draw; with two or more their
	// agreement is measured.
	Entries int `yaml:"entries" jsonschema:"minimum=1"`

	parsed []time.Duration // of the file
}

// Arrivals names a way in which requests lie in time.
type Arrivals string

// The ways in which requests come.
const (
	ArriveEvenly  Arrivals = "even"
	ArrivePoisson Arrivals = "poisson"
)

// The words of workload.entry beside numbers of hosts.
const (
	EntryUniform = "uniform"
	EntryZipf    = "zipf"
)

// MeasureSettled is the word of measure for a network that has settled.
const MeasureSettled = "settled"

// MeasureFrom is the time from which requests count; ok is false if that is when the
// network has settled.
func (s *Scenario) MeasureFrom() (from time.Duration, ok bool) {
	from, err := parseDuration(s.Measure)
	return from, err == nil
}

// TimeoutBudget is how long clients wait for the answer to each request.
func (s *Scenario) TimeoutBudget() time.Duration {
	if s.Workload.Timeout > 0 {
		return s.Workload.Timeout
	}
	return ClientTimeout
}

// ZipfExponent is the exponent of the entry nodes of clients; 0 if they are not zipf.
func (w *Workload) ZipfExponent() float64 {
	switch {
	case w.Entry != EntryZipf:
		return 0
	case w.Exponent == 0:
		return 1
	}
	return float64(w.Exponent)
}

// EntryHosts are the hosts at which clients ask; nil if these are not listed.
func (w *Workload) EntryHosts() []int {
	if !strings.HasPrefix(w.Entry, "#") {
		return nil
	}
	t, _ := ParseTarget(w.Entry) // validate has refused what is none
	return t.List
}

// seriesKeys are the keys that searches and approvals have in common.
type seriesKeys struct {
	path        string
	count       *int
	rate        Number
	times       File
	start, over *time.Duration
	parsed      *[]time.Duration
}

func (s *Scenario) series() []seriesKeys {
	a, b := &s.Workload.Searches, &s.Workload.Approvals
	return []seriesKeys{
		{"workload.searches", &a.Count, a.Rate, a.Times, &a.Start, &a.Over, &a.parsed},
		{"workload.approvals", &b.Count, b.Rate, b.Times, &b.Start, &b.Over, &b.parsed},
	}
}

// fillWorkload fills in the defaults of the workload.
func (s *Scenario) fillWorkload() {
	for _, x := range s.series() {
		over := s.defaultOver(*x.start)
		if x.rate > 0 {
			over = max(0, s.Duration-*x.start)
		}
		fill(s, x.path+".over", x.over, over)
		if x.rate > 0 { // the number to expect
			fill(s, x.path+".count", x.count, int(min(maxRequests, max(1, float64(x.rate)*x.over.Seconds()))))
		}
	}
	fill(s, "workload.approvals.entries", &s.Workload.Approvals.Entries, 1)
}

// saysOfWorkload reports whether a key of the workload belongs into the resolved form.
func (s *Scenario) saysOfWorkload(path string, zero bool) bool {
	group, key := path[:strings.LastIndexByte(path, '.')], path[strings.LastIndexByte(path, '.')+1:]
	switch key {
	case "count":
		return !s.given(group+".rate") && !s.given(group+".times")
	case "start", "over":
		return !s.given(group + ".times")
	case "entries", "searches", "approvals":
		return true
	}
	return !zero
}

// maxRequests bounds the requests of a series.
const maxRequests = 10_000_000

// readTimes reads the files with the times of requests.
func (s *Scenario) readTimes() error {
	for _, x := range s.series() {
		if x.times == "" {
			continue
		}
		key := x.path + ".times"
		times, err := parseTimes(phrase.OneLine(string(x.times)), s.files[key], s.Duration)
		if err != nil {
			return s.errorf(key, "%s: %w", key, err)
		}
		*x.parsed, *x.count = times, len(times)
		*x.start, *x.over = times[0], times[len(times)-1]-times[0]
	}
	return nil
}

// parseTimes reads a file of times: one in each line, none before the one above it or
// beyond the end of the run.
func parseTimes(file string, content []byte, end time.Duration) (times []time.Duration, err error) {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		t, err := parseDuration(text)
		switch {
		case err != nil:
		case len(times) > 0 && t < times[len(times)-1]:
			err = fmt.Errorf("out of order: %s after %s", formatDuration(t), formatDuration(times[len(times)-1]))
		case t > end:
			err = fmt.Errorf("%s is after the end of the run at %s", formatDuration(t), formatDuration(end))
		case len(times) == maxRequests:
			err = fmt.Errorf("more than %d times", maxRequests)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, number, err)
		}
		times = append(times, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("%s: no time in it", file)
	}
	return times, nil
}

func (s *Scenario) checkWorkload() error {
	for _, x := range s.series() {
		if err := s.checkSeries(x); err != nil {
			return err
		}
	}
	w := &s.Workload
	if w.Approvals.Entries > s.Nodes {
		return s.errorf("workload.approvals.entries",
			"workload.approvals.entries: %d entry nodes are more than the %d nodes", w.Approvals.Entries, s.Nodes)
	}
	if s.given("workload.timeout") {
		if err := s.tangible("workload.timeout", w.Timeout); err != nil {
			return err
		}
	}
	if err := s.checkEntry(); err != nil {
		return err
	}
	if from, timed := s.MeasureFrom(); s.given("measure") && !timed && s.Measure != MeasureSettled {
		return s.errorf("measure", "measure: expected settled, or a virtual time such as 0s or 2m, not %s", phrase.Quote(s.Measure))
	} else if timed && from >= s.Duration {
		return s.errorf("measure", "measure: %s is not before the end of the run at %s", formatDuration(from), formatDuration(s.Duration))
	}
	return nil
}

// checkSeries judges how many requests there are, and when.
func (s *Scenario) checkSeries(x seriesKeys) error {
	for _, pair := range [][2]string{{"count", "rate"}, {"count", "times"}, {"rate", "times"}, {"start", "times"}, {"over", "times"}} {
		if one, other := join(x.path, pair[0]), join(x.path, pair[1]); s.given(one) && s.given(other) {
			return s.errorf(one, "%s: has no meaning beside %s; give one of them", one, other)
		}
	}
	if key := join(x.path, "rate"); s.given(key) && !(x.rate >= 1e-6 && x.rate <= 1e6) {
		return s.errorf(key, "%s: expected a number of requests a second from 0.000001 to 1000000, not %s", key, number(float64(x.rate)))
	}
	if key := join(x.path, "times"); s.given(key) && x.times == "" {
		return s.errorf(key, "%s: expected the name of a file", key)
	}
	if most := float64(x.rate) * x.over.Seconds(); most > maxRequests {
		return s.errorf(x.path+".rate", "%s.rate: some %.3g requests in %s are more than %d", x.path, most, formatDuration(*x.over), maxRequests)
	}
	if *x.count > 0 || x.rate > 0 {
		return s.within(x.path, *x.start, *x.over)
	}
	return nil
}

// checkEntry judges where clients ask.
func (s *Scenario) checkEntry() error {
	w := &s.Workload
	if s.given("workload.exponent") {
		if w.Entry != EntryZipf {
			return s.errorf("workload.exponent", "workload.exponent: has no meaning without workload.entry zipf")
		}
		if x := float64(w.Exponent); !(x >= 0.1 && x <= 10) {
			return s.errorf("workload.exponent", "workload.exponent: expected a number from 0.1 to 10, not %s", number(x))
		}
	}
	if !s.given("workload.entry") || slices.Contains([]string{EntryUniform, EntryZipf}, w.Entry) {
		return nil
	}
	if !strings.HasPrefix(w.Entry, "#") {
		return s.errorf("workload.entry", `workload.entry: expected uniform, zipf or numbers of hosts such as "#0-4,17", not %s%s`,
			phrase.Quote(w.Entry), phrase.Suggest(w.Entry, []string{EntryUniform, EntryZipf}))
	}
	_, err := s.targetOf("workload.entry", w.Entry)
	return err
}

// Series is when the requests of a kind come.
type Series struct {
	Count       int
	Rate        float64 // a second, in place of Count; 0 for none
	Start, Over time.Duration
	Times       []time.Duration // from a file, in place of all else; nil without one
}

// Series says when searches come.
func (s Searches) Series() Series { return Series{s.Count, float64(s.Rate), s.Start, s.Over, s.parsed} }

// Series says when approvals come.
func (a Approvals) Series() Series {
	return Series{a.Count, float64(a.Rate), a.Start, a.Over, a.parsed}
}
