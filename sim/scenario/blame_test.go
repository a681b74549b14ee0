package scenario_test

import (
	"path/filepath"
	"testing"

	"spreadable/sim/scenario"
)

// An error is said once, at the place of the set that it is about, and says what is wrong.
func TestErrorsBlameTheSetThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		sets []string
		want string
	}{
		{[]string{"latency.model=normal"}, `--set latency.model=normal: missing key "latency.stddev", which model normal needs`},
		{[]string{"join.mode=growth"}, `--set join.mode=growth: missing key "join.rate", which mode growth needs`},
		{[]string{"latency.model=planet", "latency.places.Oslo=50%"}, "--set latency.places.Oslo=50%: latency.places: the shares add up to 50%, not 100%"},
		{[]string{"sweep.nodes=[]"}, "--set sweep.nodes=[]: sweep.nodes: the list is empty: expected one value or more, such as [100, 1000]"},
		{[]string{"join.times=[]"}, "--set join.times=[]: join.times: expected one time or more"},
		{[]string{"repeat=0"}, `--set repeat=0: repeat: expected a whole number from 1 to 100000, not "0"`},
		{[]string{"latency.access={fiber: 50%}"}, "--set latency.access={fiber: 50%}: latency.access: is a group: set one of its names, such as latency.access.fiber=100%"},
		{[]string{"latency.places={oslo: 50%}"}, "--set latency.places={oslo: 50%}: latency.places: is a group: set one of its names, such as latency.places.tokyo=100%"},
		{[]string{"network.loss=-5%"}, `--set network.loss=-5%: network.loss: expected a share of 0% or more, not "-5%"`},
		{[]string{"network.up=-5Mbit/s"}, `--set network.up=-5Mbit/s: network.up: expected a bandwidth of 1kbit/s or more, not "-5Mbit/s"`},
		{[]string{"extensions.disk.capacity=-5MB"}, `--set extensions.disk.capacity=-5MB: extensions.disk.capacity: expected a size of 1B or more, not "-5MB"`},
	} {
		if _, err := scenario.Parse("f.yaml", []byte(hundred), c.sets); err == nil || err.Error() != c.want {
			t.Errorf("%q\ngot  %v\nwant %s", c.sets, err, c.want)
		}
	}
}

// A file that the model does not take need not be there; one with a mark of its byte order
// is read.
func TestFilesAreReadIfTheyMeanSomething(t *testing.T) {
	dir := write(t, map[string]string{
		"mean.yaml":  hundred + "latency: {model: constant, mean: 5ms, file: missing.csv}\n",
		"times.yaml": hundred + "workload: {searches: {times: times}}\n", "times": "\ufeff100s\n",
	})
	const want = ":4:45: latency.file: has no meaning with model constant, which takes mean, per, jitter"
	path := filepath.Join(dir, "mean.yaml")
	if _, err := scenario.Load(path, nil); err == nil || err.Error() != path+want {
		t.Errorf("%v", err)
	}
	if s := load(t, filepath.Join(dir, "times.yaml")); s.Workload.Searches.Count != 1 {
		t.Errorf("%d searches", s.Workload.Searches.Count)
	}
}
