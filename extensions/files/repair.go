package files

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"spreadable/core/host"
)

// How copies are kept at their number. A holder counts the copies of a file when one of
// its holders has left, and of all its files after its start. It asks all nodes for a
// thousand files at a time. Once in a while it asks the holders that it knows, and counts the
// copies that one of them does not confirm. If there are too few copies, one holder makes
// the others: the one for which the hash of key and address is the smallest.

// How often work in the background is looked for.
const (
	againAfter   = time.Minute
	recountEvery = 10 * time.Second
	scrubEvery   = 10 * time.Second
	tidyEvery    = time.Minute
)

// heard marks files of which a holder has left. If it is unknown which nodes have left,
// the master is asked for the holders.
func (s *Store) heard(t *host.Task, c host.Change) {
	s.tryAgain(c)
	if s.back { // files may have been removed, and copies made, while this node was away
		s.back = false
		s.checkAll(t)
		if len(s.due) == 0 {
			s.outlived = false
		}
		return
	}
	if c.Unknown || len(c.Joined) > 0 {
		s.newcomers = true
	}
	s.compare()
	left := make(map[string]bool, len(c.Left))
	for _, p := range c.Left {
		left[s.h.Address(p)] = true
	}
	if c.Unknown {
		s.unsure = unsureSyncs
		for key, e := range s.index { // order-free: marks
			if len(e.holders) == 0 {
				s.due[key] = true
			}
		}
	}
	s.mark(t, left)
}

// unsureSyncs is for how many syncs the master is asked for the holders: it may itself
// learn only now which nodes have left.
const unsureSyncs = 4

// mark marks files of which a holder has left, and works on all that are marked.
func (s *Store) mark(t *host.Task, left map[string]bool) {
	for key, e := range s.index { // order-free: marks
		lost := slices.ContainsFunc(e.holders, func(a string) bool { return left[a] })
		if lost || len(left) > 0 && len(e.holders) == 0 {
			s.due[key] = true
		}
	}
	s.work(t)
}

// missed marks files of which a holder is not in the network.
func (s *Store) missed(t *host.Task) {
	left := make(map[string]bool)
	known := make(map[string]bool)
	for _, e := range s.index { // order-free: a set
		for _, a := range e.holders {
			known[a] = true
		}
	}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(known)), mostKeys) {
		q := &awayQuestion{batch}
		a, err := s.serveAway(t, s.h.Self(), q, nil) // at a master
		if backlink := s.h.Node().Structure().Backlink; err != nil && !backlink.IsZero() {
			a, err = s.askAway(t, backlink, q, nil)
		}
		if err != nil || a == nil {
			return // it is asked again after the next sync
		}
		for _, i := range a.Away {
			left[batch[i]] = true
		}
	}
	s.unsure--
	s.mark(t, left)
}

// serveAway says which of some nodes are not in the network, as far as a master knows.
func (s *Store) serveAway(_ *host.Task, _ host.Peer, q *awayQuestion, _ *host.Pending) (*awayAnswer, error) {
	members := make(map[string]bool)
	silent := s.h.Node().Roster(func(member, _ host.Peer) { members[s.h.Address(member)] = true })
	if len(members) == 0 || len(silent) > 0 {
		return nil, refuse(codeMaster, "this node does not know all members now")
	}
	a := &awayAnswer{}
	for i, address := range q.Nodes {
		if !members[address] {
			a.Away = append(a.Away, i)
		}
	}
	return a, nil
}

// confirm asks the holders of own files whether they still have them, and counts the copies
// of those that one does not confirm. Of many nodes only some are holders of own files: to
// ask these takes less than to ask all nodes for all files.
func (s *Store) confirm(t *host.Task) {
	s.expire()
	s.beSeen()
	files := make(map[string][]host.Key) // by holder
	for _, key := range s.keys() {
		e := s.index[key]
		if e.missing || len(e.holders) < s.wanted(e.copies) {
			s.due[key] = true
			continue
		}
		for _, address := range e.holders {
			files[address] = append(files[address], key)
		}
	}
	if delete(files, s.self()); len(files) > s.h.NetworkSize()/2 {
		s.checkAll(t)
		return
	}
	for _, address := range slices.Sorted(maps.Keys(files)) {
		for keys := range slices.Chunk(files[address], mostKeys) {
			s.confirmAt(t, address, keys)
		}
	}
	s.work(t)
}

