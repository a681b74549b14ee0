package music

import (
	"cmp"

	"spreadable/core/host"
	"spreadable/extensions/documents"
)

// Stat says how many copies there are of a song, and how many there should be. Of several
// versions or files it is the fewest.
type Stat struct {
	Hit
	Versions int `json:"versions"`
	Wanted   int `json:"wanted"` // copies of each
	Records  int `json:"records"`
	Audio    int `json:"audioCopies"`
	Cover    int `json:"coverCopies"` // 0 without a cover
	// of the question: if fewer have answered than were asked, there may be more copies
	Coverage Coverage `json:"coverage"`
}

// Stat counts the copies of the song with the most similar title. It asks all nodes.
func (s *Store) Stat(t *host.Task, text string) (*Stat, error) {
	q := &question{By: bySimilar, Text: text, Least: s.options.Similarity, Limit: 1}
	if err := q.check(); err != nil {
		return nil, refusal("REQUEST", err.Error())
	}
	all, coverage, err := s.records(t, q)
	if err != nil {
		return nil, err
	}
	found := hits(q, all)
	if len(found) == 0 {
		return nil, errNone
	}
	stat := &Stat{Hit: found[0], Versions: len(songOf(all).Versions), Coverage: Coverage(coverage)}
	keys := make([]string, len(all))
	for i := range all {
		keys[i] = docKey(all[i].ID)
	}
	kept, _, err := s.documents.Stat(t, collection, keys)
	if err != nil {
		return nil, err
	}
	stat.Wanted, stat.Records = fewest(kept)
	if stat.Audio, err = s.copies(t, stat.Version.Audio); err == nil && stat.Version.Cover != "" {
		stat.Cover, err = s.copies(t, stat.Version.Cover)
	}
	return stat, err
}

var errNone = refusal("NONE", "there is no song with such a title")

// fewest is how many copies are wanted, and how many the document has that has the
// fewest.
func fewest(all []documents.Found) (wanted, copies int) {
	for i, f := range all {
		wanted = max(wanted, f.Wanted)
		if i == 0 || f.Copies < copies {
			copies = f.Copies
		}
	}
	return cmp.Or(wanted, 1), copies
}

func (s *Store) copies(t *host.Task, text string) (int, error) {
	key, err := host.ParseKey(text)
	if err != nil {
		return 0, err
	}
	holders, _, err := s.files.Copies(t, key)
	return len(holders), err
}
