package documents

import (
	"errors"
	"maps"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// Copies that are more than wanted: after a partition each side has made its own. A holder
// gives up its copy if as many others as wanted, all nearer to the key than itself and at
// different hosts, say directly that they have the same version. So it takes no other
// node's word for what they have. The nearest ones never give up theirs, because too few are
// nearer; so holders that do this at the same time do not count on each other.

// surplus is a copy that may be given up.
type surplus struct {
	shelf   *shelf
	key     string
	version version.Version
	size    int
	keepers []string // addresses, as many as copies are wanted
}

// mostSurplus bounds what one look remembers. The next look finds the rest.
const mostSurplus = 1 << 14

// peak is the largest size of the network that was seen lately. A node that loses its
// master may see few nodes for a moment, in which a rule such as 20% wants few copies.
type peak struct {
	size int
	at   time.Duration
}

// of takes a new size, and returns the largest one of so much time.
func (p *peak) of(now, lately time.Duration, size int) int {
	if size >= p.size || now-p.at > lately {
		*p = peak{size, now}
	}
	return p.size
}

func (s *Store) offerHeld() {
	s.held = host.Direct[wantedKeys, kept]{
		Name: "held", Timeout: copyTimeout,
		Check: func(_ host.Peer, q *wantedKeys, _ int64) error { return s.checkKeys(q) },
		Serve: s.tellHeld,
		Valid: func(q *wantedKeys, a *kept) error {
			if len(a.Versions) != len(q.Keys) {
				return errors.New("another number of versions than of keys")
			}
			return nil
		},
	}.Offer(s.host)
}

// tellHeld says which versions are here: the zero version for none, and for one that this
// node does not give away.
func (s *Store) tellHeld(t *host.Task, _ host.Peer, q *wantedKeys, _ *host.Pending) (*kept, error) {
	c, err := s.shelf(q.Collection)
	if err != nil {
		return nil, err
	}
	a := &kept{make([]version.Version, len(q.Keys))}
	for i, key := range q.Keys {
		breathe(t, i)
		if r := c.get(key); !c.doubts(&r) {
			a.Versions[i] = r.Version
		}
	}
	return a, nil
}

// notice remembers a copy of this node if enough holders are nearer to its key. Tombstones
// stay: they end by themselves.
func (s *Store) notice(c *shelf, r *Record, nearer []string, wanted int) {
	if r.Deleted || len(nearer) < wanted || len(s.repair.surplus) >= mostSurplus {
		return
	}
	var from []host.Choice
	for i, address := range nearer {
		if peer, err := s.host.Peer(address); err == nil {
			from = append(from, host.Choice{Peer: peer, Rank: float64(i)})
		}
	}
	var keepers []string
	for _, peer := range s.host.Pick("surplus", from, nil, wanted) {
		keepers = append(keepers, s.host.Address(peer))
	}
	if len(keepers) == wanted {
		s.repair.surplus = append(s.repair.surplus, surplus{c, r.Key, r.Version, r.size(), keepers})
	}
}

// giveUp gives up copies that are more than wanted, at RepairRate. What may be missing comes
// first: if there is a reason for a new look meanwhile, that one finds the rest.
func (s *Store) giveUp(t *host.Task) {
	list := s.repair.surplus
	full, before := len(list) == mostSurplus, s.counts.surplus.Value()
	most := int(min(mostBytes, s.options.RepairRate)) // at a time: what takes a second or less
	for len(list) > 0 {
		n, bytes := 0, 0
		for n < len(list) && n < MaxKeys && list[n].shelf == list[0].shelf && (n == 0 || bytes+list[n].size <= most) {
			bytes += list[n].size
			n++
		}
		if s.pace(t, bytes); s.repair.again {
			break
		}
		s.giveUpSome(t, list[0].shelf, list[:n])
		list = list[n:]
	}
	s.repair.surplus = nil
	s.repair.again = s.repair.again || full && s.counts.surplus.Value() > before
}

// giveUpSome gives up the copies of which each keeper has the same version.
func (s *Store) giveUpSome(t *host.Task, c *shelf, list []surplus) {
	keys := make(map[string][]string) // by keeper
	for i := range list {
		for _, address := range list[i].keepers {
			keys[address] = append(keys[address], list[i].key)
		}
	}
	confirmed := make(map[string]map[string]version.Version)
	wait := s.waitFor(t)
	for _, address := range slices.Sorted(maps.Keys(keys)) {
		wait.run(func(t *host.Task) { confirmed[address] = s.askHeld(t, c, address, keys[address]) })
	}
	wait.end(t)
	for i := range list {
		l := &list[i]
		r := c.get(l.key)
		lacks := func(address string) bool { return confirmed[address][l.key] != l.version }
		if r.Version != l.version || c.doubts(&r) || slices.ContainsFunc(l.keepers, lacks) {
			continue // the next look sees to it
		}
		c.remove(&r)
		s.counts.surplus.Add(1)
	}
}

// askHeld asks a node which versions it has; none if it does not answer.
func (s *Store) askHeld(t *host.Task, c *shelf, address string, keys []string) map[string]version.Version {
	peer, err := s.host.Peer(address)
	if err != nil {
		return nil
	}
	slices.Sort(keys)
	a, err := s.held(t, peer, &wantedKeys{Collection: c.Name, Keys: keys}, nil)
	if err != nil || a == nil {
		return nil
	}
	versions := make(map[string]version.Version, len(keys))
	for i, key := range keys {
		versions[key] = a.Versions[i]
	}
	return versions
}
