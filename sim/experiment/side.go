package experiment

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"spreadable/sim/result"
)

// SideOfRun makes one side of a comparison of a single run.
func SideOfRun(name string, r *result.Run) (Side, error) {
	if r.Summary.Partial {
		return Side{}, fmt.Errorf("%s: the run did not reach its end", name)
	}
	summary := r.Summary.Timeless()
	return Side{name, []*Record{{Repetition: 1, Seed: summary.Scenario.Seed, Outcome: Complete, Summary: &summary}}}, nil
}

// Side makes one side of a comparison of a variant.
func (f *Folder) Side(variant int) (Side, error) {
	records, err := f.Records(variant)
	return Side{fmt.Sprintf("%s@%d (%s)", filepath.ToSlash(f.Dir), variant+1, f.Index.Label(variant)), records}, err
}

// Select finds the variants that a choice names: a number from 1, or some values, such as
// "nodes=100,registration=original". Every value of a key that is not named stays; rest
// tells the variants apart by these. An empty choice selects all.
func (x *Index) Select(choice string) (variants []int, rest []string, err error) {
	if n, err := strconv.Atoi(choice); err == nil {
		if n < 1 || n > len(x.Variants) {
			return nil, nil, fmt.Errorf("expected a variant from 1 to %d, not %d", len(x.Variants), n)
		}
		return []int{n - 1}, []string{""}, nil
	}
	want := map[string]string{}
	for _, part := range strings.FieldsFunc(choice, func(r rune) bool { return r == ',' }) {
		key, value, ok := strings.Cut(part, "=")
		if !ok || !slices.Contains(x.Keys, key) {
			return nil, nil, fmt.Errorf("expected the number of a variant, or values such as %s, not %q (varied keys: %s)",
				strings.ReplaceAll(x.Label(0), " ", ","), choice, strings.Join(x.Keys, ", "))
		}
		want[key] = value
	}
	for v, variant := range x.Variants {
		others, ok := "", true
		for i, key := range x.Keys {
			value, named := want[key]
			ok = ok && (!named || value == variant.Values[i])
			if !named {
				others += " " + key + "=" + variant.Values[i]
			}
		}
		if ok {
			variants, rest = append(variants, v), append(rest, others)
		}
	}
	if len(variants) == 0 {
		return nil, nil, fmt.Errorf("no variant has %s", choice)
	}
	return variants, rest, nil
}
