package music

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spreadable/core/host"
	"spreadable/extensions/music/title"
)

// How songs are found: a question to all nodes, each of which looks into the index of its
// own songs. Titles are scored anew wherever answers merge, so no node can lie about how
// well they fit.

// question asks for songs.
type question struct {
	By    by      `json:"by"`
	Text  string  `json:"text"`  // a title, words, an artist, or the key of a song
	Least float64 `json:"least"` // of a title: the similarity
	Limit int     `json:"limit"` // songs
}

// by says what a text is.
type by string

const (
	bySimilar by = "similar" // songs with a title like this
	byWords   by = "words"   // songs whose titles contain most of this
	byArtist  by = "artist"
	bySong    by = "song" // the song with this key
)

// found is what nodes have: versions, those of one song together, the best song first.
type found struct {
	Versions []record `json:"versions"`
}

// How many versions of a song an answer has at most: approved ones and others, more than
// are kept, for those that are about to be removed.
const (
	perSongApproved = 2 * MaxApproved
	perSongOther    = 2 * MaxVersions
	perSong         = perSongApproved + perSongOther
)

func (s *Store) offerFind() {
	s.find = host.Query[question, found]{
		Name: "find", Check: (*question).check, Local: s.local, Merge: s.mergeFound, Valid: validFound,
	}.Offer(s.h)
}

// check says what is wrong with a question.
func (q *question) check() error {
	switch {
	case q.Text == "" || len(q.Text) > maxSongKey:
		return fmt.Errorf("want a text of 1 to %d bytes", maxSongKey)
	case q.Limit < 1 || q.Limit > mostFound:
		return fmt.Errorf("want a limit of 1 to %d", mostFound)
	case !slices.Contains([]by{bySimilar, byWords, byArtist, bySong}, q.By):
		return fmt.Errorf("by %.20q: want similar, words, artist or song", string(q.By))
	case q.By == bySimilar && !(q.Least >= 0.5 && q.Least <= 1):
		return errors.New("want a similarity of 0.5 to 1")
	case q.By == bySimilar:
		_, err := title.Parse(q.Text)
		return err
	}
	return nil
}

// score says how well a title fits a question: 0, not at all.
func (q *question) score(text string) float64 {
	t, err := title.Parse(text)
	if err != nil {
		return 0
	}
	switch q.By {
	case bySimilar:
		wanted, err := title.Parse(q.Text)
		if s := title.Similarity(wanted, t); err == nil && s >= q.Least {
			return s
		}
		return 0
	case byWords:
		return t.Contains(q.Text)
	case byArtist:
		if !t.Has(q.Text) {
			return 0
		}
	}
	return 1
}

// local is what this node has.
func (s *Store) local(q *question) (*found, error) {
	var matches []title.Match
	most := min(title.MaxVisits, q.Limit*perSong)
	switch q.By {
	case bySimilar:
		t, err := title.Parse(q.Text)
		if err != nil {
			return nil, err
		}
		matches = s.shelf.index.Similar(t, q.Least, most)
	case byWords:
		matches = s.shelf.index.Find(q.Text, most)
	case byArtist:
		matches = s.shelf.index.By(q.Text, most)
	case bySong:
		for id := range s.shelf.songs[q.Text] {
			matches = append(matches, title.Match{Key: id, Score: 1})
		}
	}
	var all []record
	seen, latest := make(map[string]bool), s.latest()
	for _, m := range matches {
		song := s.shelf.versions[m.Key].Song
		if seen[song] {
			continue
		}
		seen[song] = true
		for _, r := range s.shelf.songs[song] {
			if r.Added <= latest {
				all = append(all, r.public())
			}
		}
	}
	return settle(q, all), nil
}

// public is a record without the tokens that remove its files: these stay at its holders.
func (r *record) public() record {
	plain := *r
	plain.AudioToken, plain.CoverToken = "", ""
	return plain
}

// settle brings versions into the form of an answer; nil if none is left.
func settle(q *question, all []record) *found {
	scores := make(map[string]float64)
	for i := range all {
		scores[all[i].Song] = max(scores[all[i].Song], q.score(all[i].Title))
	}
	all = slices.DeleteFunc(slices.Clone(all), func(r record) bool { return scores[r.Song] == 0 || q.By == bySong && r.Song != q.Text })
	slices.SortFunc(all, func(a, b record) int {
		return cmp.Or(cmp.Compare(scores[b.Song], scores[a.Song]), strings.Compare(a.Song, b.Song), compare(&a.Version, &b.Version))
	})
	var f found
	songs, approved, others := 0, 0, 0
	seen := make(map[string]bool, len(all))
	for i := range all {
		if i == 0 || all[i].Song != all[i-1].Song {
			songs, approved, others = songs+1, 0, 0
		}
		if songs > q.Limit {
			break
		}
		count, most := &others, perSongOther
		if all[i].Priority == Approved {
			count, most = &approved, perSongApproved
		}
		// The same version may be there twice, added at other times.
		if !seen[all[i].ID] && *count < most {
			seen[all[i].ID] = true
			*count++
			f.Versions = append(f.Versions, all[i])
		}
	}
	if len(f.Versions) == 0 {
		return nil
	}
	return &f
}

