package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// mostVariants bounds the product of the axes of a sweep.
const mostVariants = 100_000

// Plan is all that an experiment may run, and how to run it.
type Plan struct {
	Index

	design *scenario.Design
	axes   []scenario.Axis
	rows   [][]int           // of the axes, for each variant
	named  map[string]string // path of each file that variants name, by its name in the folder
	files  []scenario.Attachment
}

// NewPlan makes the plan of a design for a version of the program.
func NewPlan(d *scenario.Design, version string) (*Plan, error) {
	p := &Plan{Index: newIndex(d, version), design: d, axes: d.Sweep.Axes, named: map[string]string{}}
	combinations := 1
	for _, axis := range p.axes {
		p.Keys = append(p.Keys, axis.Keys...)
		if combinations *= len(axis.Rows); combinations > mostVariants {
			return nil, fmt.Errorf("%s: sweep: more than %d combinations", axis.Place(0), mostVariants)
		}
	}
	where, err := parseCondition(d.Sweep.Where)
	if err != nil {
		return nil, d.ErrorAt("sweep.where", err)
	}
	rows := make([]int, len(p.axes))
	for range combinations {
		if err := p.add(where, slices.Clone(rows)); err != nil {
			return nil, err
		}
		next(rows, p.axes)
	}
	if len(p.Variants) == 0 {
		return nil, d.ErrorAt("sweep.where", fmt.Errorf("sweep.where: no variant meets %q", d.Sweep.Where))
	}
	return p, p.distinct()
}

// next counts rows up, the last axis first.
func next(rows []int, axes []scenario.Axis) {
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i]++; rows[i] < len(axes[i].Rows) {
			return
		}
		rows[i] = 0
	}
}

// add adds a combination of rows, if it meets the condition.
func (p *Plan) add(where condition, rows []int) error {
	s, err := p.design.Variant(p.settings(rows))
	if err != nil {
		return err
	}
	if ok, err := where.holds(s); err != nil {
		return p.design.ErrorAt("sweep.where", err)
	} else if !ok {
		return nil
	}
	if err := p.design.Judge(s); err != nil {
		return p.inVariant(rows, err)
	}
	if err := p.attach(s); err != nil {
		return p.inVariant(rows, err)
	}
	v := Variant{Seed: s.Seed, Nodes: s.Nodes, CostNS: int64(cost(s)), Memory: sim.Memory(s, 1)}
	for _, key := range p.Keys {
		text, ok := s.Text(key)
		if !ok {
			text = p.given(rows, key)
		}
		v.Values = append(v.Values, text)
	}
	digest := p.digest(s, v.Values)
	for r := range p.most() {
		v.Runs = append(v.Runs, keyOf(digest, v.SeedOf(r+1)))
	}
	p.Variants, p.rows = append(p.Variants, v), append(p.rows, rows)
	return nil
}

// attach keeps the files that a variant names.
func (p *Plan) attach(s *scenario.Scenario) error {
	paths := s.Named()
	if !slices.ContainsFunc(paths, func(path string) bool { return p.named[filepath.Base(path)] != path }) {
		return nil
	}
	for i, file := range s.Attachments() {
		base := filepath.Base(paths[i])
		switch p.named[base] {
		case "":
			p.named[base] = paths[i]
			p.files = append(p.files, file)
		case paths[i]:
		default:
			return fmt.Errorf("%s and %s have the same name, and a sweep keeps both in one folder", p.named[base], paths[i])
		}
	}
	return nil
}

// Attachments are the files that variants name.
func (p *Plan) Attachments() []scenario.Attachment { return p.files }

// settings are the values of a combination.
func (p *Plan) settings(rows []int) []scenario.Setting {
	var list []scenario.Setting
	for i, axis := range p.axes {
		for j, key := range axis.Keys {
			list = append(list, scenario.Setting{Key: key, Value: axis.Rows[rows[i]][j], Place: axis.Place(rows[i])})
		}
	}
	return list
}

