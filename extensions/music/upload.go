package music

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"spreadable/core/host"
	"spreadable/extensions/files"
	"spreadable/extensions/music/audio"
)

// An upload is first a blob of this extension: its tags may be at its end, and they say
// what of it is audio. Then its audio and its cover become files, and last its record is
// written: a record never names a file that is not stored.

// upload takes the body of a request.
func (s *Store) upload(r *http.Request, approved bool) (*Added, error) {
	a := Addition{Approved: approved}
	priority, err := priorityOf(r.URL.Query().Get("priority"), approved)
	if err != nil {
		return nil, err
	}
	if a.Priority = priority; a.allow() != nil {
		return nil, errApproval // before the body is read
	}
	blob, err := s.receive(r)
	if err != nil {
		return nil, err
	}
	defer s.discard(blob.Key)
	f, file, err := s.read(blob)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var added *Added
	err = s.do(r, func(t *host.Task) (err error) {
		a.Version, err = NewVersion(f, host.Key{}, priority, s.h.Wall())
		return err
	})
	if err != nil {
		return nil, refusal("TITLE", err.Error())
	}
	if err := s.storeFiles(r, &a, f, file); err != nil {
		return nil, err
	}
	err = s.do(r, func(t *host.Task) (err error) {
		added, err = s.Add(t, a)
		return err
	})
	return added, err
}

// priorityOf reads the priority of an upload: without one an approved upload is Approved.
func priorityOf(text string, approved bool) (Priority, error) {
	switch {
	case text == "" && approved:
		return Approved, nil
	case text == "":
		return Normal, nil
	}
	n, err := strconv.ParseInt(text, 10, 8)
	if err != nil || Priority(n) < Low || Priority(n) > Approved {
		return 0, refusal("PRIORITY", fmt.Sprintf("priority %.20q: want -1, 0 or 1", text))
	}
	return Priority(n), nil
}

// receive makes the body a blob of this extension.
func (s *Store) receive(r *http.Request) (host.Blob, error) {
	switch blobs := s.h.Blobs(); {
	case r.ContentLength < 1:
		return host.Blob{}, refusal("LENGTH", "want a file as the body, and a Content-Length")
	case blobs == nil:
		return host.Blob{}, host.ErrFull
	default:
		if err := s.files.Charge(r, r.ContentLength); err != nil {
			return host.Blob{}, err
		}
		draft, err := blobs.Create(r.ContentLength)
		if err != nil {
			return host.Blob{}, err
		}
		defer draft.Discard()
		if err := copyAll(draft, r.Body); err != nil {
			if !errors.Is(err, host.ErrFull) {
				err = refusal("BODY", "the body has not come whole: "+err.Error())
			}
			return host.Blob{}, err
		}
		key, size := draft.Sum()
		s.working.begin(key)
		if err := draft.Commit(); err != nil {
			s.discard(key)
			return host.Blob{}, err
		}
		return host.Blob{Key: key, Size: size}, nil
	}
}

// copyAll copies in parts of 256 KiB, eight times those of io.Copy: a part is a write to disk.
func copyAll(to io.Writer, from io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{to}, from, make([]byte, 256<<10))
	return err
}

// discard removes an upload that is done, unless another one of the same bytes is not.
func (s *Store) discard(key host.Key) {
	err := s.working.end(key, func() error { return s.h.Blobs().Remove(key) })
	if err != nil {
		s.h.Log(host.Warn, "an upload cannot be removed", "key", key, "error", err)
	}
}

// working counts the uploads in work by the keys of their blobs: two of the same bytes
// have one blob. Any goroutine may use it.
type working struct {
	mu    sync.Mutex
	count map[host.Key]int
}

// begin says that an upload is in work, before it has its blob.
func (w *working) begin(key host.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == nil {
		w.count = make(map[host.Key]int)
	}
	w.count[key]++
}

// end says that an upload is done. The last of its key removes the blob, while no other can
// begin.
func (w *working) end(key host.Key, remove func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count[key]--; w.count[key] > 0 {
		return nil
	}
	delete(w.count, key)
	return remove()
}

// positioned reads a file at any place, in one goroutine.
type positioned struct{ io.ReadSeekCloser }

// ReadAt implements io.ReaderAt.
func (p positioned) ReadAt(b []byte, offset int64) (int, error) {
	if _, err := p.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(p, b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// read looks at an upload.
func (s *Store) read(blob host.Blob) (*audio.File, positioned, error) {
	source, err := s.h.Blobs().Open(blob.Key)
	if err != nil {
		return nil, positioned{}, err
	}
	file := positioned{source}
	limits := audio.Limits{Tags: int64(s.options.Tags), Cover: int64(s.options.Cover)}
	f, err := audio.Read(file, blob.Size, limits)
	if err == nil && !slices.Contains(s.options.Kinds, f.Kind) {
		err = fmt.Errorf("this node takes no %s, but %v", f.Kind, s.options.Kinds)
	}
	if err != nil {
		source.Close()
		return nil, file, refusal("AUDIO", err.Error())
	}
	return f, file, nil
}

// storeFiles stores the audio and the cover of an upload as files, and names them in it.
func (s *Store) storeFiles(r *http.Request, a *Addition, f *audio.File, file io.ReaderAt) error {
	name := a.Title + "." + string(f.Kind)
	stored, err := s.storeFile(r, io.NewSectionReader(file, f.Start, f.End-f.Start), name, f.Kind.Type())
	if err != nil {
		return err
	}
	a.Audio, a.AudioToken = stored.Key.String(), stored.Token
	if f.Cover == nil {
		return nil
	}
	cover := io.NewSectionReader(bytes.NewReader(f.Cover.Data), 0, int64(len(f.Cover.Data)))
	if stored, err = s.storeFile(r, cover, "", f.Cover.Type); err != nil {
		return err
	}
	a.Cover, a.CoverType, a.CoverToken = stored.Key.String(), f.Cover.Type, stored.Token
	return nil
}

// storeFile stores a part of an upload.
func (s *Store) storeFile(r *http.Request, part *io.SectionReader, name, kind string) (stored *files.Stored, err error) {
	draft, err := s.files.Draft(part.Size())
	if err != nil {
		return nil, err
	}
	defer draft.Discard()
	if err := copyAll(draft, part); err != nil {
		return nil, err
	}
	err = s.do(r, func(t *host.Task) (err error) {
		stored, err = s.files.Put(t, s.files.Adopt(draft), files.Wish{
			Name: name, Type: kind, Copies: s.options.Copies, Acks: s.options.Acks,
		})
		return err
	})
	return stored, err
}
