package host_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/host"
)

// A cache forgets what was used longest ago when it is full, and each value after its
// lifetime, however often it was used.
func TestACacheIsBoundedInNumberAndAge(t *testing.T) {
	n, h := alone(t, "", core.Config{})
	c := host.NewCache[string, int](h, 2, time.Minute)
	has := func(want map[string]int) {
		t.Helper()
		for _, key := range []string{"a", "b", "c"} {
			got, ok := c.Get(key)
			if value, wanted := want[key]; ok != wanted || got != value {
				t.Errorf("%s is %d, %v; want %v", key, got, ok, want)
			}
		}
	}
	c.Set("a", 1)
	c.Set("b", 2)
	c.Get("a")
	c.Set("c", 3)
	has(map[string]int{"a": 1, "c": 3})
	n.Network().Run(40 * time.Second)
	c.Set("a", 4)
	has(map[string]int{"a": 4, "c": 3})
	n.Network().Run(40 * time.Second)
	has(map[string]int{"a": 4})
	c.Remove("a")
	if has(nil); c.Len() != 0 {
		t.Errorf("%d values are left", c.Len())
	}
}

func TestARuleSaysHowManyCopies(t *testing.T) {
	for _, c := range []struct {
		rule       string
		size, want int
	}{
		{"auto", 100, 10}, {"auto", 101, 11}, {"auto", 0, 1}, {"r-2", 100, 8}, {"r-2", 4, 1}, {"20%", 11, 3},
		{"100%", 7, 7}, {"3", 100, 3}, {"3", 2, 2},
	} {
		if got, err := host.Copies(c.rule, c.size); got != c.want || err != nil {
			t.Errorf("%s of %d: %d, %v; want %d", c.rule, c.size, got, err, c.want)
		}
	}
	for _, rule := range []string{"", "0", "-1", "0%", "101%", "NaN%", "r-", "r--1", "many", "3.5"} {
		if got, err := host.Copies(rule, 100); err == nil {
			t.Errorf("%q is %d copies", rule, got)
		}
	}
}
