package draw

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func count(t *testing.T, text string) Count {
	t.Helper()
	c, err := ParseCount(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCountFollowsTheNetworkSize(t *testing.T) {
	for _, c := range []struct {
		text       string
		size, want int
	}{
		{"3", 100, 3},
		{"3", 2, 2}, // never more than there are nodes
		{"3", 0, 1}, // a node that knows no other is a network of one
		{"auto", 1, 1},
		{"auto", 2, 2},
		{"auto", 9, 3},
		{"auto", 100, 10},
		{"auto", 101, 11},
		{"r-6", 1, 1},
		{"r-6", 2, 2},
		{"r-6", 64, 2},
		{"r-6", 65, 3},
		{"r-6", 100, 3},
		{"r-6", 10_000, 5},
		{"r-6", 15_625, 5}, // 5^6: floating point in Go says 6
		{"r-6", 15_626, 6},
		{"r-6", 100_000, 7},
		{"r-6", 1_000_000, 10},
		{"r-2", 10_000, 100},
		{"r-2", 10_001, 101},
		{"r-3", 1000, 10},
		{"r-5", 16_807, 7}, // 7^5: npm says 8
		{"r-1", 17, 17},
		{"r-64", 2, 2},
		{"r-64", math.MaxInt, 2},
		{"25%", 8, 2},
		{"25%", 9, 3},
		{"0.01%", 100, 1},
		{"100%", 7, 7},
		{"66.6%", 1000, 666},
		{"66.6%", 10, 7},
	} {
		if got := count(t, c.text).Of(c.size); got != c.want {
			t.Errorf("%s of %d nodes is %d, want %d", c.text, c.size, got, c.want)
		}
	}
}

// Values of npm's expression ceil(size^(1/k)), computed by V8, around the
// perfect powers where rounding decides.
func TestRootsAreThoseOfJavaScript(t *testing.T) {
	for _, k := range []int{2, 3, 4, 6, 7, 8} {
		for m := 2; power(m, k).IsInt64() && power(m, k).Int64() <= 1_000_000; m++ {
			size := int(power(m, k).Int64())
			for _, c := range []struct{ size, want int }{{size - 1, m}, {size, m}, {size + 1, m + 1}} {
				if got := Root(c.size, k); got != c.want {
					t.Errorf("root %d of %d is %d, want %d", k, c.size, got, c.want)
				}
			}
		}
	}
}

func power(m, k int) *big.Int {
	return new(big.Int).Exp(big.NewInt(int64(m)), big.NewInt(int64(k)), nil)
}

func TestRootIsTheSmallestThatReaches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, math.MaxInt).Draw(t, "size")
		k := rapid.IntRange(1, maxRoot).Draw(t, "k")
		m := Root(size, k)
		if power(m, k).Cmp(big.NewInt(int64(size))) < 0 {
			t.Fatalf("%d^%d is below %d", m, k, size)
		}
		if m > 1 && power(m-1, k).Cmp(big.NewInt(int64(size))) >= 0 {
			t.Fatalf("already %d^%d reaches %d", m-1, k, size)
		}
	})
}

func TestCountIsBetweenOneAndAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := ParseCount(rapid.StringMatching(`auto|[1-9][0-9]{0,5}|r-[1-9]|[1-9][0-9]?(\.[0-9]{1,3})?%`).Draw(t, "text"))
		if err != nil {
			t.Fatal(err)
		}
		size := rapid.IntRange(1, 1_000_000).Draw(t, "size")
		if got := c.Of(size); got < 1 || got > size {
			t.Fatalf("%v of %d nodes is %d", c, size, got)
		}
		if c.Of(size+1) < c.Of(size) {
			t.Fatalf("%v shrinks from %d to %d as a network of %d grows", c, c.Of(size), c.Of(size+1), size)
		}
	})
}

func TestTheZeroCountIsTheSixthRoot(t *testing.T) {
	var zero Count
	if got := zero.Of(15_625); got != 5 || zero.String() != "r-6" {
		t.Errorf("%v of 15,625 nodes is %d, want 5 by r-6", zero, got)
	}
}

// What no count and no decision level accepts.
var garbage = []string{
	"", " ", "0", "-1", "+3", " 3", "3 ", "1.5", "1e3", "0x10", "1_000", "NaN", "Inf", "٣", "all",
	"99999999999999999999", "0%", "-5%", "+5%", "0.0%", "100.1%", "101%", "1e1%", "0x1%", "NaN%", "Inf%", "%", ".5%", "5.%",
	"0." + strings.Repeat("0", 322) + "5%", "5..5%", "5.5.5%", "5 %", "5%%", "%5", "1_0%",
}

func TestCountRejectsWhatIsNoCount(t *testing.T) {
	for _, text := range append([]string{"Auto", "auto ", "r-", "r-0", "r--6", "r-6.5", "r-65", "R-6", "r6", "r-6%"}, garbage...) {
		c, err := ParseCount(text)
		if err == nil {
			t.Errorf("%q is taken for the count %v", text, c)
		} else if !strings.Contains(err.Error(), "approvers count") {
			t.Errorf("the error for %q does not say what it is about: %v", text, err)
		}
	}
}

func FuzzParseCount(f *testing.F) {
	for _, text := range append([]string{"3", "auto", "r-6", "25%", "66.6%", "0.000001%", "007"}, garbage...) {
		f.Add(text, 100)
	}
	f.Fuzz(func(t *testing.T, text string, size int) {
		c, err := ParseCount(text)
		if err != nil {
			return
		}
		if got := c.Of(size); got < 1 || got > max(size, 1) {
			t.Errorf("%q of %d nodes is %d", text, size, got)
		}
		if back, err := ParseCount(c.String()); err != nil || back != c {
			t.Errorf("%q writes as %q, which reads as %v, %v", text, c.String(), back, err)
		}
	})
}

// Only the default is another one in the earlier version.
func TestTheEarlierCountIsAnotherDefault(t *testing.T) {
	if got := (Count{}).Earlier().String(); got != "auto" {
		t.Errorf("the earlier default is %s", got)
	}
	for text, want := range map[string]string{Count{}.String(): "auto", "auto": "auto", "3": "3", "20%": "20%", "r-1": "r-1", "r-9": "r-9"} {
		c, err := ParseCount(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Earlier().String(); got != want {
			t.Errorf("the earlier count of %s is %s, want %s", text, got, want)
		}
	}
}
