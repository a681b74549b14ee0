package captcha

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCellsAreSharedOutEvenlyLatecomersGettingMore(t *testing.T) {
	for _, c := range []struct{ length, shares []int }{
		{[]int{6, 1}, []int{6}},
		{[]int{6, 2}, []int{3, 3}},
		{[]int{6, 3}, []int{2, 2, 2}},
		{[]int{6, 4}, []int{1, 1, 2, 2}},
		{[]int{6, 5}, []int{1, 1, 1, 1, 2}},
		{[]int{6, 6}, []int{1, 1, 1, 1, 1, 1}},
		{[]int{4, 3}, []int{1, 1, 2}},
		{[]int{8, 5}, []int{1, 1, 2, 2, 2}},
		{[]int{8, 3}, []int{2, 3, 3}},
	} {
		length, count, next := c.length[0], c.length[1], 0
		for i, want := range c.shares {
			if from, n := share(length, i, count); from != next || n != want {
				t.Errorf("%d cells, approver %d of %d: cells %d+%d, want %d+%d", length, i, count, from, n, next, want)
			}
			next += want
		}
		if next != length {
			t.Errorf("%d cells for %d approvers: %d given away", length, count, next)
		}
	}
}

func TestWithoutACellForEachApproverNoneOwnsAny(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {-1, 3}, {3, 3}, {0, -1}, {0, 7}, {6, 7}, {13, 14}, {1 << 40, 1 << 41}} {
		if from, n := share(6, c[0], c[1]); n != 0 {
			t.Errorf("approver %d of %d owns cells %d+%d", c[0], c[1], from, n)
		}
	}
}

// The rows were made by the npm package's own checkAnswer, with right answers,
// right ones in capitals, and ones with a changed character.
func TestAnswersAreJudgedAsNpmJudgesThem(t *testing.T) {
	var rows []struct {
		Given, Expected string
		I, Count        int
		Passes          bool
	}
	readJSON(t, "testdata/npm-checks.json", &rows)
	a := fresh(t, DefaultOptions())
	if len(rows) != 84 {
		t.Fatalf("%d rows, want 84", len(rows))
	}
	for _, r := range rows {
		if got := a.Check(r.Given, r.Expected, r.I, r.Count); got != r.Passes {
			t.Errorf("answer %q to %q at approver %d of %d: passes %v, npm %v", r.Given, r.Expected, r.I, r.Count, got, r.Passes)
		}
	}
}

func TestAnAnswerPassesAtEveryApproverAndAWrongCharacterFailsAtItsOwnerOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		options := DefaultOptions()
		options.Length = rapid.IntRange(minLength, maxLength).Draw(t, "length")
		a, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		text := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789abcdefghijklmnopqrstuvwxyz")), options.Length, options.Length, -1)
		texts := rapid.SliceOfN(text, 1, options.Length).Draw(t, "texts")
		answer, err := a.ExpectedAnswer(texts)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "capitals") {
			answer = strings.ToUpper(answer)
		}
		for i, text := range texts {
			if !a.Check(answer, text, i, len(texts)) {
				t.Fatalf("right answer %q fails at approver %d of %d, which issued %q", answer, i, len(texts), text)
			}
		}
		place := rapid.IntRange(0, options.Length-1).Draw(t, "place")
		wrong := []rune(answer)
		wrong[place] = rapid.RuneFrom([]rune("0 _é世\x00")).Filter(func(r rune) bool { return r != wrong[place] }).Draw(t, "wrong")
		for i, text := range texts {
			from, n := share(options.Length, i, len(texts))
			owner := place >= from && place < from+n
			if a.Check(string(wrong), text, i, len(texts)) == owner {
				t.Fatalf("answer %q for %q: owner %v of the wrong character, passes %v", string(wrong), answer, owner, !owner)
			}
		}
	})
}

func TestAnswersOfAnotherLengthFailEverywhere(t *testing.T) {
	a := fresh(t, DefaultOptions())
	for _, given := range []string{"", "a", "aaaaa", "aaaaaaa", "aaaaaa ", strings.Repeat("a", 1<<20), "undefi ned"} {
		for count := 1; count <= 6; count++ {
			for i := range count {
				if a.Check(given, "aaaaaa", i, count) {
					t.Errorf("an answer of %d bytes passes at approver %d of %d", len(given), i, count)
				}
			}
		}
	}
}

func TestAnApproverThatNeverIssuedAgreesToNothing(t *testing.T) {
	a := fresh(t, DefaultOptions())
	// npm compares with the text of a missing answer, which begins like this.
	for _, expected := range []string{"", "undefined", "un"} {
		for _, given := range []string{"", "undefi", "uuuuuu"} {
			if a.Check(given, expected, 0, 1) || a.Check(given, expected, 0, 6) {
				t.Errorf("answer %q passes where %q is expected", given, expected)
			}
		}
	}
}

// In npm, eight made-up approvers behind the true ones leave these slices of no
// characters, and any answer passes.
func TestPaddingTheListOfApproversMakesNoAnswerRight(t *testing.T) {
	a := fresh(t, DefaultOptions())
	_, texts := issue(a, nil, 6, 1)
	right, err := a.ExpectedAnswer(texts)
	if err != nil {
		t.Fatal(err)
	}
	for extra := 1; extra <= 20; extra++ {
		for i, text := range texts {
			for _, given := range []string{"", "??????", right, text} {
				if a.Check(given, text, i, 6+extra) {
					t.Errorf("answer %q passes at approver %d with %d made-up ones", given, i, extra)
				}
			}
		}
	}
}

func TestOnlyWholeTextsOfUpToAllApproversHaveAnAnswer(t *testing.T) {
	a := fresh(t, DefaultOptions())
	if got, err := a.ExpectedAnswer([]string{"aaaaaa", "bbbbbb", "cccccc", "dddddd"}); got != "abccdd" || err != nil {
		t.Errorf("four texts: %q, %v", got, err)
	}
	for _, texts := range [][]string{nil, {"short"}, slices.Repeat([]string{"aaaaaa"}, 7)} {
		if got, err := a.ExpectedAnswer(texts); err == nil {
			t.Errorf("%q: %q instead of an error", texts, got)
		}
	}
}
