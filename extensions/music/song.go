package music

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/music/audio"
	"spreadable/extensions/music/title"
)

// Song is what the network keeps of a song. It is a set of versions: nodes that have
// different ones become equal by Merge, in whatever order they hear of each other.
type Song struct {
	Versions []Version `json:"versions"` // the best first, at most MaxVersions
}

// Version is one upload of a song.
type Version struct {
	Title     string        `json:"title"` // in its normal form: see title.Title
	Audio     string        `json:"audio"` // key of its file
	Size      int64         `json:"size"`  // of the audio, in bytes
	Kind      audio.Kind    `json:"kind"`
	Quality   audio.Quality `json:"quality"`
	Tags      audio.Tags    `json:"tags"`
	Cover     string        `json:"cover,omitempty"` // key of its file, "" for none
	CoverType string        `json:"coverType,omitempty"`
	Priority  Priority      `json:"priority"`
	// Added is when it was uploaded, by the clock of the node that took it: milliseconds
	// since the Unix epoch. One with the priority Approved is later than all such before it,
	// whatever the clocks say.
	Added int64 `json:"added"`
}

// Priority says how much a version counts.
type Priority int8

// The priorities. Approved needs an approval, whatever way a version comes by it.
const (
	Low      Priority = -1 // loses against all others
	Normal   Priority = 0
	Approved Priority = 1 // wins over all others; of two the newer wins
)

// MaxVersions is how many versions are kept: tags that the best one has not are taken
// from the others. All nodes of a network must have the same.
const MaxVersions = 4

// MaxApproved is how many of them have the priority Approved, at most. So whatever says that
// it was approved, the best of the others stay.
const MaxApproved = 2

// Relevance is how long a version stays when one of the same quality is added.
const Relevance = 14 * 24 * time.Hour

// period is the number of the span of time in which a version was added. Versions of a
// later one win: so a recording can be replaced at last, but not all the time.
func (v *Version) period() int64 { return v.Added / Relevance.Milliseconds() }

// compare orders versions, the best first. It is a total order, so the best ones of two
// sets are the same whoever merges them: by priority, then the newer period, then the
// better quality, then the one that came first. Of approved ones the newest is the best.
func compare(a, b *Version) int {
	if c := cmp.Compare(b.Priority, a.Priority); c != 0 {
		return c
	}
	if a.Priority == Approved {
		return cmp.Or(cmp.Compare(b.Added, a.Added), strings.Compare(a.content(), b.content()))
	}
	q, r := a.Quality, b.Quality
	return cmp.Or(
		cmp.Compare(b.period(), a.period()),
		cmp.Compare(r.Duration/time.Second, q.Duration/time.Second), // rounded: padding counts for nothing
		cmp.Compare(r.SampleRate, q.SampleRate),
		cmp.Compare(r.BitRate, q.BitRate),
		cmp.Compare(a.Added, b.Added),
		strings.Compare(a.content(), b.content()),
	)
}

// content is all of a version but its priority and when it was added.
func (v *Version) content() string {
	plain := *v
	plain.Priority, plain.Added = 0, 0
	text, err := json.Marshal(plain)
	if err != nil {
		panic(err) // it has texts and numbers only
	}
	return string(text)
}

// Merge is the song of which one node has a and another b. It is associative, commutative
// and idempotent: what nodes agree on does not depend on the order in which they meet.
func Merge(a, b Song) Song {
	all := slices.Concat(a.Versions, b.Versions)
	slices.SortFunc(all, func(a, b Version) int { return compare(&a, &b) })
	type upload struct {
		priority Priority
		content  string
	}
	best := make([]Version, 0, min(len(all), MaxVersions))
	seen := make(map[upload]bool, MaxVersions)
	approved := 0
	for i := range all {
		v := &all[i]
		u := upload{v.Priority, v.content()}
		if seen[u] || v.Priority == Approved && approved == MaxApproved {
			continue
		}
		seen[u] = true
		if v.Priority == Approved {
			approved++
		}
		if best = append(best, *v); len(best) == MaxVersions {
			break
		}
	}
	return Song{best}
}

// Best is the version that is played, with the tags and the cover that it has not itself
// from the versions after it. A song has at least one version.
func (s Song) Best() Version {
	best := s.Versions[0]
	for _, v := range s.Versions[1:] {
		t := &best.Tags
		for _, field := range []struct{ to, from *string }{
			{&t.Album, &v.Tags.Album}, {&t.AlbumArtist, &v.Tags.AlbumArtist}, {&t.Composer, &v.Tags.Composer}, {&t.Genre, &v.Tags.Genre},
		} {
			*field.to = cmp.Or(*field.to, *field.from)
		}
		t.Year, t.Track, t.Disc = cmp.Or(t.Year, v.Tags.Year), cmp.Or(t.Track, v.Tags.Track), cmp.Or(t.Disc, v.Tags.Disc)
		if best.Cover == "" {
			best.Cover, best.CoverType = v.Cover, v.CoverType
		}
	}
	return best
}

// Check says what is wrong with a song that another node has told.
func (s Song) Check() error {
	if n := len(s.Versions); n < 1 || n > MaxVersions {
		return fmt.Errorf("a song has 1 to %d versions, not %d", MaxVersions, n)
	}
	for i := range s.Versions {
		v := &s.Versions[i]
		if err := v.Check(); err != nil {
			return err
		}
		if i == MaxApproved && v.Priority == Approved {
			return fmt.Errorf("more than %d approved versions of a song", MaxApproved)
		}
		if i > 0 && compare(&s.Versions[i-1], v) >= 0 {
			return errors.New("the versions of a song are not in order")
		}
	}
	return nil
}

// Check says what is wrong with a version, whatever time it is: clocks differ.
func (v *Version) Check() error {
	if err := title.Check(v.Title); err != nil {
		return err
	}
	if err := v.checkFiles(); err != nil {
		return err
	}
	if v.Priority < Low || v.Priority > Approved {
		return fmt.Errorf("priority %d: want %d to %d", v.Priority, Low, Approved)
	}
	if v.Added < 0 {
		return errors.New("a song added before 1970")
	}
	return audio.Check(v.Quality, v.Tags)
}

// checkFiles says what is wrong with the keys of the files and what is said of them.
func (v *Version) checkFiles() error {
	if _, err := host.ParseKey(v.Audio); err != nil {
		return fmt.Errorf("audio: %w", err)
	}
	if v.Size < 1 || v.Kind.Type() == "" {
		return fmt.Errorf("audio of %d bytes and kind %.20q", v.Size, v.Kind)
	}
	if v.Cover == "" && v.CoverType == "" {
		return nil
	}
	if _, err := host.ParseKey(v.Cover); err != nil {
		return fmt.Errorf("cover: %w", err)
	}
	if !slices.Contains(audio.CoverTypes(), v.CoverType) {
		return fmt.Errorf("a cover of type %.40q", v.CoverType)
	}
	return nil
}

// NewVersion is that of a file, without cover. Audio is the key of its audio.
func NewVersion(f *audio.File, key host.Key, priority Priority, now time.Duration) (Version, error) {
	t, err := title.New(f.Tags.Artist, f.Tags.Title)
	if err != nil {
		return Version{}, err
	}
	return Version{
		Title: t.String(), Audio: key.String(), Size: f.End - f.Start, Kind: f.Kind, Quality: f.Quality, Tags: f.Tags,
		Priority: priority, Added: now.Milliseconds(),
	}, nil
}
