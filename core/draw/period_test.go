package draw

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAPeriodStartsAtAMultipleOfItsLength(t *testing.T) {
	for _, c := range []struct{ now, period, want time.Duration }{
		{0, time.Minute, 0},
		{59 * time.Second, time.Minute, 0},
		{60 * time.Second, time.Minute, time.Minute},
		{1700000123456 * time.Millisecond, 5 * time.Minute, 1700000100000 * time.Millisecond},
		{1700000100000 * time.Millisecond, 5 * time.Minute, 1700000100000 * time.Millisecond},
		{1700000099999 * time.Millisecond, 5 * time.Minute, 1699999800000 * time.Millisecond},
	} {
		if got := Start(c.now, c.period); got != c.want {
			t.Errorf("the period of %v at %v starts at %v, want %v", c.period, c.now, got, c.want)
		}
	}
}

func TestAStartIsValidForItsPeriodAndTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := time.Duration(rapid.Int64Range(1, 1e7).Draw(t, "period")) * time.Millisecond
		now := time.Duration(rapid.Int64Range(0, 2e12).Draw(t, "now")) * time.Millisecond
		start := Start(now, period)
		for _, c := range []struct {
			now  time.Duration
			want bool
		}{
			{start - 1, false},
			{start, true},
			{now, true},
			{start + 2*period - 1, true},
			{start + 2*period, false},
		} {
			if got := Valid(start, c.now, period); c.now >= 0 && got != c.want {
				t.Fatalf("start %v is valid at %v: %v, want %v", start, c.now, got, c.want)
			}
		}
		if period > 1 && Valid(start+1, now, period) {
			t.Fatalf("%v, which starts no period, is valid", start+1)
		}
	})
}

func TestKeyIsNpms(t *testing.T) {
	got := Key("127.0.0.1", "client", start, "localhost:5000", []string{"localhost:5001"})
	if want := "c130eb848c2d92de717329479e8c48dd"; got != want {
		t.Errorf("key %s, want %s", got, want)
	}
}

func TestKeyDependsOnEveryPart(t *testing.T) {
	approvers := []string{"localhost:1", "localhost:2"}
	keys := map[string]string{}
	for name, key := range map[string]string{
		"none":      Key("127.0.0.1", "client", start, "localhost:5000", approvers),
		"client":    Key("127.0.0.2", "client", start, "localhost:5000", approvers),
		"action":    Key("127.0.0.1", "other", start, "localhost:5000", approvers),
		"start":     Key("127.0.0.1", "client", start+time.Minute, "localhost:5000", approvers),
		"entry":     Key("127.0.0.1", "client", start, "localhost:5001", approvers),
		"order":     Key("127.0.0.1", "client", start, "localhost:5000", []string{"localhost:2", "localhost:1"}),
		"approvers": Key("127.0.0.1", "client", start, "localhost:5000", nil),
	} {
		if other, taken := keys[key]; taken {
			t.Errorf("changing %s gives the same key as changing %s", name, other)
		}
		keys[key] = name
	}
}

func TestABatchHasAReserve(t *testing.T) {
	for _, c := range []struct{ missing, count, want int }{
		{1, 1, 2}, {3, 3, 5}, {4, 4, 6}, {5, 5, 8}, {1, 5, 4}, {10, 100, 20},
	} {
		if got := Batch(c.missing, c.count); got != c.want {
			t.Errorf("with %d of %d missing a batch is %d, want %d", c.missing, c.count, got, c.want)
		}
	}
}

func ExampleCount() {
	approvers, _ := ParseCount("r-6")
	decision, _ := ParseDecision("66.6%")
	for _, size := range []int{10, 1_000, 100_000} {
		drawn := approvers.Of(size)
		fmt.Printf("%d nodes: %d approvers, %d must agree\n", size, drawn, decision.Of(drawn))
	}
	// Output:
	// 10 nodes: 2 approvers, 2 must agree
	// 1000 nodes: 4 approvers, 3 must agree
	// 100000 nodes: 7 approvers, 5 must agree
}
