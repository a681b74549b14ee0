package filter_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spreadable/extensions/documents/filter"
)

func decode(t testing.TB, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// matching and missing documents of each operator.
func TestOperators(t *testing.T) {
	for filterText, tests := range map[string]struct{ yes, no []string }{
		`{}`:                               {[]string{`{}`, `{"a": 1}`}, nil},
		`{"a": 1}`:                         {[]string{`{"a": 1}`, `{"a": "1"}`, `{"a": 1.0}`}, []string{`{"a": 2}`, `{}`, `{"a": null}`, `{"a": [1]}`, `{"a": "x"}`}},
		`{"a": 0}`:                         {[]string{`{"a": 0}`}, []string{`{"a": ""}`, `{"a": false}`, `{"a": null}`, `{}`}},
		`{"a": null}`:                      {[]string{`{"a": null}`, `{}`}, []string{`{"a": 0}`, `{"a": ""}`}},
		`{"a": {"b": 1}}`:                  {[]string{`{"a": {"b": 1}}`}, []string{`{"a": {"b": 1, "c": 2}}`}},
		`{"a.b": 1}`:                       {[]string{`{"a": {"b": 1, "c": 2}}`}, []string{`{"a": 1}`, `{"a.b": 1}`}},
		`{"a.1": "y"}`:                     {[]string{`{"a": ["x", "y"]}`}, []string{`{"a": ["y"]}`, `{"a": "xy"}`}},
		`{"a": {"$ne": 1}}`:                {[]string{`{"a": 2}`, `{}`}, []string{`{"a": 1}`, `{"a": "1"}`}},
		`{"a": {"$eqs": 1}}`:               {[]string{`{"a": 1}`}, []string{`{"a": "1"}`, `{}`}},
		`{"a": {"$eqs": null}}`:            {[]string{`{"a": null}`}, []string{`{}`}},
		`{"a": {"$nes": 1}}`:               {[]string{`{"a": "1"}`, `{}`}, []string{`{"a": 1}`}},
		`{"a": {"$gt": 1, "$lte": 3}}`:     {[]string{`{"a": 2}`, `{"a": 3}`}, []string{`{"a": 1}`, `{"a": 4}`, `{"a": "2"}`, `{}`, `{"a": null}`}},
		`{"a": {"$gte": "m", "$lt": "p"}}`: {[]string{`{"a": "m"}`, `{"a": "ox"}`}, []string{`{"a": "l"}`, `{"a": "p"}`, `{"a": 5}`}},
		`{"a": {"$in": [1, "x", null]}}`:   {[]string{`{"a": 1}`, `{"a": "x"}`, `{}`}, []string{`{"a": 2}`}},
		`{"a": {"$nin": [1, "x"]}}`:        {[]string{`{"a": 2}`, `{}`}, []string{`{"a": 1}`, `{"a": "x"}`}},
		`{"a": {"$sw": "ab"}}`:             {[]string{`{"a": "abc"}`}, []string{`{"a": "Abc"}`, `{"a": "cab"}`, `{}`, `{"a": 1}`}},
		`{"a": {"$isw": "aB"}}`:            {[]string{`{"a": "ABc"}`}, []string{`{"a": "cab"}`}},
		`{"a": {"$ew": "ab"}}`:             {[]string{`{"a": "cab"}`}, []string{`{"a": "abc"}`}},
		`{"a": {"$iew": "É"}}`:             {[]string{`{"a": "café"}`}, []string{`{"a": "cafe"}`}},
		`{"a": {"$lk": "b"}}`:              {[]string{`{"a": "abc"}`}, []string{`{"a": "aBc"}`, `{}`}},
		`{"a": {"$ilk": "B"}}`:             {[]string{`{"a": "abc"}`}, []string{`{"a": "ac"}`}},
		`{"a": {"$ilk": ""}}`:              {[]string{`{"a": ""}`}, []string{`{}`}},
		`{"a": {"$rx": "^a+$"}}`:           {[]string{`{"a": "aaa"}`}, []string{`{"a": "ab"}`, `{}`}},
		`{"a": {"$lgt": 1}}`:               {[]string{`{"a": [1, 2]}`}, []string{`{"a": [1]}`, `{"a": "abc"}`, `{}`}},
		`{"a": {"$lgte": 1, "$llt": 3}}`:   {[]string{`{"a": [1]}`, `{"a": [1, 2]}`}, []string{`{"a": []}`, `{"a": [1, 2, 3]}`}},
		`{"a": {"$llte": 0}}`:              {[]string{`{"a": []}`}, []string{`{"a": [1]}`, `{}`}},
		`{"a": {"$exists": true}}`:         {[]string{`{"a": null}`, `{"a": 0}`}, []string{`{}`}},
		`{"a": {"$exists": false}}`:        {[]string{`{}`}, []string{`{"a": null}`}},
		`{"a": {"$not": {"$gt": 1}}}`:      {[]string{`{"a": 1}`, `{}`}, []string{`{"a": 2}`}},
		`{"$not": {"a": 1, "b": 2}}`:       {[]string{`{"a": 1}`, `{}`}, []string{`{"a": 1, "b": 2}`}},
		`{"$or": [{"a": 1}, {"b": 2}]}`:    {[]string{`{"a": 1}`, `{"b": 2}`}, []string{`{"a": 2}`}},
		`{"$and": [{"a": 1}, {"b": 2}]}`:   {[]string{`{"a": 1, "b": 2}`}, []string{`{"a": 1}`}},
		`{"a": 1, "$or": [{"b": 2}, {}]}`:  {[]string{`{"a": 1}`}, []string{`{"b": 2}`}},
	} {
		f, err := filter.Compile([]byte(filterText))
		if err != nil {
			t.Errorf("%s: %v", filterText, err)
			continue
		}
		for _, document := range tests.yes {
			if !f.Match(decode(t, document), new(filter.Cost)) {
				t.Errorf("%s does not match %s", filterText, document)
			}
		}
		for _, document := range tests.no {
			if f.Match(decode(t, document), new(filter.Cost)) {
				t.Errorf("%s matches %s", filterText, document)
			}
		}
	}
}

func TestWhatIsNoFilterIsRefused(t *testing.T) {
	deep := strings.Repeat(`{"$not":`, 20) + `{"a": 1}` + strings.Repeat(`}`, 20)
	within := `{"a": ` + strings.Repeat(`{"$not":`, 20) + `{"$gt": 1}` + strings.Repeat(`}`, 21)
	many := `{"$or": [` + strings.TrimSuffix(strings.Repeat(`{"a": 1},`, 100), ",") + `]}`
	for _, text := range []string{
		`[]`, `1`, `{`, `{"$where": "1"}`, `{"a": {"$regex": "x"}}`, `{"a": {"$gt": null}}`, `{"a": {"$gt": []}}`,
		`{"a": {"$in": 1}}`, `{"a": {"$rx": "("}}`, `{"a": {"$rx": 1}}`, `{"a": {"$sw": 1}}`, `{"a": {"$exists": 1}}`,
		`{"a": {"$lgt": "1"}}`, `{"$or": []}`, `{"$or": {}}`, `{"$and": [1]}`, `{"a..b": 1}`, `{"": 1}`,
		`{"a": {"$gt": 1, "b": 2}}`, deep, within, many,
		`{"a": {"$rx": "` + strings.Repeat("a?", 200) + `"}}`, `{"a": {"$rx": "((a{1000}){1000}){1000}"}}`,
		`{"a": "` + strings.Repeat("x", filter.MaxText) + `"}`,
		`{"a": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, `{"a": {"$gt": 1e999}}`,
		`{"a": {"$rx": "(a?){900}(b?){900}"}}`, `{"$or": [` + strings.TrimSuffix(strings.Repeat(`{"a": {"$rx": "x"}},`, 5), ",") + `]}`,
	} {
		if _, err := filter.Compile([]byte(text)); err == nil {
			t.Errorf("%.100s is taken", text)
		} else {
			t.Logf("%v", err)
		}
	}
}

// values are documents and parts of documents.
func values() *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.IntRange(-3, 3), func(i int) any { return float64(i) }),
		rapid.Map(rapid.StringMatching("[ab1]{0,2}"), func(s string) any { return s }),
	)
	list := rapid.Map(rapid.SliceOfN(leaf, 0, 3), func(s []any) any { return s })
	object := rapid.Map(rapid.MapOfN(rapid.StringMatching("[ab]"), rapid.OneOf(leaf, list), 0, 3), func(m map[string]any) any { return m })
	return rapid.OneOf(leaf, list, object)
}

// A sort needs a total order.
func TestValuesHaveATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := values().Draw(t, "a"), values().Draw(t, "b"), values().Draw(t, "c")
		ab, bc, ac := filter.Compare(a, b), filter.Compare(b, c), filter.Compare(a, c)
		if ab != -filter.Compare(b, a) && (ab > 0) == (filter.Compare(b, a) > 0) {
			t.Fatalf("%v and %v", a, b)
		}
		if ab <= 0 && bc <= 0 && ac > 0 {
			t.Fatalf("%v, %v and %v", a, b, c)
		}
		if filter.Compare(a, a) != 0 {
			t.Fatalf("%v differs from itself", a)
		}
	})
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(`{"a": {"$gt": 1}, "$or": [{"b.0": {"$rx": "x"}}]}`), []byte(`{"a": 2, "b": ["x"]}`))
	f.Fuzz(func(t *testing.T, text, document []byte) {
		compiled, err := filter.Compile(text)
		var doc any
		if err != nil || json.Unmarshal(document, &doc) != nil {
			return
		}
		negated, err := filter.Compile([]byte(`{"$not": ` + string(text) + `}`))
		if err == nil && !compiled.All() && compiled.Match(doc, new(filter.Cost)) == negated.Match(doc, new(filter.Cost)) {
			t.Errorf("%s and its negation agree about %s", text, document)
		}
	})
}

// The worst filters that are taken match the worst documents in a bounded time, which their
// cost tells.
func TestTheCostOfAFilterIsBounded(t *testing.T) {
	document := map[string]any{"a": strings.Repeat("a", 250_000) + "b"}
	for _, part := range []string{`{"a": {"$rx": "(a|aa)*(a{0,100}){3}c$"}}`, `{"a": {"$ilk": "c"}}`, `{"a": {"$nin": ["x"]}}`} {
		f, err := filter.Compile([]byte(`{"$or": [` + part + `,` + part + `,` + part + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		var cost filter.Cost
		f.Match(document, &cost)
		if most := filter.Cost(filter.MaxRegexps * filter.MaxProgram * filter.MaxSearch); cost <= 0 || cost > most {
			t.Errorf("%s costs %d, at most %d", part, cost, most)
		}
	}
}
