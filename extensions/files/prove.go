package files

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"spreadable/core/host"
)

// A node that says it has a file, and has not, would make a put keep too few copies. So
// when a client brings a file that others say they have, each of them must show some of its
// bytes, which are compared with those of the client. A node that has thrown a file away
// could fetch the bytes from another one; what that costs it is more than to keep its word.

// proofLength is how many bytes a holder must show.
const proofLength = 256

// proven are the holders that have the bytes that are here. Without bytes, in a simulation,
// all are believed.
func (s *Store) proven(t *host.Task, f *File, holders []string) []string {
	from := s.h.Rand().Int64N(max(1, f.Size-proofLength+1))
	q := &partQuestion{f.Key, from, int(min(proofLength, f.Size-from))}
	if q.Length < 1 {
		return holders
	}
	own, err := s.read(t, q)
	if errors.Is(err, host.ErrNoBytes) {
		return holders
	}
	var good []string
	if slices.Contains(holders, s.self()) {
		good = append(good, s.self())
	}
	s.each(t, s.peers(holders), func(t *host.Task, p host.Peer) bool {
		if a, err := s.askPart(t, p, q, nil); err == nil && a != nil && bytes.Equal(a.Data, own) {
			good = append(good, s.h.Address(p))
		}
		return false
	})
	slices.Sort(good)
	return good
}

// read reads bytes of an own file.
func (s *Store) read(t *host.Task, q *partQuestion) (data []byte, err error) {
	blobs := s.h.Blobs()
	data = make([]byte, q.Length)
	t.Offload(blobs.Price(int64(q.Length)), func() {
		var file io.ReadSeekCloser
		if file, err = blobs.Open(q.Key); err != nil {
			return
		}
		defer file.Close()
		if _, err = file.Seek(q.From, io.SeekStart); err == nil {
			_, err = io.ReadFull(file, data)
		}
	})
	return data, err
}