func (s *Store) mergeFound(q *question, answers []host.Given[found]) *found {
	return mergeFound(q, answers, s.latest())
}

// mergeFound leaves out versions that were added after a time.
func mergeFound(q *question, answers []host.Given[found], latest int64) *found {
	var all []record
	for _, a := range answers {
		for _, r := range a.Answer.Versions {
			if r.Added <= latest {
				all = append(all, r)
			}
		}
	}
	if f := settle(q, all); f != nil {
		return f
	}
	return &found{}
}

// validFound is what every honest answer is.
func validFound(q *question, f *found) error {
	if len(f.Versions) > q.Limit*perSong {
		return fmt.Errorf("%d versions of at most %d songs", len(f.Versions), q.Limit)
	}
	for i := range f.Versions {
		if err := f.Versions[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// Hit is a song as clients get it.
type Hit struct {
	Song    string  `json:"song"` // its key
	Score   float64 `json:"score"`
	Version         // the best, with the tags of the others
}

// Find asks the whole network for songs: with titles that contain a text.
func (s *Store) Find(t *host.Task, text string, limit int) ([]Hit, host.Coverage, error) {
	return s.ask(t, &question{By: byWords, Text: text, Limit: limit})
}

// By asks the whole network for the songs of an artist.
func (s *Store) By(t *host.Task, artist string, limit int) ([]Hit, host.Coverage, error) {
	return s.ask(t, &question{By: byArtist, Text: artist, Limit: limit})
}

// Similar asks the whole network for songs with such a title, the most similar first.
func (s *Store) Similar(t *host.Task, text string, limit int) ([]Hit, host.Coverage, error) {
	return s.ask(t, &question{By: bySimilar, Text: text, Least: s.options.Similarity, Limit: limit})
}

// ask asks, and reads what was found in its newest form: a holder that was away may have
// what has been removed.
func (s *Store) ask(t *host.Task, q *question) ([]Hit, host.Coverage, error) {
	if q.Limit == 0 {
		q.Limit = s.options.Found
	}
	q.Limit = min(q.Limit, s.options.Found)
	if err := q.check(); err != nil {
		return nil, host.Coverage{}, refusal("REQUEST", err.Error())
	}
	s.count.searches.Add(1)
	records, coverage, err := s.records(t, q)
	if err != nil {
		return nil, coverage, err
	}
	return hits(q, records), coverage, nil
}

// hits makes songs of versions.
func hits(q *question, records []record) []Hit {
	f := settle(q, records)
	if f == nil {
		return nil
	}
	var all []Hit
	for _, group := range bySongs(f.Versions) {
		song := songOf(group)
		hit := Hit{Song: group[0].Song, Version: song.Best()}
		for i := range group {
			hit.Score = max(hit.Score, q.score(group[i].Title))
		}
		all = append(all, hit)
	}
	return all
}

// bySongs splits sorted versions by their songs.
func bySongs(all []record) (groups [][]record) {
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Song == all[0].Song {
			n++
		}
		groups, all = append(groups, all[:n]), all[n:]
	}
	return groups
}

// songOf is the song of which these are versions.
func songOf(all []record) (s Song) {
	for i := range all {
		s = Merge(s, Song{[]Version{all[i].Version}})
	}
	return s
}

// records are the versions that a question finds, each as the document store has it now.
func (s *Store) records(t *host.Task, q *question) ([]record, host.Coverage, error) {
	f, coverage, err := s.find(t, q)
	if err != nil || f == nil || len(f.Versions) == 0 {
		return nil, coverage, err
	}
	keys := make([]string, len(f.Versions))
	for i := range f.Versions {
		keys[i] = docKey(f.Versions[i].ID)
	}
	var all []record
	for len(keys) > 0 {
		part := keys[:min(len(keys), mostKeys)]
		got, rest, _, err := s.documents.GetMany(t, collection, part)
		if err != nil {
			return nil, coverage, err
		}
		for i := range got {
			r := record{}
			if json.Unmarshal(got[i].Document, &r) != nil || r.check() != nil || r.Added > s.latest() || !r.timely(got[i].Version.Time()) {
				s.count.unreadable.Add(1)
				continue
			}
			all = append(all, r)
		}
		if keys = append(rest, keys[len(part):]...); len(got) == 0 && len(rest) > 0 {
			return nil, coverage, errors.New("the document store gives none of the documents")
		}
	}
	return all, coverage, nil
}