// confirmAt asks one holder. If it does not answer, the copies of all of its files are
// counted.
func (s *Store) confirmAt(t *host.Task, address string, keys []host.Key) {
	doubtful := keys
	if p, err := s.h.Peer(address); err == nil {
		if a, err := s.askHeld(t, p, &shortQuestion{keys}, nil); err == nil && a != nil {
			doubtful = nil
			for _, i := range a.Lacks {
				doubtful = append(doubtful, keys[i])
			}
		}
	}
	for _, key := range doubtful {
		if s.index[key] != nil {
			s.due[key] = true
		}
	}
}

// serveHeld says which files are not here.
func (s *Store) serveHeld(_ *host.Task, _ host.Peer, q *shortQuestion, _ *host.Pending) (*heldAnswer, error) {
	a := &heldAnswer{}
	for i, key := range q.Keys {
		if !s.Has(key) {
			a.Lacks = append(a.Lacks, i)
		}
	}
	return a, nil
}

// checkAll counts the copies of all files.
func (s *Store) checkAll(t *host.Task) {
	s.expire()
	s.beSeen()
	for key := range s.index { // order-free: marks
		s.due[key] = true
	}
	s.work(t)
}

// doubt has the copies of an own file counted soon if it has too few holders.
func (s *Store) doubt(key host.Key, holders []string) {
	if e := s.index[key]; e != nil && len(holders) < s.wanted(e.copies) {
		s.doubted[key] = true
	}
}

// serveShort has the copies of own files counted soon.
func (s *Store) serveShort(_ *host.Task, _ host.Peer, q *shortQuestion, _ *host.Pending) (*nothing, error) {
	for _, key := range q.Keys {
		if s.index[key] != nil {
			s.doubted[key] = true
		}
	}
	return &nothing{}, nil
}

// compare marks files that have enough copies for the network as it was and not for one of
// this size. A node that has just lost its master may see a network of few nodes for a
// moment, in which a few copies are all that there can be.
func (s *Store) compare() {
	before := s.size
	if s.size = s.h.NetworkSize(); s.size <= before {
		return
	}
	for key, e := range s.index { // order-free: marks
		if len(e.holders) > 0 && len(e.holders) < s.wanted(e.copies) {
			s.due[key] = true
		}
	}
}

// recount counts the copies of files that others have made it doubt. However often they do,
// it counts once in a while.
func (s *Store) recount(t *host.Task) {
	s.compare()
	maps.Copy(s.due, s.doubted)
	clear(s.doubted)
	s.work(t)
}

// work counts the copies of files that are marked and makes those that are missing, one
// procedure at a time.
func (s *Store) work(t *host.Task) {
	if s.working || s.options.NoRepair {
		return
	}
	s.working = true
	defer func() { s.working = false }()
	for len(s.due) > 0 {
		keys := sorted(maps.Keys(s.due))
		keys = keys[:min(len(keys), mostKeys)]
		a, coverage, err := s.askCopies(t, &copiesQuestion{keys})
		// With many nodes silent, nearly all files would seem to lack copies: better later.
		if err != nil || coverage.Answered*10 < coverage.Asked*9 {
			return
		}
		if a == nil {
			a = &copiesAnswer{}
		}
		s.mend(t, keys, a)
	}
}

// mend brings files to their number of copies.
func (s *Store) mend(t *host.Task, keys []host.Key, a *copiesAnswer) {
	gone := make(map[int]*tombstone)
	for i := range a.Gone {
		gone[a.Gone[i].Index] = &a.Gone[i].Proof
	}
	var lacking []host.Key // files for which it is the turn of this node
	holdersOf := make(map[host.Key][]string)
	turns := make(map[string][]host.Key) // files for which it is the turn of another holder
	for i, key := range keys {
		delete(s.due, key)
		e := s.index[key]
		f := s.file(key)
		if e == nil || f == nil {
			continue
		}
		if g := gone[i]; g != nil && g.ends(f) {
			if err := s.removeProven(t, g); err != nil {
				s.h.Log(host.Warn, "a removed file stays", "key", key, "error", err)
			}
			continue
		}
		holders := a.holders(i)
		alone := !slices.ContainsFunc(holders, func(a string) bool { return a != s.self() })
		if s.outlived && alone && s.wanted(f.Copies) > 1 {
			// it was removed, and the others have forgotten that by now
			s.h.Log(host.Warn, "a file that no other node has any more is given up: this node was away for longer than removals are remembered", "key", key)
			s.drop(t, key)
			continue
		}
		if e.missing {
			s.recover(t, f, holders)
			continue
		}
		if !slices.Contains(holders, s.self()) {
			holders = append(holders, s.self())
			slices.Sort(holders)
		}
		s.know(key, holders)
		if len(holders) >= s.wanted(f.Copies) {
			continue
		}
		if turn := first(key, holders); turn != s.self() {
			turns[turn] = append(turns[turn], key)
			continue
		}
		lacking = append(lacking, key)
		holdersOf[key] = holders
	}
	s.remind(t, turns)
	if len(lacking) == 0 {
		return
	}
	var places []place // asked for again when one of them takes no copy: it may have left
	for _, key := range lacking {
		f := s.file(key)
		if f == nil || !s.Has(key) {
			continue
		}
		if places == nil {
			places = s.search(t, whereQuestion{Places: mostPlaces, Size: f.Size}, false).places
		}
		if !s.repair(t, f, holdersOf[key], places) {
			places = nil
		}
	}
}

