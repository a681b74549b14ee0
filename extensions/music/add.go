package music

import (
	"encoding/json"
	"errors"
	"slices"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/extensions/music/title"
)

// mostKeys is how many documents are read by one question.
const mostKeys = documents.MaxKeys

// Addition is an upload whose files are stored.
type Addition struct {
	Version
	// Approved says that the network has approved the client. Whatever gives a version the
	// priority Approved, or replaces one that has it, needs that.
	Approved bool
	// AudioToken and CoverToken remove the files; "" if they were there before.
	AudioToken, CoverToken string
}

// Added says what has become of an upload.
type Added struct {
	Hit
	// Best says that the upload is the version that is played from now on.
	Best   bool `json:"best"`
	Copies int  `json:"copies"` // of its record that are on disk so far
	Wanted int  `json:"wanted"`
}

var errApproval = refusal("APPROVAL", "priority 1 needs an approval: a captcha")

// allow says why an effect may not be had: it is the one place where that is decided,
// whatever way leads here.
func (a *Addition) allow() error {
	if a.Priority == Approved && !a.Approved {
		return errApproval
	}
	return nil
}

// Add adds a version of a song. If there is a song with a similar title it is one of that
// song. Versions that are not among the best any more are removed.
func (s *Store) Add(t *host.Task, a Addition) (*Added, error) {
	if err := a.allow(); err != nil {
		return nil, err
	}
	if err := a.Check(); err != nil {
		return nil, refusal("VERSION", err.Error())
	}
	wanted, err := title.Parse(a.Title)
	if err != nil {
		return nil, err
	}
	song, err := s.songLike(t, wanted)
	if err != nil {
		return nil, err
	}
	unlock := s.h.Lock(t, "song "+song)
	defer unlock()
	present, _, err := s.records(t, &question{By: bySong, Text: song, Limit: 1})
	if err != nil {
		return nil, err
	}
	fresh := record{Format: format, Song: song, Version: a.Version, AudioToken: a.AudioToken, CoverToken: a.CoverToken}
	fresh.ID = idOf(song, &a.Version)
	fresh.succeed(present)
	return s.settleSong(t, present, fresh)
}

// succeed makes an approved version the newest one, also if another claims to be of a time
// to come. It has no effect on others.
func (r *record) succeed(present []record) {
	for i := range present {
		if r.Priority == Approved && present[i].Priority == Approved {
			r.Added = max(r.Added, present[i].Added+1)
		}
	}
}

// songLike is the key of the song with the most similar title; that of the title itself
// if there is none that is similar enough.
func (s *Store) songLike(t *host.Task, wanted title.Title) (string, error) {
	q := &question{By: bySimilar, Text: wanted.String(), Least: s.options.Similarity, Limit: 1}
	f, _, err := s.find(t, q)
	if err != nil {
		return "", err
	}
	if f == nil || len(f.Versions) == 0 {
		return wanted.Key(), nil
	}
	return f.Versions[0].Song, nil
}

// settleSong writes a version unless it is not among the best, and removes those that no
// longer are.
func (s *Store) settleSong(t *host.Task, present []record, fresh record) (*Added, error) {
	i := slices.IndexFunc(present, func(r record) bool { return r.ID == fresh.ID })
	if i >= 0 {
		// the same again: it counts as new only if that makes it better
		if compare(&present[i].Version, &fresh.Version) <= 0 {
			fresh.Version = present[i].Version
		}
		fresh.AudioToken, fresh.CoverToken = either(fresh.AudioToken, present[i].AudioToken), either(fresh.CoverToken, present[i].CoverToken)
		present = slices.Delete(slices.Clone(present), i, i+1)
	}
	all := append(slices.Clone(present), fresh)
	song := songOf(all)
	kept := func(r *record) bool {
		return slices.ContainsFunc(song.Versions, func(v Version) bool { return idOf(r.Song, &v) == r.ID })
	}
	added := &Added{Hit: Hit{Song: fresh.Song, Score: 1, Version: song.Best()}}
	if kept(&fresh) {
		text, err := json.Marshal(fresh)
		if err != nil {
			return nil, err
		}
		written, err := s.documents.Put(t, documents.Write{Collection: collection, Document: text})
		if err != nil {
			if written.Copies == 0 {
				t.Fork(func(t *host.Task) { s.dropFiles(t, &fresh) })
			}
			return nil, err
		}
		added.Copies, added.Wanted = written.Copies, written.Wanted
	}
	added.Best = song.Versions[0].content() == fresh.content()
	for i := range all {
		if r := all[i]; !kept(&r) {
			t.Fork(func(t *host.Task) { s.forget(t, &r) })
		}
	}
	s.count.added.Add(1)
	return added, nil
}

// forget is drop in the background.
func (s *Store) forget(t *host.Task, r *record) {
	if err := s.drop(t, r); err != nil {
		s.h.Log(host.Warn, "an old version of a song stays", "song", r.Song, "error", err)
	}
}

func either(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// drop removes a version, and its files unless other versions have them.
func (s *Store) drop(t *host.Task, r *record) error {
	_, err := s.documents.Delete(t, documents.Write{Collection: collection, Key: docKey(r.ID)})
	if err != nil && !errors.Is(err, documents.ErrMissing) { // it may never have been written
		return err
	}
	s.dropFiles(t, r)
	return nil
}

// dropFiles removes the files of a version that is no longer there. What cannot be
// removed stays: the space is lost, and nothing else.
func (s *Store) dropFiles(t *host.Task, r *record) {
	for _, file := range []struct{ field, key, token string }{{"audio", r.Audio, r.AudioToken}, {"cover", r.Cover, r.CoverToken}} {
		if file.key == "" || file.token == "" {
			continue
		}
		filter, err := json.Marshal(map[string]string{file.field: file.key})
		var others int
		if err == nil {
			others, _, _, err = s.documents.Tally(t, collection, filter)
		}
		if err == nil && others > 0 {
			continue
		}
		var key host.Key
		if err == nil {
			key, err = host.ParseKey(file.key)
		}
		if err == nil {
			_, err = s.files.Remove(t, files.Removal{Key: key, Token: file.token})
		}
		if err != nil {
			s.h.Log(host.Warn, "a file of a song stays", "key", file.key, "error", err)
		}
	}
}

// Remove removes a song, by its key, with all its versions and files. Approved says that
// the network has approved the client: a song of that priority is not removed without.
func (s *Store) Remove(t *host.Task, song string, approved bool) (removed int, err error) {
	q := &question{By: bySong, Text: song, Limit: 1}
	if err := q.check(); err != nil {
		return 0, refusal("SONG", err.Error())
	}
	unlock := s.h.Lock(t, "song "+song)
	defer unlock()
	all, _, err := s.records(t, q)
	if err != nil {
		return 0, err
	}
	if !approved && slices.ContainsFunc(all, func(r record) bool { return r.Priority == Approved }) {
		return 0, errApproval
	}
	for i := range all {
		if err := s.drop(t, &all[i]); err != nil {
			return removed, err
		}
		removed++
	}
	if removed > 0 {
		s.count.removed.Add(1)
	}
	return removed, nil
}
