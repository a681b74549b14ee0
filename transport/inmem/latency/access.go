package latency

import (
	"math/rand/v2"
	"time"

	"spreadable/internal/stream"
)

// accessClass is a way in which hosts are connected: what the last mile adds to each
// message in one direction, always and, in the mean, by chance. docs/models.md says where
// the numbers are from.
type accessClass struct {
	name          string
	delay, jitter time.Duration
}

const (
	ms = time.Millisecond
	us = time.Microsecond
)

// accessClasses lists the classes, that of hosts without a last mile first.
func accessClasses() []accessClass {
	return []accessClass{
		{"server", 0, 0},
		{"fiber", 3 * ms, 300 * us},
		{"cable", 7 * ms, 2 * ms},
		{"dsl", 14 * ms, 2 * ms},
		{"mobile", 20 * ms, 8 * ms},
		{"leo", 15 * ms, 6 * ms},
		{"geo", 300 * ms, 10 * ms},
	}
}

// accessNames lists the names of the access classes.
func accessNames() []string {
	var names []string
	for _, class := range accessClasses() {
		names = append(names, class.name)
	}
	return names
}

// Access is what the last mile adds at both ends of a message. The nil Access adds nothing.
// A host's class follows from the seed and its number, like its place.
type Access struct {
	drawn  lottery
	key    stream.Key
	delays []time.Duration // of the classes, in one direction
	jitter []Jitter
}

// NewAccess gives the hosts access of classes by their shares; nil without shares.
func NewAccess(shares []Share, seed uint64) (*Access, error) {
	if len(shares) == 0 {
		return nil, nil
	}
	weights, err := weigh("access class", shares, accessNames(), nil)
	if err != nil {
		return nil, err
	}
	drawn, err := newLottery(weights)
	if err != nil {
		return nil, err
	}
	a := &Access{drawn: drawn, key: stream.NewKey(seed, stream.Access)}
	for _, class := range accessClasses() {
		a.delays = append(a.delays, class.delay)
		a.jitter = append(a.jitter, NewJitter(class.jitter))
	}
	return a, nil
}

// Of is the number of a host's class.
func (a *Access) Of(host uint32) int { return a.drawn.at(a.key.Of(host)) }

// draw is what one message takes longer. Each end draws its own jitter.
func (a *Access) draw(from, to uint32, r *rand.Rand) time.Duration {
	if a == nil {
		return 0
	}
	f, t := a.Of(from), a.Of(to)
	return a.delays[f] + a.jitter[f].draw(r) + a.delays[t] + a.jitter[t].draw(r)
}

// limits are the least, the mean and the greatest of what both ends add to a message, over
// the classes that hosts have.
func (a *Access) limits() (least, mean, greatest time.Duration) {
	if a == nil {
		return 0, 0, 0
	}
	least = Unbounded
	expected := 0.0
	for i, share := range a.drawn.shares() {
		if share == 0 {
			continue
		}
		d, j := a.delays[i], a.jitter[i]
		least, greatest = min(least, d), max(greatest, d+j.Max())
		expected += share * float64(d+j.Mean())
	}
	return 2 * least, time.Duration(2 * expected), 2 * greatest
}
