package scenario_test

import (
	"testing"

	"spreadable/sim/scenario"
)

// Repetitions that go on until a number is known need one that is measured, and can be.
func TestRepetitionsNeedANumberThatIsMeasured(t *testing.T) {
	const searches = "workload: {searches: {count: 10, start: 100s}}\n"
	for _, c := range []struct{ text, want string }{
		{"repeat: {until: {search.latency_ms.p90: 2%}, max: 6}", "f.yaml:4:10: repeat.until.search.latency_ms.p90: is never measured, because workload.searches.count is 0"},
		{searches + "repeat: {until: {search.latency_ms.p90: 0%}}", "f.yaml:5:41: repeat.until.search.latency_ms.p90: expected a share above 0%, as runs with other seeds differ, not \"0%\""},
		{searches + "repeat: {until: {search.latency_ms.p90: 2%}}", ""},
	} {
		d, err := scenario.ParseDesign("f.yaml", []byte(hundred+c.text), nil)
		if err == nil {
			var s *scenario.Scenario
			if s, err = d.Variant(nil); err == nil {
				err = d.Judge(s)
			}
		}
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%s\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}