// remind tells other holders for which files it is their turn: they may not have heard
// that a holder has left.
func (s *Store) remind(t *host.Task, turns map[string][]host.Key) {
	for _, address := range slices.Sorted(maps.Keys(turns)) {
		for _, p := range s.peers([]string{address}) {
			t.Fork(func(t *host.Task) {
				// one that does not hear it finds out when it next counts its copies
				_, _ = s.askShort(t, p, &shortQuestion{turns[address]}, nil)
			})
		}
	}
}

// repair makes the copies that a file lacks, and then waits until repair may send more. It
// reports whether each node that it has tried has taken a copy.
func (s *Store) repair(t *host.Task, f *File, holders []string, places []place) bool {
	need := s.wanted(f.Copies) - len(holders)
	copied, err := s.spread(t, *f, holders, places, need, need)
	if err != nil {
		s.h.Log(host.Warn, "too few copies, and no node takes another", "key", f.Key, "copies", len(holders)+len(copied.Holders), "wanted", len(holders)+need, "error", err)
		s.again(f.Key)
	}
	made := int64(len(copied.Holders))
	s.count.repaired.Add(uint64(made))
	s.count.repairedBytes.Add(uint64(made * f.Size))
	s.spend(made * f.Size)
	s.pace(t)
	return err == nil && copied.Refused == 0
}

// spend counts bytes of repair: the next may be sent when these have had their time at
// RepairRate.
func (s *Store) spend(bytes int64) {
	s.spent = max(s.h.Now(), s.spent) + time.Duration(float64(bytes)/float64(s.options.RepairRate)*float64(time.Second))
}

// pace waits until repair may send.
func (s *Store) pace(t *host.Task) {
	for now := s.h.Now(); now < s.spent; now = s.h.Now() {
		t.Sleep(s.spent - now)
	}
}

// again has the copies of a file counted again after a while.
func (s *Store) again(key host.Key) {
	s.h.Later(againAfter, func(t *host.Task) {
		if s.index[key] != nil {
			s.due[key] = true
			s.work(t)
		}
	})
}

// first is the holder that makes the copies that a file lacks.
func first(key host.Key, holders []string) string {
	return slices.MinFunc(holders, func(a, b string) int { return rank(key, holders, a) - rank(key, holders, b) })
}

// rank is the place of a holder in the order in which the holders of a file work for it.
func rank(key host.Key, holders []string, self string) int {
	weight := func(address string) [32]byte { return sha256.Sum256(append(key[:], address...)) }
	own := weight(self)
	before := 0
	for _, address := range holders {
		if other := weight(address); bytes.Compare(other[:], own[:]) < 0 {
			before++
		}
	}
	return before
}

// lose notes that the bytes of an own file are damaged or gone, and asks for them again.
func (s *Store) lose(t *host.Task, key host.Key, cause error) {
	e := s.index[key]
	if e == nil || e.missing {
		return
	}
	s.count.damaged.Add(1)
	s.h.Log(host.Warn, "a copy is damaged and is asked for again", "key", key, "error", cause)
	e.missing = true
	s.missing++
	s.forget(t, key)
	s.due[key] = true
	s.work(t)
}

// recover replaces the bytes of an own file by those of another holder. If there are
// enough copies without it, the record goes.
func (s *Store) recover(t *host.Task, f *File, holders []string) {
	if len(holders) >= s.wanted(f.Copies) {
		s.drop(t, f.Key)
		return
	}
	s.again(f.Key) // to see whether it has come
	for _, p := range s.peers(holders) {
		if _, err := s.askFetch(t, p, &fetchQuestion{f.Key}, nil); err == nil {
			return // it comes as a put
		}
	}
	s.h.Log(host.Warn, "no other node has a file whose copy here is damaged", "key", f.Key)
}

