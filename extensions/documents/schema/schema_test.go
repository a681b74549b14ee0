package schema_test

import (
	"encoding/json"
	"errors"
	"testing"

	"spreadable/extensions/documents/schema"
)

func number(n float64) *float64 { return &n }

// song is a declaration with a bit of everything.
func song() *schema.Field {
	return &schema.Field{Type: "object", Strict: true, Fields: map[string]*schema.Field{
		"title":    {Type: "text", Required: true, Min: number(1), Max: number(5)},
		"year":     {Type: "integer", Min: number(1900), Nullable: true},
		"priority": {Type: "number", Default: 0, Values: []any{-1, 0, 1}},
		"tags":     {Type: "list", Max: number(2), Items: &schema.Field{Type: "text"}},
		"cover":    {Type: "object", Fields: map[string]*schema.Field{"width": {Type: "number", Default: 80}}},
		"loud":     {Type: "boolean"},
		"any":      nil,
	}}
}

func TestDocumentsGetTheirDefaultsOrAreRefused(t *testing.T) {
	s := song()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"title": "a"}`:                             `{"priority":0,"title":"a"}`,
		`{"title": "äöüßé", "year": null}`:           `{"priority":0,"title":"äöüßé","year":null}`,
		`{"title": "a", "priority": 1, "cover": {}}`: `{"cover":{"width":80},"priority":1,"title":"a"}`,
		`{"title": "a", "tags": ["x"], "any": [0]}`:  `{"any":[0],"priority":0,"tags":["x"],"title":"a"}`,
		`{}`:                                `title: it is required`,
		`{"title": null}`:                   `title: want type text`,
		`{"title": ""}`:                     `title: want at least 1 characters`,
		`{"title": "abcdef"}`:               `title: want at most 5 characters`,
		`{"title": "a", "year": 1999.5}`:    `year: want type integer`,
		`{"title": "a", "year": 1}`:         `year: want at least 1900`,
		`{"title": "a", "priority": 5}`:     `priority: it is none of the values that are allowed`,
		`{"title": "a", "tags": [1]}`:       `tags: 0: want type text`,
		`{"title": "a", "tags": [1, 2, 3]}`: `tags: want at most 2 items`,
		`{"title": "a", "cover": 1}`:        `cover: want type object`,
		`{"title": "a", "loud": "yes"}`:     `loud: want type boolean`,
		`{"title": "a", "x": 1}`:            `"x": there is no such field`,
		`[]`:                                `want type object`,
	} {
		var document any
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		applied, err := s.Apply(document)
		got, _ := json.Marshal(applied)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
		if again, _ := json.Marshal(document); err == nil {
			var fresh any
			_ = json.Unmarshal([]byte(text), &fresh)
			if original, _ := json.Marshal(fresh); string(again) != string(original) {
				t.Errorf("%s was changed in place to %s", original, again)
			}
		}
	}
}

func TestFunctionsOfTheProgram(t *testing.T) {
	s := &schema.Field{Type: "object", Fields: map[string]*schema.Field{
		"n": {Set: func(v any) any { n, _ := v.(float64); return n + 1 }, Test: func(v any) error {
			if v == 3.0 {
				return errors.New("not three")
			}
			return nil
		}},
		"nn": {Make: func(document any) any { return document.(map[string]any)["n"] }},
	}}
	if got, err := s.Apply(map[string]any{"n": 1.0}); err != nil || got.(map[string]any)["n"] != 2.0 || got.(map[string]any)["nn"] != 1.0 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := s.Apply(map[string]any{"n": 2.0}); err == nil {
		t.Error("three is taken")
	}
}

func TestBadDeclarations(t *testing.T) {
	deep := &schema.Field{}
	for range 20 {
		deep = &schema.Field{Type: "list", Items: deep}
	}
	for name, f := range map[string]*schema.Field{
		"type": {Type: "string"}, "fields": {Type: "list", Fields: map[string]*schema.Field{"a": {}}}, "items": {Items: &schema.Field{}},
		"min": {Min: number(2), Max: number(1)}, "default": {Type: "text", Default: 1}, "both": {Required: true, Default: 1}, "deep": deep,
	} {
		if err := f.Check(); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}
