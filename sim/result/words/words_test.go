package words

import "testing"

func TestNumberKeepsFourDecimals(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234.5: "-1,234.5", 0.1 + 0.2: "0.3",
		-1e-9:   "0",
		0.00012: "0.0001",
	} {
		if got := Number(x); got != want {
			t.Errorf("Number(%v) = %q, want %q", x, got, want)
		}
	}
}

func TestShortKeepsThreeDigits(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 3: "3", 3.0449: "3.04", 17.32: "17.3", 99.97: "100", 151.6: "152", 31415.9: "31,416",
		1234567: "1,234,567",
		9.999:   "10", 0.00123: "0.00123", 1e-9: "0", -1234: "-1,234", -0.5: "-0.5", 0.0456: "0.0456",
	} {
		if got := Short(x); got != want {
			t.Errorf("Short(%v) = %q, want %q", x, got, want)
		}
	}
}

func TestCountKnowsOneFromMany(t *testing.T) {
	for n, want := range map[int]string{0: "0 nodes", 1: "1 node", 2: "2 nodes", 10000: "10,000 nodes"} {
		if got := Count(n, "node", "nodes"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

// Only all is 100 percent.
func TestPercentRoundsDown(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0", 1: "100", 0.99996: "99.99", 0.29: "29", 0.125: "12.5", 0.12345: "12.34", 1.0 / 3: "33.33",
	} {
		if got := Percent(share); got != want {
			t.Errorf("Percent(%v) = %q, want %q", share, got, want)
		}
	}
}
