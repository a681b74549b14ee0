package documents

import (
	"strings"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// shelf is what this node keeps of one collection: records in the bucket, and their number
// and bytes in memory.
type shelf struct {
	*Collection
	host       *host.Host
	documents  int
	bytes      int64
	tombstones int
	doubt      doubt
	surveys    surveys
	keys       uint64           // taken that were not here before
	added      func(key string) // hears of them; may be nil
}

// The keys of the bucket: of records, and for collections that evict those of an index by
// version, whose values are empty.
const (
	recordsArea = "d\x00"
	oldestArea  = "v\x00"
	// bucketHead is more than a record takes besides what Record.size counts: the areas, the
	// name of the collection, and its place in the index.
	bucketHead = 4*maxName + maxKey
)

func (s *shelf) recordKey(key string) string { return recordsArea + s.Name + "\x00" + key }

func (s *shelf) oldestKey(r *Record) string {
	return oldestArea + s.Name + "\x00" + r.Version.String() + r.Key
}

// load counts what there is.
func (s *shelf) load() {
	s.documents, s.bytes, s.tombstones = 0, 0, 0
	var missing []string
	s.scan("", func(r *Record) bool {
		s.count(r, 1)
		if s.Evict && !r.Deleted {
			missing = append(missing, s.oldestKey(r))
		}
		return true
	})
	for _, key := range missing { // the collection may not have evicted before
		if s.host.Bucket().Get(key) == nil {
			_ = s.host.Bucket().Put(key, []byte{}) // its length is bounded
		}
	}
}

func (s *shelf) count(r *Record, sign int) {
	if r.Deleted {
		s.tombstones += sign
		return
	}
	s.documents += sign
	s.bytes += int64(sign * r.size())
	switch {
	case s.Changed == nil:
	case sign > 0:
		s.Changed(r.Key, r.Version.Time(), r.Document)
	default:
		s.Changed(r.Key, r.Version.Time(), nil)
	}
}

// get is the record of a key, with the zero version if there is none.
func (s *shelf) get(key string) Record {
	r, _ := decodeRecord(key, s.host.Bucket().Get(s.recordKey(key)))
	return r
}

// scan visits the records whose keys come after one, in the order of their keys.
func (s *shelf) scan(after string, visit func(*Record) bool) {
	prefix := s.recordKey("")
	from := prefix + after
	if after != "" {
		from += "\x00"
	}
	s.host.Bucket().Scan(from, func(key string, value []byte) bool {
		key, ours := strings.CutPrefix(key, prefix)
		if !ours {
			return false
		}
		r, ok := decodeRecord(key, value)
		return !ok || visit(&r) // what a later program has written is for that one
	})
}

// scanKeys visits the keys of all records.
func (s *shelf) scanKeys(visit func(key string)) {
	prefix := s.recordKey("")
	s.host.Bucket().Scan(prefix, func(key string, _ []byte) bool {
		key, ours := strings.CutPrefix(key, prefix)
		if ours {
			visit(key)
		}
		return ours
	})
}

// takesMore reports whether there is capacity for another document.
func (s *shelf) takesMore() bool { return s.Evict || !s.full(1, int64(s.MaxDocument)) }

// full reports whether so many documents and bytes more would be too many.
func (s *shelf) full(documents int, bytes int64) bool {
	if space := s.host.Bucket().Space(); space.Limit > 0 && space.Free() < bytes+bucketHead {
		return true
	}
	return s.Limit > 0 && s.documents+documents > s.Limit || s.MaxSize > 0 && s.bytes+bytes > s.MaxSize
}

// fits reports whether a record would have space if all others were forgotten.
func (s *shelf) fits(bytes int64) bool {
	space := s.host.Bucket().Space()
	return (s.MaxSize == 0 || bytes <= s.MaxSize) && (space.Limit == 0 || bytes+bucketHead <= space.Limit)
}

// errFull refuses new documents at a node that has as many as it may.
var errFull = &host.Error{Code: "ERR_DOCUMENTS_FULL", Message: "this node keeps as many documents as it may"}

// take keeps a record unless there is a newer one, and returns the version that is kept
// now. Of a copy that repairs, nothing else is forgotten for it.
func (s *shelf) take(r *Record, repairs bool) (version.Version, error) {
	old := s.get(r.Key)
	if old.Version.Compare(r.Version) >= 0 {
		return old.Version, nil
	}
	if !r.Deleted {
		more, bytes := 1, int64(r.size())
		if !old.Version.IsZero() && !old.Deleted {
			more, bytes = 0, bytes-int64(old.size())
		}
		if s.full(more, bytes) && (more > 0 || bytes > 0) {
			if !s.Evict || repairs || !s.fits(int64(r.size())) {
				return old.Version, errFull
			}
			s.evict(more, bytes, r.Key)
		}
	}
	if err := s.replace(&old, r); err != nil {
		return old.Version, errFull // the bucket is: no record is too long for it
	}
	return r.Version, nil
}

// replace puts a record in the place of an old one, or of none. If it fails, nothing has
// changed.
func (s *shelf) replace(old, r *Record) error {
	b := s.host.Bucket()
	if s.Evict && !r.Deleted {
		if err := b.Put(s.oldestKey(r), []byte{}); err != nil {
			return err
		}
	}
	if err := b.Put(s.recordKey(r.Key), r.encode()); err != nil {
		b.Delete(s.oldestKey(r))
		return err
	}
	s.dropped(old)
	s.count(r, 1)
	if old.Version.IsZero() {
		s.keys++
		if s.added != nil {
			s.added(r.Key)
		}
	}
	return nil
}

// remove forgets a record.
func (s *shelf) remove(r *Record) {
	if !r.Version.IsZero() {
		s.host.Bucket().Delete(s.recordKey(r.Key))
		s.dropped(r)
	}
}

// dropped accounts for a record that is no longer kept, if there was one.
func (s *shelf) dropped(r *Record) {
	if r.Version.IsZero() {
		return
	}
	if s.Evict && !r.Deleted {
		s.host.Bucket().Delete(s.oldestKey(r))
	}
	s.count(r, -1)
}

// evict forgets the documents written first until others have capacity.
func (s *shelf) evict(documents int, bytes int64, except string) {
	prefix := oldestArea + s.Name + "\x00"
	for s.documents > 0 && s.full(documents, bytes) {
		var oldest string
		s.host.Bucket().Scan(prefix, func(key string, _ []byte) bool {
			key, ours := strings.CutPrefix(key, prefix)
			if ours && key[2*version.Size:] == except {
				return true
			}
			if ours {
				oldest = key[2*version.Size:]
			}
			return false
		})
		if oldest == "" {
			return
		}
		r := s.get(oldest)
		s.remove(&r)
	}
}

// forget drops tombstones whose time is over, at most some at a time, and returns the key
// to go on after; "" at the end.
func (s *shelf) forget(after string, wall time.Duration, most int) (next string) {
	var old []Record
	seen := 0
	s.scan(after, func(r *Record) bool {
		if r.Deleted && r.Version.Time()+s.Tombstones < wall {
			old = append(old, *r)
		}
		seen++
		next = r.Key
		return seen < most
	})
	for i := range old {
		s.remove(&old[i])
	}
	if seen < most {
		return ""
	}
	return next
}
