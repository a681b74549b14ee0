package latency

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"spreadable/internal/phrase"
	"spreadable/internal/stream"
)

// Share is a part of all hosts: those of one place, or those with one kind of access.
type Share struct {
	Name string
	Part float64 // from 0 to 1
}

// Places says where each host is. A host's place follows from the seed and its number, so
// a client is somewhere too, and another number of hosts moves none of them.
type Places struct {
	names []string
	drawn lottery
	key   stream.Key
}

// NewPlaces spreads the hosts over places by their weights.
func NewPlaces(names []string, weights []uint64, seed uint64) (*Places, error) {
	drawn, err := newLottery(weights)
	if err != nil {
		return nil, err
	}
	return &Places{names: names, drawn: drawn, key: stream.NewKey(seed, stream.Place)}, nil
}

// Of is the number of a host's place.
func (p *Places) Of(host uint32) int { return p.drawn.at(p.key.Of(host)) }

// Names are the names of the places, in the order of their numbers.
func (p *Places) Names() []string { return p.names }

// Shares is the share of hosts at each place.
func (p *Places) Shares() []float64 { return p.drawn.shares() }

// weigh turns shares of named things into weights of all of them. Without shares each
// keeps the weight that it has.
func weigh(kind string, shares []Share, names []string, weights []uint64) ([]uint64, error) {
	if len(shares) == 0 {
		return weights, nil
	}
	sum := 0.0
	weighed := make([]uint64, len(names)) // in units of 10⁻⁹
	for _, s := range shares {
		i := find(names, s.Name)
		switch {
		case i < 0:
			return nil, fmt.Errorf("unknown %s %s%s", kind, phrase.Quote(s.Name), known(s.Name, names))
		case weighed[i] > 0:
			return nil, fmt.Errorf("%s %s is named twice", kind, names[i])
		case !(s.Part > 0 && s.Part <= 1):
			return nil, fmt.Errorf("%s: expected a share above 0%% and at most 100%%, not %g%%", names[i], 100*s.Part)
		}
		weighed[i] = uint64(s.Part*1e9 + 0.5)
		sum += s.Part
	}
	if sum < 1-1e-6 || sum > 1+1e-6 {
		return nil, fmt.Errorf("the shares add up to %.6g%%, not 100%%", 100*sum)
	}
	return weighed, nil
}

// find is the number of a name, whatever its case, or -1.
func find(names []string, name string) int {
	for i := range names {
		if strings.EqualFold(names[i], name) {
			return i
		}
	}
	return -1
}

// known tells the names that there are, or the one that may be meant.
func known(name string, names []string) string {
	if advice := phrase.Suggest(name, names); advice != "" {
		return advice
	}
	const few = 30
	if len(names) > few {
		return fmt.Sprintf(" (there are %d, such as %s)", len(names), strings.Join(names[:5], ", "))
	}
	return " (there are " + strings.Join(names, ", ") + ")"
}

// lottery draws a number by weights from one word, in constant time: each ticket holds two
// numbers, and how much of it is the first one's (the alias method; Walker, An efficient
// method for generating discrete random variables, 1977). It counts in integers, so the
// tickets are the same on every processor.
type lottery struct{ tickets []ticket }

type ticket struct {
	first, second uint32
	border        uint64 // below it is the first one's; of 2^32
}

// newLottery makes the tickets. With n weights that add up to W, there are n·W shares, and
// each ticket takes W of them: all that is left of a number with less than W, and the rest
// from one with more. n·W is below 2^63: there are at most 5000 weights of at most 10^9.
func newLottery(weights []uint64) (lottery, error) {
	total, n := uint64(0), uint64(len(weights))
	for _, w := range weights {
		total += w
	}
	if total == 0 {
		return lottery{}, errors.New("no weight is above 0")
	}
	left := make([]uint64, n)
	var small, large []uint32
	for i, w := range weights {
		if left[i] = w * n; left[i] < total {
			small = append(small, uint32(i))
		} else {
			large = append(large, uint32(i))
		}
	}
	l := lottery{tickets: make([]ticket, 0, n)}
	for len(small) > 0 && len(large) > 0 {
		first, second := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		high, low := left[first]>>32, left[first]<<32
		border, _ := bits.Div64(high, low, total)
		l.tickets = append(l.tickets, ticket{first, second, border})
		if left[second] -= total - left[first]; left[second] < total {
			large = large[:len(large)-1]
			small = append(small, second)
		}
	}
	for _, rest := range append(large, small...) { // what is left fills a ticket each
		l.tickets = append(l.tickets, ticket{rest, rest, 0})
	}
	return l, nil
}

// at is the number that a word draws: its first half chooses the ticket.
func (l lottery) at(word uint64) int {
	high, low := bits.Mul64(word, uint64(len(l.tickets)))
	t := &l.tickets[high]
	if low>>32 < t.border {
		return int(t.first)
	}
	return int(t.second)
}

// shares is how likely each number is.
func (l lottery) shares() []float64 {
	list := make([]float64, len(l.tickets))
	for _, t := range l.tickets {
		first := float64(t.border) / (1 << 32)
		list[t.first] += first / float64(len(l.tickets))
		list[t.second] += (1 - first) / float64(len(l.tickets))
	}
	return list
}
