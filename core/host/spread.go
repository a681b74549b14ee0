package host

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
)

// Choice is a node that could do some work. The one with the lowest rank would do it best.
type Choice struct {
	Peer Peer
	Rank float64
}

// Spreading is a write of copies to several nodes.
type Spreading struct {
	// Action names the choice; see Host.Pick.
	Action string
	// From are the candidates. Those that are not picked are spares, for nodes that refuse.
	From []Choice
	// First are nodes that get a copy before all others and whatever is suspected of them,
	// such as those that have an older one. They count as copies.
	First []Peer
	// Taken are nodes that have a copy already.
	Taken []Peer
	// Copies is how many are wanted, besides those of Taken. Acks is how many must have
	// acknowledged before Spread returns: DefaultAcks, at most Copies.
	Copies, Acks int
	// Send writes one copy, and returns when it is durable.
	Send func(t *Task, to Peer) error
	// Done is called when all copies are made or no candidate is left, maybe long after
	// Spread has returned. May be nil.
	Done func(t *Task, c Copied)
}

// DefaultAcks is how many copies must be durable before a write is acknowledged.
const DefaultAcks = 2

// Copied says what has become of the copies of a Spreading so far.
type Copied struct {
	Holders []Peer // that have acknowledged, in that order
	Refused int    // nodes that have not, for whatever reason
	Err     error  // of the last of them
}

// ErrFewCopies says that fewer nodes have acknowledged than were needed. Those that have
// hold their copy all the same.
var ErrFewCopies = errors.New("too few nodes have taken a copy")

// Pick chooses up to count peers for an action: no two of one host, those that have won
// it suspiciously often last, then by rank. Host has more in core.Node.Pick.
func (h *Host) Pick(action string, from []Choice, taken []Peer, count int) []Peer {
	best := slices.SortedStableFunc(slices.Values(from), func(a, b Choice) int { return cmp.Compare(a.Rank, b.Rank) })
	peers := make([]Peer, len(best))
	for i, c := range best {
		peers[i] = c.Peer
	}
	return h.node.Pick(h.scoped(action), peers, taken, count)
}

// Balanced gives candidates the ranks of an order in which the next one is the better of two
// that chance draws. So what they have fills evenly (Mitzenmacher, The power of two choices
// in randomized load balancing, 2001), and one that is always the best, because it is new or
// because it lies, gets twice the share of the others and not everything. It changes from.
func (h *Host) Balanced(from []Choice) []Choice {
	r := h.Rand()
	for i := range from {
		next, other := i+r.IntN(len(from)-i), i+r.IntN(len(from)-i)
		if from[other].Rank < from[next].Rank {
			next = other
		}
		from[i], from[next] = from[next], from[i]
	}
	for i := range from {
		from[i].Rank = float64(i)
	}
	return from
}

// Spread writes copies to the best candidates at once. A node that refuses is replaced by
// the next candidate. Spread returns when Acks have acknowledged; the other copies are
// made in the background. The error is ErrFewCopies.
func (h *Host) Spread(t *Task, s Spreading) (Copied, error) {
	if s.Acks == 0 {
		s.Acks = DefaultAcks
	}
	s.Copies = max(1, s.Copies)
	taken := slices.Concat(s.First, s.Taken)
	w := &writes{Spreading: s, host: h, targets: slices.Concat(s.First, h.Pick(s.Action, s.From, taken, len(s.From)))}
	w.Acks = min(s.Acks, s.Copies)
	w.running = min(max(s.Copies, len(s.First)), len(w.targets))
	if w.running == 0 {
		return Copied{}, ErrFewCopies
	}
	// a lock that is held until enough have acknowledged
	h.spreads++
	gate := "host.spread " + strconv.FormatUint(h.spreads, 10)
	w.enough = h.Lock(t, gate)
	for range w.running {
		t.Fork(w.write)
	}
	h.Lock(t, gate)()
	if len(w.copied.Holders) < w.Acks {
		return w.now(), errors.Join(ErrFewCopies, w.copied.Err)
	}
	return w.now(), nil
}

// writes is a Spreading under way.
type writes struct {
	Spreading
	host    *Host
	targets []Peer // not asked yet, the best first
	running int    // procedures that write
	copied  Copied
	enough  func() // lets Spread return; nil once it was called
}

// write makes one copy: at the first candidate that takes it. More than are wanted are
// made only of those in First.
func (w *writes) write(t *Task) {
	for tries := 0; len(w.targets) > 0; tries++ {
		if tries > 0 && len(w.copied.Holders)+w.running > w.Copies {
			break
		}
		to := w.targets[0]
		w.targets = w.targets[1:]
		err := w.send(t, to)
		if err == nil {
			w.copied.Holders = append(w.copied.Holders, to)
			if !slices.Contains(w.First, to) {
				w.host.node.Won(w.host.scoped(w.Action), to)
			}
			break
		}
		w.copied.Refused++
		w.copied.Err = err
	}
	w.running--
	if w.enough != nil && (len(w.copied.Holders) >= w.Acks || w.running == 0) {
		w.enough()
		w.enough = nil
	}
	if w.running == 0 && w.Done != nil {
		_ = w.host.perform(t, "spread", func(t *Task) { w.Done(t, w.now()) }) // it is logged and counted
	}
}

// send is Send, of which a panic is one refusal.
func (w *writes) send(t *Task, to Peer) (err error) {
	if panicked := w.host.perform(t, "spread", func(t *Task) { err = w.Send(t, to) }); panicked != nil {
		return panicked
	}
	return err
}

// now is what has been copied, for others to keep.
func (w *writes) now() Copied {
	c := w.copied
	c.Holders = append([]Peer(nil), c.Holders...)
	return c
}
