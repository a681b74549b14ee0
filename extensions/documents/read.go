package documents

import (
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// Found is a document as it was read.
type Found struct {
	Key      string
	Document []byte // JSON; nil if there is none
	Version  version.Version
	Copies   int // nodes that have this version
	Wanted   int // copies there should be
	// Coverage tells "there is none" from "not all nodes were reached".
	Coverage host.Coverage
}

// Get reads the newest version of a document. Copies that are old or missing are made up
// for in the background.
func (s *Store) Get(t *host.Task, collection, key string) (Found, error) {
	c, err := s.shelf(collection)
	if err != nil {
		return Found{}, err
	}
	if !isKey(key) {
		return Found{}, refusal("KEY", "%v", errKey)
	}
	s.counts.read.Add(1)
	f, coverage := s.known(t, c, key)
	if f == nil {
		a, searched, err := s.askSurely(t, wantedKeys{Collection: collection, Keys: []string{key}, Document: true})
		if err != nil {
			return Found{}, err
		}
		f, coverage = a.of(key), searched
	}
	result := Found{Key: key, Coverage: coverage}
	size := max(s.host.NetworkSize(), coverage.Asked)
	result.Wanted, _ = c.wanted(size)
	if f == nil {
		return result, nil
	}
	newest, old := f.split()
	if !f.Deleted {
		result.Document, result.Version, result.Copies = f.Document, f.Version, len(newest)
	}
	if len(newest) >= result.Wanted && len(old) == 0 && len(newest) <= mostRemembered && !f.Deleted {
		s.where.Set(c.Name+"\x00"+key, newest)
	}
	if s.lacks(c, f, result.Wanted) {
		s.mendRead(t, c, []Record{f.Record}, size)
	}
	return result, nil
}

// known reads a document from the nodes that had it a short while ago, all of them, so that
// the newest version is among what they have. If one of them fails, or has it no longer,
// the network has to be asked: nil.
func (s *Store) known(t *host.Task, c *shelf, key string) (*found, host.Coverage) {
	name := c.Name + "\x00" + key
	holders, remembered := s.where.Get(name)
	if !remembered {
		return nil, host.Coverage{}
	}
	f := &found{}
	wait := s.waitFor(t)
	for _, address := range holders {
		wait.run(func(t *host.Task) {
			records, space := make(map[string]Record), 1
			s.fetchSome(t, c, address, []string{key}, records, &space)
			r, got := records[key]
			if !got || r.Version.Ahead(s.host.Wall()) > s.options.MaxSkew {
				return
			}
			if f.Holders = append(f.Holders, holder{address, r.Version}); r.Version.Compare(f.Version) > 0 {
				f.Record = r
			}
		})
	}
	wait.end(t)
	if len(f.Holders) < len(holders) || f.Deleted {
		s.where.Remove(name)
		return nil, host.Coverage{}
	}
	return f, host.Coverage{Asked: len(holders), Answered: len(holders)}
}

// split is who has the newest version, and who an old one.
func (f *found) split() (newest, old []string) {
	for _, h := range f.Holders {
		if h.Version == f.Version {
			newest = append(newest, h.Address)
		} else {
			old = append(old, h.Address)
		}
	}
	return newest, old
}

const (
	mendAgain   = 30 * time.Second // the same document
	mendBacklog = 10 * time.Second // of repairs that wait for their turn; more are left out
)

// mendRead makes up, in the background, for copies that a read has found old or missing.
func (s *Store) mendRead(t *host.Task, c *shelf, records []Record, size int) {
	if len(records) > 0 {
		t.Fork(func(t *host.Task) { s.mend(t, c, records, size) })
	}
}

// lacks reports whether copies of what was found are old or missing, and were not made up
// for a moment ago.
func (s *Store) lacks(c *shelf, f *found, wanted int) bool {
	newest, old := f.split()
	s.counts.stale.Add(uint64(len(old)))
	name := c.Name + "\x00" + f.Key
	if s.options.NoReadRepair || len(old) == 0 && len(newest) >= wanted || s.repair.free-s.host.Now() > mendBacklog {
		return false
	}
	_, lately := s.repair.mended.Get(name)
	s.repair.mended.Set(name, struct{}{})
	return !lately
}

// mend makes up for copies of records that are old or missing: newest versions, as far as
// this node knows, of which it has the documents.
func (s *Store) mend(t *host.Task, c *shelf, records []Record, size int) {
	wanted, _ := c.wanted(size)
	keys := make([]string, len(records))
	for i := range records {
		keys[i] = records[i].Key
	}
	a, _, err := s.ask(t, wantedKeys{Collection: c.Name, Keys: keys, Places: spares(wanted)})
	if err != nil {
		return
	}
	free := &places{s, a.Places}
	var list []*assignment
	for _, r := range records {
		f := a.of(r.Key)
		if f == nil {
			f = &found{Record: Record{Version: r.Version}}
		}
		if r.Version.Compare(f.Version) < 0 {
			continue // another has written meanwhile
		}
		f.Version = r.Version
		if assigned := s.assign(free, r, f, wanted); assigned != nil {
			list = append(list, assigned)
		}
	}
	s.distribute(t, c, list, nil)
}

// assign says which nodes should get a record; nil if none.
func (s *Store) assign(free *places, r Record, f *found, wanted int) *assignment {
	newest, old := f.split()
	targets := append(old, free.pick("repair", append(newest, old...), wanted-len(newest)-len(old))...)
	if len(targets) == 0 {
		return nil
	}
	return &assignment{record: r, targets: targets}
}
