package title

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTitlesHaveANormalForm(t *testing.T) {
	for _, c := range []struct{ artist, name, want string }{
		{"artist", "some song", "Artist - Some Song"},
		{"  Some   artist ", "a – b", "Some Artist - A - B"},
		{"A ft. B", "Name", "A - Name (feat. B)"},
		{"A feat B, C", "Name (featuring D)", "A - Name (feat. B, C, D)"},
		{"A; B", "Name [Ft. b] (Remix)", "A - Name (Remix) (feat. B)"},
		{"A", "Name feat. B (Live)", "A - Name (Live) (feat. B)"},
		{"AC/DC", "T.N.T. 🔥 https://example.com/x", "AC/DC - T.N.T."},
		{"Артист", "песня", "Артист - Песня"},
		{"A - B", "c", "A-B - C"},
		{"Left", "Daft Ft", "Left - Daft"},
		{"!!!", "???", "!!! - ???"},
		{"O’Neil", "“quoted” ‘so’", "O'Neil - \"Quoted\" 'So'"},
	} {
		got, err := New(c.artist, c.name)
		if err != nil || got.String() != c.want {
			t.Errorf("%q and %q: %q, %v; want %q", c.artist, c.name, got, err, c.want)
		}
		if err := Check(c.want); err != nil {
			t.Error(err)
		}
	}
}

func TestATitleNeedsArtistAndName(t *testing.T) {
	for _, c := range [][2]string{{"", "x"}, {"x", ""}, {"🔥", "x"}, {"x", "feat. y"}, {"(feat. )", "x"}, {"x", "\xff"}} {
		if got, err := New(c[0], c[1]); !errors.Is(err, ErrNoTitle) {
			t.Errorf("%q: %q, %v", c, got, err)
		}
	}
	if _, err := Parse("no separator"); !errors.Is(err, ErrNoTitle) {
		t.Error(err)
	}
	for _, long := range []string{strings.Repeat("x", MaxLen), strings.Repeat("x", 1e6)} {
		if _, err := New("a", long); err == nil || len(err.Error()) > 200 {
			t.Errorf("%d bytes: %v", len(long), err)
		}
	}
}

// texts draws what people and others write into tags.
func texts() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune("abcXYZ feat.ft()[],;-–&'’019äßИя🔥́ŉ\x00")),
		rapid.Rune(),
	))
}

// A normal form is its own normal form, so nodes that read each other's titles agree.
func TestNormalFormsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkNormal(t, texts().Draw(t, "artist"), texts().Draw(t, "name")) })
}

func FuzzNormalFormsStay(f *testing.F) {
	f.Add("A feat. B", "name (ft c)")
	f.Add("ŉ", "ǆ ﬁ \u0345")
	f.Fuzz(func(t *testing.T, artist, name string) { checkNormal(t, artist, name) })
}

func checkNormal(t interface{ Fatalf(string, ...any) }, artist, name string) {
	first, err := New(artist, name)
	if err != nil {
		return
	}
	second, err := Parse(first.String())
	if err != nil || second.String() != first.String() || second.Key() != first.Key() {
		t.Fatalf("%q and %q: %q becomes %q, %v", artist, name, first, second, err)
	}
	if s := Similarity(first, second); math.Abs(s-1) > 1e-9 {
		t.Fatalf("%q is similar to itself by %g", first, s)
	}
	if len(first.String()) > MaxLen || Fold(Fold(name)) != Fold(name) {
		t.Fatalf("%q: %q, folded %q and %q", name, first, Fold(name), Fold(Fold(name)))
	}
}

func parse(t *testing.T, text string) Title {
	t.Helper()
	title, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return title
}

func TestSimilarTitlesAreOneSong(t *testing.T) {
	const least = 0.91 // what museria counts as one
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Beyonce - Halo", "Beyoncé - halo!", true},
		{"A - Song 2", "A - Song Two", true},
		{"Simon & Garfunkel - Mrs. Robinson", "Simon And Garfunkel - Mrs Robinson", true},
		{"Artist - Long Enough Name", "Artist - Long Enough Name (feat. B)", true},
		{"Rammstein - Sonne", "Ramstein - Sonne", true},
		{"Some Artist - Bohemian Rhapsody", "Some Artist - Bohemian Rapsody", true},
		{"A - Some Song", "A - Some Songs", false},
		{"A - Song 1", "A - Song 2", false},
		{"A - The Whole Long Symphony Part II", "A - The Whole Long Symphony Part III", false},
		{"A - One", "Entirely Other - One", false},
		{"A - Hello", "A - Goodbye", false},
	} {
		s := Similarity(parse(t, c.a), parse(t, c.b))
		if s >= least != c.same {
			t.Errorf("%q and %q are similar by %.3f", c.a, c.b, s)
		}
	}
}

func TestSimilarityIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Title{[]string{texts().Draw(t, "artist")}, texts().Draw(t, "name")}
		b := Title{[]string{texts().Draw(t, "artist")}, texts().Draw(t, "name")}
		s := Similarity(a, b)
		if s != Similarity(b, a) || s < 0 || s > 1 {
			t.Fatalf("%q and %q: %g and %g", a, b, s, Similarity(b, a))
		}
	})
}

// The index leaves out no title that comparing with all of them finds, and after removals
// nothing is left of what was removed.
func TestTheIndexFindsWhatAllComparisonsFind(t *testing.T) {
	words := rapid.SampledFrom([]string{"love", "lover", "song", "songs", "two", "the", "night", "a", "я"})
	titles := rapid.Custom(func(t *rapid.T) Title {
		return Title{
			Artists: rapid.SliceOfN(words, 1, 2).Draw(t, "artists"),
			Name:    strings.Join(rapid.SliceOfN(words, 1, 4).Draw(t, "name"), " "),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		all := make(map[string]Title)
		for range rapid.IntRange(0, 60).Draw(t, "changes") {
			key := fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "key"))
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				x.Remove(key)
				delete(all, key)
			} else {
				all[key] = titles.Draw(t, "title")
				x.Add(key, all[key])
			}
		}
		wanted, least := titles.Draw(t, "wanted"), rapid.Float64Range(0.3, 1).Draw(t, "least")
		var want []Match
		for key, title := range all {
			if s := Similarity(wanted, title); s >= least {
				want = append(want, Match{key, s})
			}
		}
		if want, got := best(want, 100), x.Similar(wanted, least, 100); !slices.Equal(got, want) || x.Len() != len(all) {
			t.Fatalf("%q by %g among %q: %v, want %v", wanted, least, all, got, want)
		}
		for key := range all {
			x.Remove(key)
		}
		if len(x.names)+len(x.all)+len(x.artists)+x.Len() != 0 {
			t.Fatalf("after all was removed: %v", x)
		}
	})
}

func TestSongsAreFoundByPartsOfTheirTitles(t *testing.T) {
	var x Index
	for _, text := range []string{
		"Queen - Bohemian Rhapsody", "Queen - Under Pressure (feat. David Bowie)", "David Bowie - Heroes", "Другие - Песня",
	} {
		x.Add(text, parse(t, text))
	}
	for _, c := range []struct{ text, want string }{
		{"bohemian", "Queen - Bohemian Rhapsody"},
		{"rapsody", "Queen - Bohemian Rhapsody"},
		{"queen pressure", "Queen - Under Pressure (feat. David Bowie)"},
		{"heroes bowie", "David Bowie - Heroes"},
		{"песня", "Другие - Песня"},
	} {
		if got := x.Find(c.text, 10); len(got) == 0 || got[0].Key != c.want {
			t.Errorf("%q: %v, want %q", c.text, got, c.want)
		}
	}
	if got := x.By("david BOWIE", 10); len(got) != 2 {
		t.Errorf("by the artist: %v", got)
	}
	if got := append(x.Find("", 10), x.Find("🔥", 10)...); len(got) != 0 {
		t.Errorf("by nothing: %v", got)
	}
	if got := append(x.Find("queen", 0), x.By("nothing", 10)...); len(got) != 0 {
		t.Errorf("no limit: %v", got)
	}
}

// What a liar puts into the index and asks of it costs a bounded number of comparisons.
func TestALookupIsBounded(t *testing.T) {
	var x Index
	for i := range MaxVisits + 100 {
		x.Add(fmt.Sprint(i), Title{[]string{"same"}, "same"})
	}
	if got := x.Similar(Title{[]string{"same"}, "same"}, 0.9, math.MaxInt); len(got) != MaxVisits {
		t.Errorf("%d titles are compared, want %d", len(got), MaxVisits)
	}
	if got := x.By("same", math.MaxInt); len(got) != MaxVisits {
		t.Errorf("%d titles of an artist, want %d", len(got), MaxVisits)
	}
	if got := x.Find(strings.Repeat("x", 1e6), 10); got != nil {
		t.Errorf("a long text finds %v", got)
	}
}

func FuzzFind(f *testing.F) {
	var x Index
	x.Add("1", Title{[]string{"Queen"}, "Bohemian Rhapsody"})
	f.Add("queen")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range x.Find(text, 10) {
			if m.Score < 0 || m.Score > 1 {
				t.Fatalf("%q: %v", text, m)
			}
		}
	})
}

func BenchmarkSimilar(b *testing.B) {
	var x Index
	for i := range 100_000 {
		x.Add(fmt.Sprint(i), Title{[]string{fmt.Sprintf("Artist %d", i%1000)}, fmt.Sprintf("Song of %x and %x", i*7919, i*104729)})
	}
	wanted := Title{[]string{"Artist 7"}, fmt.Sprintf("Song of %x and %x", 7007*7919, 7007*104729)}
	for b.Loop() {
		if len(x.Similar(wanted, 0.91, 10)) == 0 {
			b.Fatal("nothing is found")
		}
	}
}
