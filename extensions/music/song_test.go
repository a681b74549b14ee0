package music

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/extensions/music/audio"
)

// version draws one of few, so that equal ones are frequent.
func version(t *rapid.T) Version {
	keys := []string{strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64)}
	v := Version{
		Title: rapid.SampledFrom([]string{"A - B", "A - B (feat. C)"}).Draw(t, "title"),
		Audio: rapid.SampledFrom(keys).Draw(t, "audio"), Size: 1, Kind: audio.MP3,
		Quality: audio.Quality{
			Duration:   time.Duration(rapid.IntRange(0, 2).Draw(t, "duration")) * 700 * time.Millisecond,
			SampleRate: rapid.IntRange(1, 2).Draw(t, "rate"),
		},
		Tags:     audio.Tags{Album: rapid.SampledFrom([]string{"", "X", "Y"}).Draw(t, "album")},
		Priority: Priority(rapid.IntRange(-1, 1).Draw(t, "priority")),
		Added:    int64(rapid.IntRange(0, 2).Draw(t, "time")) * Relevance.Milliseconds() * 2 / 3,
	}
	if rapid.Bool().Draw(t, "has cover") {
		v.Cover, v.CoverType = rapid.SampledFrom(keys).Draw(t, "cover"), "image/png"
	}
	return v
}

// song draws what nodes can have: what has come about by merging.
func song(t *rapid.T, name string) Song {
	s := Song{}
	for range rapid.IntRange(1, MaxVersions+2).Draw(t, name) {
		s = Merge(s, Song{[]Version{version(t)}})
	}
	return s
}

// Replicas that hear of the same uploads in any order have the same song.
func TestMergeDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := song(t, "a"), song(t, "b"), song(t, "c")
		for _, law := range []struct {
			name       string
			one, other Song
		}{
			{"commutative", Merge(a, b), Merge(b, a)},
			{"associative", Merge(Merge(a, b), c), Merge(a, Merge(b, c))},
			{"idempotent", Merge(a, a), a},
		} {
			if !reflect.DeepEqual(law.one, law.other) {
				t.Fatalf("merge is not %s: %+v and %+v", law.name, law.one, law.other)
			}
		}
		if err := Merge(a, b).Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// The order of versions is total.
func TestVersionsHaveATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := version(t), version(t), version(t)
		if compare(&a, &b) != -compare(&b, &a) || (compare(&a, &b) == 0) != reflect.DeepEqual(a, b) {
			t.Fatalf("%+v and %+v compare as %d and %d", a, b, compare(&a, &b), compare(&b, &a))
		}
		if compare(&a, &b) <= 0 && compare(&b, &c) <= 0 && compare(&a, &c) > 0 {
			t.Fatalf("no order: %+v, %+v, %+v", a, b, c)
		}
	})
}

func one(change func(*Version)) Song {
	v := Version{
		Title: "A - B", Audio: strings.Repeat("a", 64), Size: 1, Kind: audio.MP3,
		Quality: audio.Quality{Duration: time.Minute, SampleRate: 44100, BitRate: 128000}, Added: time.Hour.Milliseconds(),
	}
	change(&v)
	return Song{[]Version{v}}
}

func TestTheBestVersionIsPlayed(t *testing.T) {
	other := strings.Repeat("b", 64)
	present := one(func(*Version) {})
	for name, c := range map[string]struct {
		present, added Song
		wins           bool
	}{
		"the same quality, soon after":     {present, one(func(v *Version) { v.Added += 1000 }), false},
		"the same quality, a period later": {present, one(func(v *Version) { v.Added += Relevance.Milliseconds() }), true},
		"longer":                           {present, one(func(v *Version) { v.Quality.Duration *= 2; v.Added++ }), true},
		"longer by padding":                {present, one(func(v *Version) { v.Quality.Duration += time.Millisecond; v.Added++ }), false},
		"worse, a period later":            {present, one(func(v *Version) { v.Quality.BitRate /= 2; v.Added += Relevance.Milliseconds() }), true},
		"of low priority":                  {present, one(func(v *Version) { v.Priority = Low; v.Quality.BitRate *= 2 }), false},
		"approved":                         {present, one(func(v *Version) { v.Priority = Approved; v.Quality.BitRate /= 2 }), true},
		"not approved over approved":       {one(func(v *Version) { v.Priority = Approved }), one(func(v *Version) { v.Added += 10 * Relevance.Milliseconds() }), false},
		"approved over approved":           {one(func(v *Version) { v.Priority = Approved }), one(func(v *Version) { v.Priority = Approved; v.Added++ }), true},
	} {
		c.added.Versions[0].Audio = other
		if best := Merge(c.present, c.added).Best(); best.Audio == other != c.wins {
			t.Errorf("%s: wins %t, want %t", name, best.Audio == other, c.wins)
		}
	}
}

func TestTagsAndCoversAreInherited(t *testing.T) {
	s := Merge(
		one(func(v *Version) {
			v.Tags.Album, v.Tags.Year, v.Cover, v.CoverType = "Album", 1999, strings.Repeat("c", 64), "image/png"
		}),
		one(func(v *Version) { v.Quality.BitRate *= 2; v.Tags.Genre, v.Tags.Year = "Rock", 2000 }),
	)
	want := audio.Tags{Album: "Album", Genre: "Rock", Year: 2000}
	if best := s.Best(); best.Tags != want || best.Cover == "" || best.Quality.BitRate != 256000 {
		t.Errorf("the best version is %+v", best)
	}
}

func TestWhatIsNoSongIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Version){
		"a path as key":  func(v *Version) { v.Audio = "../../" + strings.Repeat("a", 58) },
		"no normal form": func(v *Version) { v.Title = "a - b" }, "no title": func(v *Version) { v.Title = "" },
		"an unknown kind": func(v *Version) { v.Kind = "exe" }, "no bytes": func(v *Version) { v.Size = 0 },
		"a page as cover":   func(v *Version) { v.Cover, v.CoverType = v.Audio, "text/html" },
		"a cover of a path": func(v *Version) { v.Cover, v.CoverType = "/etc/passwd", "image/png" },
		"priority 2":        func(v *Version) { v.Priority = 2 }, "a time before 1970": func(v *Version) { v.Added = -1 },
		"an endless song": func(v *Version) { v.Quality.Duration = 1 << 62 },
		"an endless tag":  func(v *Version) { v.Tags.Album = strings.Repeat("x", audio.MaxTag+1) },
	} {
		if err := one(change).Check(); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if one(func(*Version) {}).Check() != nil || (Song{}).Check() == nil {
		t.Error("a song with a version is none, or one without")
	}
	twice := one(func(*Version) {}).Versions[0]
	if (Song{[]Version{twice, twice}}).Check() == nil {
		t.Error("a song with the same version twice")
	}
}

func FuzzSong(f *testing.F) {
	text, err := json.Marshal(one(func(*Version) {}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Song
		if json.Unmarshal(data, &s) != nil || s.Check() != nil {
			return
		}
		if merged := Merge(s, s); !reflect.DeepEqual(merged.Versions, s.Versions) {
			t.Fatalf("%+v becomes %+v", s, merged)
		}
		s.Best()
	})
}
