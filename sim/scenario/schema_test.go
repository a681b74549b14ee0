package scenario_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"spreadable/sim/scenario"
)

func TestTheSchemaIsWhatItWas(t *testing.T) {
	golden(t, "testdata/schema.golden.json", string(scenario.Schema()))
}

// node is the part of a JSON Schema that the tests look at.
type node struct {
	Type        string
	Description string
	Pattern     string
	Enum        []string
	Properties  map[string]node
	Default     any
	Closed      *bool `json:"additionalProperties"`
}

func TestEveryKeyOfTheSchemaIsDescribedAndEveryGroupClosed(t *testing.T) {
	var root node
	if err := json.Unmarshal(scenario.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	var visit func(path string, n node)
	visit = func(path string, n node) {
		if path != "" && n.Description == "" {
			t.Errorf("%s has no description", path)
		}
		if n.Type == "object" && (n.Closed == nil || *n.Closed) {
			t.Errorf("%s takes unknown keys", path)
		}
		if path == ".expect" {
			return // its keys are those of the summary
		}
		for key, child := range n.Properties {
			visit(path+"."+key, child)
		}
	}
	visit("", root)
}

// The schema has its own patterns; they must agree with the decoder.
func TestDefaultsMatchTheSchemasPatterns(t *testing.T) {
	var root node
	if err := json.Unmarshal(scenario.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var visit func(path string, n node)
	visit = func(path string, n node) {
		if text, ok := n.Default.(string); ok && n.Pattern != "" {
			seen++
			if !regexp.MustCompile(n.Pattern).MatchString(text) {
				t.Errorf("%s: default %q does not match %s", path, text, n.Pattern)
			}
		}
		for key, child := range n.Properties {
			visit(path+"."+key, child)
		}
	}
	visit("", root)
	if seen < 5 {
		t.Errorf("only %d defaults with patterns seen", seen)
	}
}
