package files

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/extensions/files/label"
)

// Wish is what a client wants for its file. The zero value is the defaults.
type Wish struct {
	Name, Type string
	Copies     string // a rule; see host.Copies
	Acks       int
	Token      string // that removes the file; a random one is made for none
	Owner      ed25519.PublicKey
}

// Stored says what has become of a file.
type Stored struct {
	File
	// Holders have acknowledged their copy; others may follow. Wanted is how many there
	// shall be.
	Holders []string
	Wanted  int
	// Existed says that the file was there before. Then it belongs to the client that
	// stored it first, and there is no token.
	Existed bool
	Token   string
}

// Draft begins an upload of at most size bytes. Any goroutine may call it.
func (s *Store) Draft(size int64) (host.Draft, error) {
	if size > int64(s.options.MaxSize) {
		return nil, fmt.Errorf("%w: a file of %d bytes, at most %d", ErrTooLarge, size, int64(s.options.MaxSize))
	}
	blobs := s.h.Blobs()
	if blobs == nil {
		return nil, host.ErrFull
	}
	return blobs.Create(size)
}

// ErrTooLarge says that a file is larger than this node takes.
var ErrTooLarge = errors.New("the file is too large")

// Adopt makes an upload known to a procedure.
func (s *Store) Adopt(d host.Draft) *host.Pending { return s.h.Adopt(d) }

// sized is a simulated disk.
type sized interface {
	NewDraft(key host.Key, size int64) (host.Draft, error)
}

// PutSized is Put of simulated bytes that hash to a key. It needs a simulated disk.
func (s *Store) PutSized(t *host.Task, key host.Key, size int64, w Wish) (*Stored, error) {
	disk, ok := s.h.Blobs().(sized)
	if !ok {
		return nil, errors.New("files: simulated bytes on a real disk")
	}
	d, err := disk.NewDraft(key, size)
	if err != nil {
		return nil, err
	}
	defer d.Discard()
	return s.Put(t, s.Adopt(d), w)
}

// Preload makes this node keep a file without messages, for a simulation that begins with
// files, and know the holders of it, this one included. It belongs to the node's thread,
// when the node has started.
func (s *Store) Preload(f File, holders ...string) error {
	disk, ok := s.h.Blobs().(interface {
		Place(key host.Key, size int64)
	})
	if !ok {
		return errors.New("files: simulated bytes on a real disk")
	}
	fill(&f.Copies, s.options.Copies)
	if err := f.check(); err != nil {
		return err
	}
	disk.Place(f.Key, f.Size)
	if err := s.keepRecord(&f, nil); err != nil {
		return err
	}
	s.know(f.Key, holders)
	return nil
}

// Put stores a file: this node keeps a copy, if it has the space, and sends the others to
// nodes that have the space, rather the emptier ones. It returns when enough copies are on
// disk; the rest are made in the background. If as many nodes as wanted have the file,
// nothing is sent. The error is host.ErrFewCopies if too few have acknowledged; what they
// have they keep, and a second attempt goes on from there.
func (s *Store) Put(t *host.Task, p *host.Pending, w Wish) (*Stored, error) {
	f := File{Key: p.Key, Size: p.Size, Name: w.Name, Type: w.Type, Copies: w.Copies, Owner: w.Owner}
	if err := s.complete(&f); err != nil {
		return nil, err
	}
	fill(&w.Acks, s.options.Acks)
	fill(&w.Token, s.token())
	f.Right = rightOf(w.Token)
	unlock := s.h.Lock(t, "put "+f.Key.String())
	defer unlock()
	s.count.puts.Add(1)

	wanted := s.wanted(f.Copies)
	at := s.search(t, whereQuestion{Key: f.Key, Places: wanted + 4, Size: f.Size}, false)
	if len(at.holders) > 0 {
		if err := s.commit(t, p, f.Key); err != nil {
			return nil, err
		}
		at.holders = s.proven(t, &f, at.holders)
	}
	f.Added = max(s.now(), at.gone+1)
	stored := &Stored{File: f, Holders: at.holders, Wanted: wanted, Token: w.Token}
	if at.file != nil && at.file.Size == f.Size && len(at.holders) > 0 {
		stored.File, stored.Existed, stored.Token = *at.file, true, ""
	}
	if len(at.holders) >= wanted {
		s.count.existed.Add(1)
		if s.index[f.Key] == nil && s.guests[f.Key] == 0 {
			s.forget(t, f.Key)
		}
		return stored, nil
	}
	return stored, s.store(t, p, stored, at, min(max(1, w.Acks), wanted))
}

