package draw

import (
	"strings"
	"testing"
)

func TestDecisionFollowsTheCount(t *testing.T) {
	for _, c := range []struct {
		text        string
		count, want int
	}{
		{"66.6%", 1, 1},
		{"66.6%", 3, 2}, // two of three: one may fail
		{"66.6%", 5, 4},
		{"66.6%", 10, 7},
		{"66.6%", 100, 67},
		{"66.6%", 1000, 666},
		{"75%", 6, 5}, // npm's captcha
		{"100%", 6, 6},
		{"0.1%", 6, 1},
		{"66.6%", 0, 0},
		{"2", 3, 2},
		{"5", 3, 5}, // cannot be met, as in npm
	} {
		decision, err := ParseDecision(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := decision.Of(c.count); got != c.want {
			t.Errorf("%s of %d approvers is %d, want %d", c.text, c.count, got, c.want)
		}
	}
}

func TestTheZeroDecisionIsTwoOfThree(t *testing.T) {
	var zero Decision
	if got := zero.Of(3); got != 2 || zero.String() != "66.6%" {
		t.Errorf("%v of 3 approvers is %d, want 2 by 66.6%%", zero, got)
	}
}

func TestDecisionRejectsWhatIsNoDecision(t *testing.T) {
	for _, text := range append([]string{"auto", "r-6"}, garbage...) {
		decision, err := ParseDecision(text)
		if err == nil {
			t.Errorf("%q is taken for the decision level %v", text, decision)
		} else if !strings.Contains(err.Error(), "decision level") {
			t.Errorf("the error for %q does not say what it is about: %v", text, err)
		}
	}
}

func FuzzParseDecision(f *testing.F) {
	for _, text := range append([]string{"2", "66.6%", "75%", "100%", "007"}, garbage...) {
		f.Add(text, uint16(3))
	}
	f.Fuzz(func(t *testing.T, text string, count uint16) {
		decision, err := ParseDecision(text)
		if err != nil {
			return
		}
		got := decision.Of(int(count))
		if strings.HasSuffix(text, "%") && (got < min(1, int(count)) || got > int(count)) {
			t.Errorf("%q of %d approvers is %d", text, count, got)
		}
		if back, err := ParseDecision(decision.String()); err != nil || back != decision {
			t.Errorf("%q writes as %q, which reads as %v, %v", text, decision.String(), back, err)
		}
	})
}
