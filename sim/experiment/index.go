package experiment

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"spreadable/sim/scenario"
)

// Index says which runs a sweep has: the contents of sweep.json.
type Index struct {
	Schema   string    `json:"schema"`
	Name     string    `json:"name"`    // of the scenario
	Version  string    `json:"version"` // of the program, whose runs are no other version's
	SHA256   string    `json:"file_sha256"`
	Set      []string  `json:"set"`  // what was set beside the file
	Keys     []string  `json:"keys"` // that are varied, in the order of the file
	Repeat   Repeat    `json:"repeat"`
	Variants []Variant `json:"variants"`
}

// Repeat is scenario.Repeat as sweep.json has it.
type Repeat struct {
	Count int         `json:"count"`
	Until []Precision `json:"until"`
	Max   int         `json:"max"`
}

// Precision is scenario.Precision as sweep.json has it.
type Precision struct {
	Path  string  `json:"path"`
	Share float64 `json:"share"`
}

// Variant is one combination of values.
type Variant struct {
	Values []string `json:"values"` // of the keys, as the resolved scenario writes them
	Seed   uint64   `json:"seed"`   // of the first repetition
	Nodes  int      `json:"nodes"`
	CostNS int64    `json:"expected_ns"`    // processor time of one run
	Memory int64    `json:"expected_bytes"` // of one run
	Runs   []string `json:"runs"`           // the key of each repetition, 1 first
}

// newIndex is the index of a design, still without variants.
func newIndex(d *scenario.Design, version string) Index {
	x := Index{
		Schema: indexSchema, Name: d.Name, Version: version, SHA256: d.SHA256,
		Set: append([]string{}, d.Sets()...), Keys: []string{},
		Repeat: Repeat{Count: d.Repeat.Count, Until: []Precision{}, Max: d.Repeat.Max},
	}
	for _, u := range d.Repeat.Until {
		x.Repeat.Until = append(x.Repeat.Until, Precision(u))
	}
	return x
}

// SeedOf is the seed of a repetition of the variant.
func (v *Variant) SeedOf(repetition int) uint64 { return Seed(v.Seed, repetition) }

// most is the largest number of repetitions.
func (x *Index) most() int { return max(x.Repeat.Count, x.Repeat.Max) }

// Label says in which values a variant differs from others: "nodes=100 latency.mean=20ms".
func (x *Index) Label(variant int) string {
	text := ""
	for i, key := range x.Keys {
		text += fmt.Sprintf(" %s=%s", key, x.Variants[variant].Values[i])
	}
	if text == "" {
		return "the only variant"
	}
	return text[1:]
}

// Hash tells sweeps apart, in 12 hexadecimal digits.
func (x *Index) Hash() string {
	sum := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(x.keys())) {
		fmt.Fprintln(sum, key)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// keys are the keys of all runs.
func (x *Index) keys() map[string]bool {
	keys := make(map[string]bool)
	for _, v := range x.Variants {
		for _, key := range v.Runs {
			keys[key] = true
		}
	}
	return keys
}

// Task is one run to do.
type Task struct {
	Variant    int // place in the index
	Repetition int // from 1
	Key        string
	Cost       time.Duration
	Memory     int64
}

func (x *Index) task(variant, repetition int) Task {
	v := &x.Variants[variant]
	return Task{variant, repetition, v.Runs[repetition-1], time.Duration(v.CostNS), v.Memory}
}

// tasks are all runs, or those of a shard, the longest first. A shard has every N-th of
// them, so that all have long and short ones.
func (x *Index) tasks(shard Shard) []Task {
	var list []Task
	for i := range x.Variants {
		for r := range x.most() {
			list = append(list, x.task(i, r+1))
		}
	}
	slices.SortFunc(list, LongestFirst)
	if shard.N == 0 {
		return list
	}
	var mine []Task
	for i := shard.I - 1; i < len(list); i += shard.N {
		mine = append(mine, list[i])
	}
	return mine
}

// LongestFirst is the order in which tasks should begin: then no long one is left for the
// end, when other cores have nothing to do.
func LongestFirst(a, b Task) int {
	return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(a.Repetition, b.Repetition), cmp.Compare(a.Variant, b.Variant))
}

// Shard is the part of a sweep that one of several machines runs: the I-th of N, from 1.
// The zero Shard is all of it.
type Shard struct{ I, N int }

// Listed is a run of a sweep, and whether it is done.
type Listed struct {
	Task
	Done bool
}

// List is all that a sweep, or a shard of it, may run, in the order of its variants; dir
// is the folder that holds what is done, and may not exist.
func (x *Index) List(dir string, shard Shard) ([]Listed, error) {
	done, err := (&Folder{Dir: dir}).Done()
	if err != nil {
		return nil, err
	}
	var list []Listed
	for _, t := range x.tasks(shard) {
		list = append(list, Listed{t, done[t.Key]})
	}
	slices.SortFunc(list, func(a, b Listed) int {
		return cmp.Or(cmp.Compare(a.Variant, b.Variant), cmp.Compare(a.Repetition, b.Repetition))
	})
	return list, nil
}

// encode writes the index with a line for each variant.
func (x Index) encode() ([]byte, error) {
	variants := x.Variants
	x.Variants = []Variant{}
	head, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(head, []byte("[]\n}")))
	b.WriteString("[")
	for i, v := range variants {
		line, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		b.WriteString(map[bool]string{true: "\n    ", false: ",\n    "}[i == 0])
		b.Write(line)
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes(), nil
}