// complete fills in what the client has not said and says what is wrong with the rest.
func (s *Store) complete(f *File) error {
	fill(&f.Copies, s.options.Copies)
	fill(&f.Type, label.Unknown)
	if f.Size > int64(s.options.MaxSize) {
		return ErrTooLarge
	}
	if err := f.check(); err != nil {
		return err
	}
	n, err := host.Copies(f.Copies, s.h.NetworkSize())
	if err == nil && f.Copies != s.options.Copies && n > s.options.MaxCopies {
		return refuse("ERR_FILES_COPIES", "%d copies, at most %d", n, s.options.MaxCopies)
	}
	if !s.options.allows(f.Type) {
		return refuse("ERR_FILES_TYPE", "files of type %s are not taken here", f.Type)
	}
	return nil
}

// token is a random text that removes a file.
func (s *Store) token() string {
	r := s.h.Rand()
	return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
}

// store makes the copies that are missing. Stored has the holders so far.
func (s *Store) store(t *host.Task, p *host.Pending, stored *Stored, at found, acks int) error {
	key := stored.Key
	if err := s.commit(t, p, key); err != nil {
		return err
	}
	if !slices.Contains(stored.Holders, s.self()) && s.willing(stored.Size) == nil {
		f := stored.File
		if err := s.keepRecord(&f, p.Blocks()); err != nil {
			return err
		}
		stored.Holders = append(stored.Holders, s.self())
		s.reports.Settle(t)
	}
	holders, need := slices.Clone(stored.Holders), stored.Wanted-len(stored.Holders)
	if missing := acks - len(holders); missing > 0 {
		copied, err := s.spread(t, stored.File, holders, at.places, need, missing)
		for _, p := range copied.Holders {
			stored.Holders = append(stored.Holders, s.h.Address(p))
		}
		return err
	}
	t.Fork(func(t *host.Task) {
		// the client has its answer; what is missing then is made when the copies are counted
		_, _ = s.spread(t, stored.File, holders, at.places, need, 1)
	})
	return nil
}

// spread makes the copies that a file lacks, of bytes that are here, and returns when so
// many have been acknowledged.
func (s *Store) spread(t *host.Task, f File, holders []string, places []place, need, acks int) (host.Copied, error) {
	s.guests[f.Key]++ // the bytes stay while they are sent
	if need <= 0 {
		s.settle(t, f.Key, holders)
		return host.Copied{}, nil
	}
	spreading := s.spreading(f, holders, places, need)
	spreading.Acks = acks
	copied, err := s.h.Spread(t, spreading)
	if err != nil && copied.Refused == 0 && len(copied.Holders) == 0 {
		s.settle(t, f.Key, holders) // there was no candidate, so Done was not called
	}
	return copied, err
}

// commit puts an upload on disk, unless its bytes are there.
func (s *Store) commit(t *host.Task, p *host.Pending, key host.Key) error {
	if _, found := s.h.Blobs().Stat(key); found {
		return nil
	}
	return p.Commit(t)
}

// spreading is a write of the copies that a file lacks.
func (s *Store) spreading(f File, holders []string, places []place, need int) host.Spreading {
	var from []host.Choice
	for _, p := range places {
		if p.Free < f.Size || slices.Contains(holders, p.Address) {
			continue
		}
		if peer, err := s.h.Peer(p.Address); err == nil && peer != s.h.Self() {
			from = append(from, host.Choice{Peer: peer, Rank: p.Used})
		}
	}
	var taken []host.Peer
	for _, address := range holders {
		if p, err := s.h.Peer(address); err == nil {
			taken = append(taken, p)
		}
	}
	return host.Spreading{
		Action: "put", From: s.h.Balanced(from), Taken: taken, Copies: need,
		Send: func(t *host.Task, to host.Peer) error { return s.send(t, to, &f) },
		Done: func(t *host.Task, c host.Copied) {
			all := slices.Clone(holders)
			for _, p := range c.Holders {
				all = append(all, s.h.Address(p))
			}
			s.settle(t, f.Key, all)
		},
	}
}

// send brings a copy to a node. One that has the file already is good, too.
func (s *Store) send(t *host.Task, to host.Peer, f *File) error {
	stream, err := s.h.Blobs().Stream(f.Key)
	if err != nil {
		return err
	}
	_, err = s.askPut(t, to, &putQuestion{*f}, stream)
	if message.IsRefusal(err, codeHas) {
		return nil
	}
	return err
}

