package title

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// MaxVisits is how many titles one lookup compares with at most.
const MaxVisits = 5_000

// Index finds titles. The zero value is empty.
//
// It holds for each gram the titles that have it. Two sets A and B with a Dice
// coefficient of at least θ have at least θ|A| / (2-θ) grams in common; so B has one of
// the |A| - θ|A|/(2-θ) + 1 rarest grams of A, and only the titles of these are looked at
// (the prefix filter of R. Bayardo and others, Scaling Up All Pairs Similarity Search,
// 2007).
type Index struct {
	entries []entry
	free    []int32          // places of entries that were removed
	places  map[string]int32 // by key
	names   postings         // by the grams of names
	all     postings         // by those of names and artists
	artists map[string][]int32
}

type entry struct {
	key         string
	names, alls sketch
	form        form
}

// sketch is a set of grams in 256 bits: a bit that A has and B has not stands for at
// least one gram that A has and B has not. So most titles are out before they are
// compared.
type sketch [4]uint64

func newSketch(grams []gram) (s sketch) {
	for _, g := range grams {
		bit := uint64(g) * 0x9e3779b97f4a7c15 >> 56 // Fibonacci hashing: D. Knuth, TAOCP 6.4
		s[bit/64] |= 1 << (bit % 64)
	}
	return s
}

// less is how many more grams s has than it has in common with o, at least.
func (s *sketch) less(o *sketch) (n int) {
	for i := range s {
		n += bits.OnesCount64(s[i] &^ o[i])
	}
	return n
}

// Match is a title that was found, and how well it fits, 0 to 1.
type Match struct {
	Key   string
	Score float64
}

// postings are the places of titles by gram, in order.
type postings map[gram][]int32

func (p postings) add(grams []gram, place int32) {
	for _, g := range grams {
		p[g] = insert(p[g], place)
	}
}

func (p postings) remove(grams []gram, place int32) {
	for _, g := range grams {
		if p[g] = without(p[g], place); len(p[g]) == 0 {
			delete(p, g)
		}
	}
}

func insert(list []int32, place int32) []int32 {
	if i, found := slices.BinarySearch(list, place); !found {
		return slices.Insert(list, i, place)
	}
	return list
}

func without(list []int32, place int32) []int32 {
	if i, found := slices.BinarySearch(list, place); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Len is how many titles there are.
func (x *Index) Len() int { return len(x.places) }

// Add puts a title under a key, in place of the one that was there.
func (x *Index) Add(key string, t Title) {
	if x.places == nil {
		x.places, x.names, x.all, x.artists = make(map[string]int32), make(postings), make(postings), make(map[string][]int32)
	}
	x.Remove(key)
	e := entry{key: key, form: newForm(t)}
	e.names, e.alls = newSketch(e.form.name), newSketch(e.form.all)
	place := int32(len(x.entries))
	if n := len(x.free); n > 0 {
		place, x.free = x.free[n-1], x.free[:n-1]
		x.entries[place] = e
	} else {
		x.entries = append(x.entries, e)
	}
	x.places[key] = place
	x.names.add(e.form.name, place)
	x.all.add(e.form.all, place)
	for _, artist := range e.form.folded {
		x.artists[artist] = insert(x.artists[artist], place)
	}
}

// Remove forgets a key, if it is there.
func (x *Index) Remove(key string) {
	place, found := x.places[key]
	if !found {
		return
	}
	f := &x.entries[place].form
	x.names.remove(f.name, place)
	x.all.remove(f.all, place)
	for _, artist := range f.folded {
		if x.artists[artist] = without(x.artists[artist], place); len(x.artists[artist]) == 0 {
			delete(x.artists, artist)
		}
	}
	delete(x.places, key)
	x.entries[place] = entry{}
	x.free = append(x.free, place)
}

// Similar finds the titles with a similarity of at least least, the most similar first,
// at most limit.
func (x *Index) Similar(t Title, least float64, limit int) []Match {
	f := newForm(t)
	// The name must do its part even if the artists are the same.
	share := max(0, (least-(1-nameShare))/nameShare)
	need := int(math.Ceil(share * float64(len(f.name)) / (2 - share)))
	sketch := newSketch(f.name)
	return x.search(x.names, f.name, need, limit, func(e *entry) float64 {
		if len(f.name)-sketch.less(&e.names) < need {
			return 0
		}
		if score := f.similarity(&e.form); score >= least {
			return score
		}
		return 0
	})
}

// contained is the share of the grams of a searched text that a title must have.
const contained = 0.7

// Find finds the titles that contain most of a text, the best first, at most limit.
func (x *Index) Find(text string, limit int) []Match {
	wanted, need := wantedGrams(text)
	if len(wanted) == 0 {
		return nil
	}
	sketch := newSketch(wanted)
	return x.search(x.all, wanted, need, limit, func(e *entry) float64 {
		if len(wanted)-sketch.less(&e.alls) < need {
			return 0
		}
		return containment(wanted, need, e.form.all)
	})
}

// Contains says how well a title contains a text, 0 to 1: 0 if Find would not find it.
func (t Title) Contains(text string) float64 {
	wanted, need := wantedGrams(text)
	if len(wanted) == 0 {
		return 0
	}
	return containment(wanted, need, newForm(t).all)
}

// wantedGrams are those of a text, and how many of them a title must have.
func wantedGrams(text string) (wanted []gram, need int) {
	if len(text) > maxRaw {
		return nil, 0
	}
	words := Fold(clean(text))
	if words == "" {
		return nil, 0
	}
	wanted = grams(words)
	return wanted, int(math.Ceil(contained * float64(len(wanted))))
}

// containment is mostly the share of the wanted grams that are there. Of titles that have
// as many the shortest is the best.
func containment(wanted []gram, need int, has []gram) float64 {
	n := common(wanted, has)
	if n < need {
		return 0
	}
	return 0.9*float64(n)/float64(len(wanted)) + 0.1*dice(wanted, has)
}

// Has reports whether an artist is one of the title's.
func (t Title) Has(artist string) bool {
	if len(artist) > maxRaw {
		return false
	}
	artist = Fold(clean(artist))
	return slices.ContainsFunc(t.Artists, func(a string) bool { return Fold(a) == artist })
}

// By finds the titles of an artist, in the order of their keys, at most limit.
func (x *Index) By(artist string, limit int) []Match {
	if len(artist) > maxRaw {
		return nil
	}
	found := x.artists[Fold(clean(artist))]
	var all []Match
	for _, place := range found[:min(len(found), MaxVisits)] {
		all = append(all, Match{x.entries[place].key, 1})
	}
	return best(all, limit)
}

// search scores the titles that have at least need of the grams, and maybe others.
func (x *Index) search(in postings, wanted []gram, need, limit int, score func(*entry) float64) []Match {
	rare := slices.Clone(wanted)
	slices.SortStableFunc(rare, func(a, b gram) int { return cmp.Compare(len(in[a]), len(in[b])) })
	rare = rare[:min(len(rare), len(rare)-max(need, 1)+1)]
	seen := make(map[int32]bool)
	var found []Match
	for _, g := range rare {
		for _, place := range in[g] {
			if seen[place] {
				continue
			}
			if len(seen) == MaxVisits {
				return best(found, limit)
			}
			seen[place] = true
			if s := score(&x.entries[place]); s > 0 {
				found = append(found, Match{x.entries[place].key, s})
			}
		}
	}
	return best(found, limit)
}

// best sorts matches and leaves those that are wanted.
func best(found []Match, limit int) []Match {
	slices.SortFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Key, b.Key))
	})
	return found[:min(len(found), max(0, limit))]
}
