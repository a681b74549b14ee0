package music_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/peer"
	"spreadable/extensions/documents"
	"spreadable/extensions/music"
	"spreadable/extensions/music/audio"
)

// town is a settled network whose nodes have a music store, by number from 1.
type town struct {
	*coretest.Network
	t         *testing.T
	stores    []*music.Store
	documents []*documents.Store // below them
}

func newTown(t *testing.T, nodes int) *town {
	t.Helper()
	w := &town{Network: coretest.New(t, 5*time.Millisecond, 1), t: t}
	w.stores, w.documents = make([]*music.Store, nodes+1), make([]*documents.Store, nodes+1)
	w.Prepare = func(h *coretest.Host) {
		s, all, err := music.Extensions(music.Options{}, &documents.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.stores[h.Number], w.documents[h.Number] = s, all[0].(*documents.Store)
		h.Attach(all...)
	}
	for range nodes {
		w.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	w.Run(160 * time.Second)
	return w
}

func (w *town) do(at int, procedure func(t *host.Task, s *music.Store)) {
	w.t.Helper()
	w.Host(uint32(at)).Do(func(t *core.Task) { procedure(t, w.stores[at]) })
}

// upload is a version whose files are stored already.
func upload(title string, number int, change ...func(*music.Version)) music.Addition {
	v := music.Version{
		Title: title, Audio: fmt.Sprintf("%064x", number), Size: 1000, Kind: audio.MP3,
		Quality: audio.Quality{Duration: 3 * time.Minute, SampleRate: 44100, BitRate: 128000}, Added: 1,
	}
	for _, c := range change {
		c(&v)
	}
	return music.Addition{Version: v}
}

func (w *town) add(at int, a music.Addition) (added *music.Added, err error) {
	w.t.Helper()
	w.do(at, func(t *host.Task, s *music.Store) { added, err = s.Add(t, a) })
	w.Run(time.Second)
	return added, err
}

func (w *town) mustAdd(at int, a music.Addition) *music.Added {
	w.t.Helper()
	added, err := w.add(at, a)
	if err != nil {
		w.t.Fatal(err)
	}
	return added
}

func (w *town) find(at int, text string) (songs []music.Hit) {
	w.t.Helper()
	var coverage host.Coverage
	var err error
	w.do(at, func(t *host.Task, s *music.Store) { songs, coverage, err = s.Find(t, text, 0) })
	if err != nil || coverage.Answered != coverage.Asked {
		w.t.Fatalf("%v, %+v", err, coverage)
	}
	return songs
}

func titles(songs []music.Hit) (list []string) {
	for _, s := range songs {
		list = append(list, s.Title)
	}
	return list
}

func expectTitles(t *testing.T, what string, songs []music.Hit, want ...string) {
	t.Helper()
	if got := titles(songs); !slices.Equal(got, want) {
		t.Errorf("%s finds %q, want %q", what, got, want)
	}
}

func TestASongIsFoundFromEveryNode(t *testing.T) {
	w := newTown(t, 9)
	added := w.mustAdd(2, upload("Queen - Bohemian Rhapsody", 1))
	if added.Copies < 2 || added.Wanted != 3 || !added.Best {
		t.Errorf("%+v", added)
	}
	w.mustAdd(5, upload("Queen - Under Pressure (feat. David Bowie)", 2))
	w.mustAdd(9, upload("David Bowie - Heroes", 3))
	for at := 1; at <= 9; at++ {
		expectTitles(t, "rapsody", w.find(at, "rapsody"), "Queen - Bohemian Rhapsody")
		expectTitles(t, "nothing", w.find(at, "xyzzy"))
		w.do(at, func(t *host.Task, s *music.Store) {
			songs, _, err := s.By(t, "david bowie", 0)
			if err != nil {
				w.t.Error(err)
			}
			expectTitles(w.t, "the artist", songs, "David Bowie - Heroes", "Queen - Under Pressure (feat. David Bowie)")
			songs, _, err = s.Similar(t, "Queen - Bohemian Rapsody", 5)
			if err != nil || len(songs) != 1 || songs[0].Score < 0.91 {
				w.t.Errorf("a similar title: %+v, %v", songs, err)
			}
		})
	}
}

// An upload with a similar title is a version of the same song, which inherits tags.
func TestASimilarTitleIsTheSameSong(t *testing.T) {
	w := newTown(t, 4)
	w.mustAdd(1, upload("Queen - Bohemian Rhapsody", 1, func(v *music.Version) { v.Tags.Album = "A Night at the Opera" }))
	added := w.mustAdd(3, upload("Queen - Bohemian Rapsody", 2, func(v *music.Version) { v.Quality.BitRate *= 2; v.Tags.Year = 1975 }))
	if !added.Best || added.Tags.Album != "A Night at the Opera" || added.Tags.Year != 1975 {
		t.Errorf("%+v", added)
	}
	if songs := w.find(2, "queen"); len(songs) != 1 || songs[0].Audio != fmt.Sprintf("%064x", 2) || songs[0].Tags.Album == "" {
		t.Errorf("%+v", songs)
	}
	w.mustAdd(3, upload("Queen - Bohemian Rhapsody 2", 3))
	if songs := w.find(2, "queen"); len(songs) != 2 {
		t.Errorf("a second part: %q", titles(songs))
	}
}

// Defect of museria: replicas that decided by what they had came apart. Here uploads of
// one song at several nodes at the same time end alike everywhere.
func TestUploadsAtTheSameTimeEndAlikeEverywhere(t *testing.T) {
	w := newTown(t, 9)
	for i := range 6 {
		s := w.stores[i+1]
		w.Host(uint32(i + 1)).Node.Go(func(t *core.Task) {
			_, err := s.Add(t, upload("A - B", i, func(v *music.Version) { v.Quality.BitRate += i }))
			if err != nil {
				w.t.Error(err)
			}
		})
	}
	w.Run(time.Minute)
	for at := 1; at <= 9; at++ {
		if songs := w.find(at, "a b"); len(songs) != 1 || songs[0].Audio != fmt.Sprintf("%064x", 5) {
			t.Errorf("node %d finds %+v", at, songs)
		}
	}
	w.mustAdd(1, upload("A - B", 9))
	kept := 0
	for _, s := range w.stores[1:] {
		kept = max(kept, s.Versions("A - B"))
	}
	if kept > music.MaxVersions {
		t.Errorf("%d versions are kept, want at most %d", kept, music.MaxVersions)
	}
}

// Defect of museria: exported=1 and priority=1 went past the captcha. Here the approval
// is bound to the effect.
func TestPriorityNeedsAnApprovalWhateverTheWay(t *testing.T) {
	w := newTown(t, 4)
	first := func(v *music.Version) { v.Priority = music.Approved }
	a := upload("A - B", 1, first)
	if _, err := w.add(1, a); err == nil || !strings.Contains(err.Error(), "approval") {
		t.Errorf("priority 1 without approval: %v", err)
	}
	a.Approved = true
	w.mustAdd(1, a)
	added := w.mustAdd(2, upload("A - B", 2, func(v *music.Version) { v.Quality.BitRate *= 2 }))
	if added.Best || added.Audio != fmt.Sprintf("%064x", 1) {
		t.Errorf("an upload without approval wins over one with: %+v", added)
	}
	w.do(3, func(t *host.Task, s *music.Store) {
		if _, err := s.Remove(t, added.Song, false); err == nil {
			w.t.Error("a song of priority 1 is removed without approval")
		}
		if removed, err := s.Remove(t, added.Song, true); err != nil || removed != 2 {
			w.t.Errorf("removed %d, %v", removed, err)
		}
	})
	w.Run(time.Second)
	for at := 1; at <= 4; at++ {
		expectTitles(t, "after the removal", w.find(at, "a b"))
	}
}

// What is removed stays so, also when a node that was away comes back with it.
func TestARemovedSongDoesNotComeBack(t *testing.T) {
	w := newTown(t, 4)
	added := w.mustAdd(1, upload("A - B", 1))
	var holder uint32
	for i, s := range w.stores[1:] {
		if s.Versions(added.Song) > 0 && i > 0 {
			holder = uint32(i + 1)
		}
	}
	w.Host(holder).Crash(true)
	w.do(1, func(t *host.Task, s *music.Store) {
		if _, err := s.Remove(t, added.Song, true); err != nil {
			w.t.Error(err)
		}
	})
	w.Host(holder).Boot(&w.Host(holder).Saved)
	w.Run(time.Minute)
	for at := 1; at <= 4; at++ {
		expectTitles(t, "after the return", w.find(at, "a b"))
	}
}

// Defect of museria: record and audio were saved apart, and a cleaner removed what a
// crash had parted. Here what was acknowledged is there after a crash that loses all that
// was not synced.
func TestAnAcknowledgedSongOutlastsACrash(t *testing.T) {
	w := newTown(t, 1)
	added := w.mustAdd(1, upload("A - B", 1))
	w.Host(1).Crash(false)
	w.Host(1).Boot(&w.Host(1).Saved)
	w.Run(time.Minute)
	if songs := w.find(1, "a b"); len(songs) != 1 || songs[0].Audio != added.Audio {
		t.Errorf("after the crash: %+v", songs)
	}
}

// A version that claims to be of the future does not win.
func TestAVersionOfTheFutureIsPassedOver(t *testing.T) {
	w := newTown(t, 4)
	w.mustAdd(1, upload("A - B", 1))
	w.mustAdd(2, upload("A - B", 2, func(v *music.Version) { v.Added = 1 << 52 }))
	if songs := w.find(3, "a b"); len(songs) != 1 || songs[0].Audio != fmt.Sprintf("%064x", 1) {
		t.Errorf("%+v", songs)
	}
}

func TestQuestionsThatMakeNoSenseAreRefused(t *testing.T) {
	w := newTown(t, 1)
	w.do(1, func(t *host.Task, s *music.Store) {
		for what, err := range map[string]error{
			"no text":      second(s.Find(t, "", 0)),
			"a long text":  second(s.Find(t, strings.Repeat("x", 1e5), 0)),
			"no title":     second(s.Similar(t, "no title", 0)),
			"a bad upload": third(s.Add(t, upload("no title", 1))),
		} {
			if err == nil || len(err.Error()) > 300 {
				w.t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func second(_ []music.Hit, _ host.Coverage, err error) error { return err }
func third(_ *music.Added, err error) error                  { return err }
