package music

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"spreadable/extensions/documents"
	"spreadable/extensions/music/title"
)

// record is a version as the document store keeps it. Each version is a document of its
// own: so two nodes that add to one song at the same time do not overwrite each other.
type record struct {
	ID     string `json:"id"`
	Format int    `json:"format"` // of this record
	Song   string `json:"song"`   // the key of its song; see title.Title.Key
	Version
	// the tokens that remove its files; "" where they were there before
	AudioToken string `json:"audioToken,omitempty"`
	CoverToken string `json:"coverToken,omitempty"`
}

// format is what this version of the program writes. It passes over later ones.
const format = 1

// maxRecord is the most bytes of a record.
const maxRecord = 16 << 10

// idOf names a version of a song: equal uploads have the same name.
func idOf(song string, v *Version) string {
	sum := sha256.Sum256(fmt.Append(nil, song, "\x00", v.Priority, "\x00", v.content()))
	return hex.EncodeToString(sum[:])
}

// check says what is wrong with a record that comes from other nodes.
func (r *record) check() error {
	if r.Format != format {
		return fmt.Errorf("a record of format %d: this program knows %d", r.Format, format)
	}
	if len(r.Song) == 0 || len(r.Song) > maxSongKey {
		return fmt.Errorf("the key of a song has %d bytes", len(r.Song))
	}
	if r.ID != idOf(r.Song, &r.Version) {
		return fmt.Errorf("%.80q is not the name of this version", r.ID)
	}
	return r.Version.Check()
}

// latest is when a version may have been added at the latest: now, as far as clocks may
// differ. One of the future would be the newest until then.
func (s *Store) latest() int64 { return (s.h.Wall() + documents.DefaultMaxSkew).Milliseconds() }

// timely reports whether a version was written when it says that it was added, or later. So
// nothing can be written now that is passed over until it becomes the newest. A version may
// be ahead of the clock of its writer: twice as far as that of a liar whom it succeeds.
func (v *Version) timely(written time.Duration) bool {
	return v.Added <= (written + 2*documents.DefaultMaxSkew).Milliseconds()
}

// maxSongKey bounds keys of songs, in bytes: digits are spelled out in them, and runes
// decomposed.
const maxSongKey = 8 * title.MaxLen

// shelf is what this node knows of its own songs, with an index of their titles.
type shelf struct {
	versions map[string]*record            // by ID
	songs    map[string]map[string]*record // by song, then by ID
	index    title.Index                   // by ID
}

// changed follows the documents that this node keeps, and reports whether it can read this
// one. What it cannot read is not on the shelf.
func (s *shelf) changed(key string, written time.Duration, document []byte) (readable bool) {
	id := ""
	if json.Unmarshal([]byte(key), &id) != nil {
		return false
	}
	s.remove(id)
	if document == nil {
		return true
	}
	r := &record{}
	if json.Unmarshal(document, r) != nil || r.ID != id || r.check() != nil || !r.timely(written) {
		return false
	}
	t, err := title.Parse(r.Title)
	if err != nil {
		return false
	}
	if s.versions == nil {
		s.versions, s.songs = make(map[string]*record), make(map[string]map[string]*record)
	}
	if s.songs[r.Song] == nil {
		s.songs[r.Song] = make(map[string]*record)
	}
	s.versions[id], s.songs[r.Song][id] = r, r
	s.index.Add(id, t)
	return true
}

func (s *shelf) remove(id string) {
	r := s.versions[id]
	if r == nil {
		return
	}
	delete(s.versions, id)
	if delete(s.songs[r.Song], id); len(s.songs[r.Song]) == 0 {
		delete(s.songs, r.Song)
	}
	s.index.Remove(id)
}

// docKey is the key of a record in the document store.
func docKey(id string) string { return documents.Key(id) }

// Versions is how many versions of a song this node keeps.
func (s *Store) Versions(song string) int { return len(s.shelf.songs[song]) }