// serveFetch puts a copy to the node that asks for it, at the rate of repair.
func (s *Store) serveFetch(t *host.Task, from host.Peer, q *fetchQuestion, _ *host.Pending) (*nothing, error) {
	f := s.file(q.Key)
	switch {
	case f == nil || !s.Has(q.Key):
		return nil, refuse(codeNone, "the file is not here")
	case s.pushes >= mostPushes:
		return nil, refuse(codeBusy, "%d copies are on their way", s.pushes)
	}
	s.pushes++
	t.Fork(func(t *host.Task) {
		defer func() { s.pushes-- }()
		s.pace(t)
		s.spend(f.Size)
		if err := s.send(t, from, f); err != nil {
			s.h.Log(host.Warn, "a copy that was asked for was not taken", "key", f.Key, "error", err)
			return
		}
		s.count.repaired.Add(1)
		s.count.repairedBytes.Add(uint64(f.Size))
	})
	return &nothing{}, nil
}

// mostPushes is how many copies are sent at a time because others ask for them.
const mostPushes = 4

// scrub reads files again and compares them with their keys, at a bounded rate.
func (s *Store) scrub(t *host.Task) {
	budget := int64(float64(s.options.ScrubRate) * scrubEvery.Seconds())
	for _, blob := range s.next(budget) {
		budget -= blob.Size
		err := s.h.VerifyBlob(t, blob.Key)
		s.count.scrubbed.Add(uint64(blob.Size))
		if err != nil && s.Has(blob.Key) {
			s.lose(t, blob.Key, err)
		}
	}
	if budget < 0 { // a large file takes the time of several rounds
		t.Sleep(time.Duration(float64(-budget) / float64(s.options.ScrubRate) * float64(time.Second)))
	}
}

// next moves the scrub on by so many bytes, at least one file and at most mostKeys. After
// the last one it begins anew at the next call.
func (s *Store) next(bytes int64) (list []host.Blob) {
	var last host.Key
	copy(last[:], s.h.Bucket().Get(scrubRecord))
	s.h.Blobs().List(last, func(b host.Blob) bool {
		list = append(list, b)
		bytes -= b.Size
		return bytes > 0 && len(list) < mostKeys
	})
	if len(list) > 0 {
		_ = s.h.Bucket().Put(scrubRecord, slices.Clone(list[len(list)-1].Key[:])) // short enough
	} else if last != (host.Key{}) {
		s.h.Bucket().Delete(scrubRecord)
	}
	return list
}

// tidy gives up copies that are more than wanted, when space is short. It asks first how
// many others there are, and of the holders of a file only those that would be the last to
// work for it may go, so that no two nodes count on each other.
func (s *Store) tidy(t *host.Task) {
	if s.place().Free > 0 || s.draining {
		return
	}
	for batch := range slices.Chunk(s.keys(), mostKeys) {
		a, _, err := s.askCopies(t, &copiesQuestion{batch})
		if err != nil || a == nil {
			return
		}
		for i, key := range batch {
			e, holders := s.index[key], a.holders(i)
			if e == nil || e.missing || rank(key, holders, s.self()) < s.wanted(e.copies) {
				continue
			}
			s.drop(t, key)
			s.count.evicted.Add(1)
			if s.place().Free > 0 {
				return
			}
		}
	}
}

// Drain makes sure that other nodes keep all files of this one, so that it may leave. From
// now on it takes no copies. It returns how many copies it has made, and for how many
// files that has failed.
func (s *Store) Drain(t *host.Task) (made, failed int, err error) {
	s.draining = true
	for batch := range slices.Chunk(s.keys(), mostKeys) {
		a, _, err := s.askCopies(t, &copiesQuestion{batch})
		if err != nil {
			return made, failed, err
		}
		if a == nil {
			a = &copiesAnswer{}
		}
		for i, key := range batch {
			n, good := s.handOver(t, key, a.holders(i))
			made += n
			if !good {
				failed++
			}
		}
	}
	return made, failed, nil
}

// handOver makes the copies of a file that are wanted without the own one.
func (s *Store) handOver(t *host.Task, key host.Key, holders []string) (made int, good bool) {
	f := s.file(key)
	if f == nil || !s.Has(key) {
		return 0, f == nil
	}
	others := slices.DeleteFunc(holders, func(a string) bool { return a == s.self() })
	need := min(s.wanted(f.Copies), max(1, s.h.NetworkSize()-1)) - len(others)
	if need <= 0 {
		return 0, true
	}
	places := s.search(t, whereQuestion{Places: mostPlaces, Size: f.Size}, false).places
	copied, err := s.spread(t, *f, others, places, need, need)
	return len(copied.Holders), err == nil
}
