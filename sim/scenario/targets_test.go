package scenario_test

import (
	"reflect"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

// A target is read word by word, in one order; what is left over or missing is an error.
func TestTargetsAreReadInOneOrder(t *testing.T) {
	for text, want := range map[string]scenario.Target{
		"nodes":                       {Share: 1, Role: scenario.Nodes},
		"masters":                     {Share: 1, Role: scenario.Masters},
		"bootstrap":                   {Share: 1, Role: scenario.Bootstrap},
		"30%":                         {Share: 0.3, Role: scenario.Nodes},
		"100% slaves":                 {Share: 1, Role: scenario.Slaves},
		"1 master":                    {},
		"3 masters":                   {Count: 3, Role: scenario.Masters},
		"largest":                     {Share: 1, Role: scenario.Masters, Largest: true},
		"2 largest":                   {Count: 2, Role: scenario.Masters, Largest: true},
		"10% largest masters":         {Share: 0.1, Role: scenario.Masters, Largest: true},
		"of home":                     {Share: 1, Role: scenario.Nodes, Class: "home"},
		"3 of home in Tokyo":          {Count: 3, Role: scenario.Nodes, Class: "home", Place: "Tokyo"},
		"2 masters in  São   Paulo":   {Count: 2, Role: scenario.Masters, Place: "São Paulo"},
		"slaves of laggy in New York": {Share: 1, Role: scenario.Slaves, Class: "laggy", Place: "New York"},
		"#3":                          {List: []int{3}},
		"#0-2,7":                      {List: []int{0, 1, 2, 7}},
		"":                            {},
		" ":                           {},
		"in":                          {},
		"of":                          {},
		"masters in":                  {},
		"3 of":                        {},
		"of home in":                  {},
		"in Tokyo of home":            {Share: 1, Role: scenario.Nodes, Place: "Tokyo of home"},
		"masters 3":                   {},
		"masters largest":             {},
		"largest slaves":              {},
		"0%":                          {},
		"0 masters":                   {},
		"101%":                        {},
		"-1 masters":                  {},
		"3 masters slaves":            {},
		"#":                           {},
		"#3-":                         {},
	} {
		got, err := scenario.ParseTarget(text)
		switch {
		case reflect.DeepEqual(want, scenario.Target{}):
			if err == nil {
				t.Errorf("%q is read as %+v", text, got)
			}
		case err != nil || !reflect.DeepEqual(flat(got), flat(want)):
			t.Errorf("%q is read as %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// flat is a target without what its list stands for: the role and the share of all nodes.
func flat(t scenario.Target) scenario.Target {
	if t.List != nil {
		return scenario.Target{List: t.List}
	}
	return t
}

// How much the busiest node gets follows from the size, the clients and where they ask.
func TestTheBusiestNodeIsReckonedWith(t *testing.T) {
	const base = "name: busy\nnodes: 100\nduration: 800s\nmeasure: 0s\nnetwork: {service: 1s}\n"
	for rest, want := range map[string]string{
		"":                                "1.25 requests a second take 1s", // of 10 slaves and 10 masters, in 16 s
		"workload: {searches: {rate: 7}}": "15.3 requests",                  // 2.01 of each
		"workload: {entry: zipf, searches: {rate: 7}}":                           "16.6 requests", // 2 and 1/H(100), H(100) = 5.187
		"workload: {entry: zipf, exponent: 2, searches: {rate: 7}}":              "19.5 requests", // 2 and 1/1.635
		"workload: {entry: '#0-3', searches: {rate: 7}}":                         "17 requests",   // 2.25 of each
		"workload: {searches: {count: 70, over: 10s}}":                           "15.3 requests", // 7 a second
		"workload: {searches: {count: 100, over: 0s}}":                           "1.25 requests", // at once is no rate
		"workload: {approvals: {rate: 10}}":                                      "a master that approves some 31.2 requests",
		"workload: {approvals: {rate: 10}}\napproval: {draw: host, per: client}": "a master some 1.25 requests",
	} {
		_, err := scenario.Parse("busy.yaml", []byte(base+rest+"\n"), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", rest, err, want)
		}
	}
	if _, err := scenario.Parse("busy.yaml", []byte(strings.Replace(base, "100", "1", 1)+"workload: {searches: {rate: 1}}\n"), nil); err == nil ||
		!strings.Contains(err.Error(), " 1 requests a second") {
		t.Errorf("one node gets the searches and nothing else: %v", err)
	}
}