// given is the value of a key as the file has it.
func (p *Plan) given(rows []int, key string) string {
	for _, x := range p.settings(rows) {
		if x.Key == key {
			return x.Value
		}
	}
	return ""
}

// inVariant says with which values a scenario is not good, unless the error is about one
// of these.
func (p *Plan) inVariant(rows []int, err error) error {
	if len(rows) == 0 {
		return err
	}
	text := ""
	for _, x := range p.settings(rows) {
		text += fmt.Sprintf(", %s=%s", x.Key, x.Value)
	}
	return fmt.Errorf("%w (with %s; sweep.where can leave it out)", err, text[2:])
}

// digest is what all repetitions of a variant have in common.
func (p *Plan) digest(s *scenario.Scenario, values []string) [sha256.Size]byte {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%x\n", recordSchema, p.Version, s.Digest())
	for i, key := range p.Keys {
		fmt.Fprintf(sum, "%s=%s\n", key, values[i])
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// keyOf names a repetition by all that decides what happens in it: the scenario with its
// defaults, the files it names, the values of the variant, the version, the seed. It has
// 16 hexadecimal digits.
func keyOf(digest [sha256.Size]byte, seed uint64) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(digest[:], seed))
	return hex.EncodeToString(sum[:8])
}

// Seed is the seed of a repetition, from 1, of a scenario. All variants with the same seed
// have the same ones: common random numbers. That of the first is the scenario's own, so
// the run is the one that `spreadsim run` does; the others are hashes, so that experiments
// with neighbouring seeds have no run in common. They have 48 bits: spreadsheets and JSON
// readers keep whole numbers up to 53.
func Seed(seed uint64, repetition int) uint64 {
	if repetition == 1 {
		return seed
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "spreadsim repetition %d of %d", repetition, seed))
	return binary.BigEndian.Uint64(sum[:8]) >> 16
}

// distinct refuses variants that are the same run.
func (p *Plan) distinct() error {
	seen := map[string]int{}
	for i, v := range p.Variants {
		if j, again := seen[v.Runs[0]]; again {
			return fmt.Errorf("%s: sweep: variants %d and %d are the same: %s", p.design.Place("sweep"), j+1, i+1, p.Label(i))
		}
		seen[v.Runs[0]] = i
	}
	return nil
}

// Scenario is what a repetition runs.
func (p *Plan) Scenario(variant, repetition int) (*scenario.Scenario, error) {
	s, err := p.design.Variant(p.settings(p.rows[variant]))
	if err != nil {
		return nil, err
	}
	if err := p.design.Judge(s); err != nil {
		return nil, err
	}
	return s.WithSeed(p.Variants[variant].SeedOf(repetition)), nil
}

// The costs of a run on one core, measured with shipped scenarios (docs/performance.md);
// they order runs and are shown as estimates.
const (
	eventsPerRound    = 6.3   // of a settled node in a sync interval
	eventsPerJoin     = 40    // of a node that finds its place
	eventsPerApproval = 150   // of one approval
	perEvent          = 0.6e3 // ns, in a network of a thousand nodes
	perDecade         = 0.35  // more for each tenfold: caches miss
	perNode           = 10e3  // ns, to make one and to sum it up
)

// cost estimates the processor time of a run from its nodes, its duration and its clients.
func cost(s *scenario.Scenario) time.Duration {
	nodes, rounds := float64(s.Nodes), float64(s.Duration)/float64(s.SyncInterval)
	events := nodes * (rounds*eventsPerRound + eventsPerJoin)
	events += float64(s.Workload.Searches.Count) * nodes * 2 // a request to each, and its answer
	events += float64(s.Workload.Approvals.Count) * eventsPerApproval
	slower := 1 + perDecade*max(0, math.Log10(nodes/1000))
	return time.Duration(events*perEvent*slower + nodes*perNode)
}