// settle ends a write: the holders hear of each other, so that each knows when one of them
// leaves, and the bytes go if this node is none of them.
func (s *Store) settle(t *host.Task, key host.Key, holders []string) {
	if s.guests[key]--; s.guests[key] <= 0 {
		delete(s.guests, key)
		if s.index[key] == nil {
			s.forget(t, key)
		}
	}
	s.tell(t, key, holders)
}

// tell makes known to holders which nodes keep a file. If they are too few, the holders
// soon count them and make the others.
func (s *Store) tell(t *host.Task, key host.Key, holders []string) {
	s.know(key, holders)
	s.doubt(key, holders)
	for _, p := range s.peers(holders) {
		t.Fork(func(t *host.Task) {
			// one that does not hear it counts the copies itself, when the next node leaves
			_, _ = s.askTell(t, p, &tellQuestion{key, holders}, nil)
		})
	}
}

func (s *Store) serveTell(_ *host.Task, _ host.Peer, q *tellQuestion, _ *host.Pending) (*nothing, error) {
	s.know(q.Key, q.Holders)
	s.doubt(q.Key, q.Holders)
	return &nothing{}, nil
}

// know keeps which nodes have an own file.
func (s *Store) know(key host.Key, holders []string) {
	e := s.index[key]
	if e == nil && s.gone(key) != nil { // it was removed while copies were made
		s.owe(key, holders)
	}
	if e == nil || slices.Equal(e.holders, holders) {
		return
	}
	s.miss(key, e.holders, holders)
	e.holders = holders
	if err := s.put(heldRecord, key, holders); err != nil {
		s.h.Log(host.Warn, "the holders of a file are not kept", "key", key, "error", err)
	}
}

// willing says why this node would not take a copy of so many bytes.
func (s *Store) willing(size int64) error {
	switch p := s.place(); {
	case s.draining:
		return refuse(codeFull, "the node is about to leave")
	case size > int64(s.options.MaxSize):
		return refuse(codeFull, "a file of %d bytes, at most %d", size, int64(s.options.MaxSize))
	case size > p.Free:
		return refuse(codeFull, "no space is left: %d bytes are free, and %d wanted", p.Free, size)
	}
	return nil
}

// checkPut looks at a copy before its bytes come.
func (s *Store) checkPut(_ host.Peer, q *putQuestion, size int64) error {
	if err := q.File.check(); err != nil {
		return err
	}
	if size != q.Size {
		return errors.New("the stream is not as long as the file")
	}
	if s.Has(q.Key) {
		return refuse(codeHas, "the file is here already")
	}
	if g := s.gone(q.Key); g != nil && g.At >= q.Added {
		return refuse(codeRemoved, "the file was removed")
	}
	if s.index[q.Key] != nil {
		return nil // the bytes of a damaged copy: they had their space
	}
	return s.willing(size)
}

// servePut keeps a copy: its bytes are on disk and the master knows of it before the
// answer goes.
func (s *Store) servePut(t *host.Task, _ host.Peer, q *putQuestion, p *host.Pending) (*nothing, error) {
	if p == nil || p.Key != q.Key {
		return nil, errors.New("want the bytes of the file as a stream")
	}
	defer s.h.Lock(t, "put "+q.Key.String())()
	if s.Has(q.Key) {
		return &nothing{}, nil
	}
	if err := p.Commit(t); err != nil {
		return nil, err
	}
	f := &q.File
	if known := s.file(q.Key); known != nil {
		f = known // the bytes of a damaged copy: its rights stay as they were
	}
	if err := s.keepRecord(f, p.Blocks()); err != nil {
		return nil, err
	}
	s.count.kept.Add(1)
	s.reports.Settle(t)
	return &nothing{}, nil
}

// keepRecord notes a file whose bytes are on disk. It is known after a crash, too, from the
// moment in which anything that follows leaves the node.
func (s *Store) keepRecord(f *File, sums []byte) error {
	if sums != nil {
		if err := s.h.Bucket().Put(record(sumsRecord, f.Key), sums); err != nil {
			return err
		}
	}
	if err := s.put(fileRecord, f.Key, f); err != nil {
		return err
	}
	if s.gone(f.Key) != nil {
		s.h.Bucket().Delete(record(goneRecord, f.Key))
		s.owing(f.Key, nil)
	}
	s.enter(f, false)
	s.reports.Add(f.Key)
	return nil
}

// drop forgets a copy and its bytes.
func (s *Store) drop(t *host.Task, key host.Key) {
	s.leave(key)
	s.h.Bucket().Delete(record(fileRecord, key))
	s.h.Bucket().Delete(record(sumsRecord, key))
	s.h.Bucket().Delete(record(heldRecord, key))
	s.forget(t, key)
}
