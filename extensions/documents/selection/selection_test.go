package selection_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/extensions/documents/filter"
	"spreadable/extensions/documents/selection"
	"spreadable/extensions/documents/version"
)

func compile(t testing.TB, q selection.Query) *selection.Selection {
	t.Helper()
	s, err := selection.Compile(&q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return s
}

func one() uint64 { return 1 }

type failer interface{ Fatalf(string, ...any) }

// page is what a node with these documents answers.
func page(t failer, s *selection.Selection, documents map[string]string) selection.Page {
	c := s.Collect()
	for key, text := range documents { // order-free: a page is sorted
		if i, wanted := s.Item(key, version.NewClock(one).Next(time.Second, version.Version{}), []byte(text), new(filter.Cost)); wanted {
			c.Add(i)
		}
	}
	p := c.Page()
	if err := s.Valid(&p); err != nil {
		t.Fatalf("an honest page: %v", err)
	}
	return p
}

func keys(items []selection.Item) (list []string) {
	for _, i := range items {
		list = append(list, i.Key)
	}
	return list
}

// However documents lie on nodes, and however answers are grouped on their way, the page is
// that of one node that has all.
func TestPagesMergeToThePageOfOneNode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := selection.Query{
			Sort:   rapid.SampledFrom([][]string{nil, {"n"}, {"-n"}, {"s", "-n"}}).Draw(t, "sort"),
			Filter: json.RawMessage(rapid.SampledFrom([]string{"", `{"n": {"$gt": 1}}`}).Draw(t, "filter")),
			Offset: rapid.IntRange(0, 4).Draw(t, "offset"), Limit: rapid.IntRange(1, 8).Draw(t, "limit"),
		}
		s, err := selection.Compile(&q)
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		nodes := make([]map[string]string, 4)
		for i := range nodes {
			nodes[i] = make(map[string]string)
		}
		for i := range rapid.IntRange(0, 20).Draw(t, "documents") {
			key := fmt.Sprintf("%q", fmt.Sprint("k", i))
			text := fmt.Sprintf(`{"n": %d, "s": %q, "t": %q}`, rapid.IntRange(0, 4).Draw(t, "n"), rapid.StringMatching("[ab]").Draw(t, "s"),
				strings.Repeat("x", 200_000*rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}).Draw(t, "long")))
			all[key] = text
			for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 1, 3, rapid.ID[int]).Draw(t, "copies") {
				nodes[at][key] = text
			}
		}
		want := page(t, s, all)
		var pages []selection.Page
		for _, node := range nodes {
			pages = append(pages, page(t, s, node))
		}
		flat := s.Merge(pages)
		nested := s.Merge([]selection.Page{s.Merge([]selection.Page{pages[3], pages[1]}), pages[0], s.Merge(pages[2:3]), pages[1]})
		for _, p := range append(pages, flat, nested) { // what moves is bounded by the question
			if len(p.Items) > q.Offset+q.Limit {
				t.Fatalf("a page of %d documents, at most %d are wanted", len(p.Items), q.Offset+q.Limit)
			}
		}
		for name, got := range map[string]selection.Page{"flat": flat, "nested": nested} {
			// A page that is cut may end earlier than another: of one node's, or of them all.
			n := min(len(got.Items), len(want.Items))
			if !slices.Equal(keys(got.Items)[:n], keys(want.Items)[:n]) ||
				n < len(want.Items) && !got.Cut || n < len(got.Items) && !want.Cut {
				t.Fatalf("%s: %q (cut %v), want %q", name, keys(got.Items), got.Cut, keys(want.Items))
			}
			if err := s.Valid(&got); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

// The cursors of a query lead through all documents, each once.
func TestCursorsLeadThroughAllDocuments(t *testing.T) {
	documents := make(map[string]string)
	for i := range 25 {
		documents[fmt.Sprintf("%q", fmt.Sprint("k", i))] = fmt.Sprintf(`{"n": %d}`, i%4)
	}
	for _, sort := range [][]string{nil, {"n"}, {"-n"}, {"missing"}} {
		q := selection.Query{Sort: sort, Limit: 7}
		seen := make(map[string]bool)
		for pages := 1; ; pages++ {
			s := compile(t, q)
			p := page(t, s, documents)
			for _, key := range keys(s.Wanted(p)) {
				if seen[key] {
					t.Errorf("%q twice", key)
				}
				seen[key] = true
			}
			if q.After = s.More(p); q.After == "" {
				break
			}
			if pages > 4 {
				t.Fatal("no end")
			}
		}
		if len(seen) != len(documents) {
			t.Errorf("sort %q: %d of %d documents", sort, len(seen), len(documents))
		}
	}
}

// An offset counts documents, with a limit or without.
func TestFieldsAndOffset(t *testing.T) {
	s := compile(t, selection.Query{Fields: []string{"a", "c"}, Offset: 1, Limit: 1, Sort: []string{"-a"}})
	items := s.Wanted(page(t, s, map[string]string{`"x"`: `{"a": 1, "b": 2}`, `"y"`: `{"a": 0, "b": 2, "c": 12345678901234567890}`, `"z"`: `{}`}))
	if len(items) != 1 || string(items[0].Document) != `{"a":0,"c":12345678901234567890}` {
		t.Errorf("%s", items[0].Document)
	}
	s = compile(t, selection.Query{Offset: 2})
	items = s.Wanted(page(t, s, map[string]string{`"x"`: `{}`, `"y"`: `{}`, `"z"`: `{}`}))
	if len(items) != 1 || items[0].Key != `"z"` {
		t.Errorf("without a limit: %+v", items)
	}
}

func TestTheNewestVersionIsWhatIsMerged(t *testing.T) {
	s := compile(t, selection.Query{})
	c := version.NewClock(one)
	older, _ := s.Item(`"k"`, c.Next(1, version.Version{}), []byte(`{"n":1}`), new(filter.Cost))
	newer, _ := s.Item(`"k"`, c.Next(1, version.Version{}), []byte(`{"n":2}`), new(filter.Cost))
	for _, pages := range [][]selection.Page{{{Items: []selection.Item{older}}, {Items: []selection.Item{newer}}}, {{Items: []selection.Item{newer}}, {Items: []selection.Item{older}}}} {
		if p := s.Merge(pages); len(p.Items) != 1 || string(p.Items[0].Document) != `{"n":2}` {
			t.Errorf("%+v", p)
		}
	}
}

func TestWhatIsNoQueryIsRefused(t *testing.T) {
	for _, q := range []selection.Query{
		{Limit: -1}, {Limit: selection.MaxLimit + 1}, {Offset: -1}, {Offset: selection.MaxOffset + 1}, {Filter: json.RawMessage("[]")},
		{Sort: []string{"-"}}, {Sort: make([]string, 9)}, {Fields: make([]string, 65)}, {After: "?"}, {After: "W10"}, {After: "WzFd"},
	} {
		if _, err := selection.Compile(&q); err == nil {
			t.Errorf("%+v is taken", q)
		}
	}
}

func TestACountIsExactAndThenAnEstimate(t *testing.T) {
	for _, documents := range []int{0, 1, 1000, 4095, 20_000, 100_000} {
		halves := [2]selection.Distinct{}
		for i := range documents {
			halves[i%2].Add(fmt.Sprint(i))
			if i%3 == 0 {
				halves[1-i%2].Add(fmt.Sprint(i)) // a copy
			}
		}
		u := selection.Union(&halves[1], &halves[0], &halves[1])
		count, exact := u.Count()
		if exact != (documents < 4096) || exact && count != documents || math.Abs(float64(count-documents)) > 0.06*float64(documents) {
			t.Errorf("%d documents are counted as %d, exact %v", documents, count, exact)
		}
		text, err := json.Marshal(u)
		back := &selection.Distinct{}
		if err != nil || json.Unmarshal(text, back) != nil {
			t.Fatal(err)
		}
		if again, _ := back.Count(); again != count {
			t.Errorf("%d becomes %d", count, again)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("AAAAAAAAAAEAAAAAAAAAAg=="))
	f.Add([]byte("WzEsImsiXQ"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := selection.Compile(&selection.Query{Sort: []string{"a"}, After: string(text)}); err == nil {
			s.Item("k", version.Version{1}, []byte(`{"a": 1}`), new(filter.Cost))
		}
		var d selection.Distinct
		if d.UnmarshalText(text) != nil {
			return
		}
		if count, exact := d.Count(); exact && count*8 > len(text) {
			t.Errorf("%d bytes count %d", len(text), count)
		}
	})
}
