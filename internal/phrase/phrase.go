// Package phrase has what every error about a person's words needs: the word that was
// given, safe to show in one line, and the word that was probably meant.
package phrase

import (
	"strconv"
	"strings"

	"github.com/xrash/smetrics"
)

// longest is how many characters of a text an error shows.
const longest = 60

// Quote makes any text safe to show in an error of one line: quoted, escaped and cut to a
// readable length.
func Quote(text string) string {
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strconv.Quote(text)
}

// OneLine is Quote without the quotes.
func OneLine(text string) string {
	quoted := Quote(text)
	return quoted[1 : len(quoted)-1]
}

// Nearest returns the word that the fewest characters more and less make of the given
// one. To go on after three or more characters counts as one change: people shorten
// words. It is "" if even that one takes more changes than half of the given characters,
// with which anything can be made of it. Of several words equally near, it is the first.
func Nearest(given string, words []string) string {
	// no typing error, and the measure takes quadratic time
	if given == "" || len(given) > longest {
		return ""
	}
	best, fewest := "", float64(max(2, len(given)/2)+1)
	for _, word := range words {
		changes := float64(smetrics.WagnerFischer(given, word, 1, 1, 2))
		if len(given) >= 3 && strings.HasPrefix(word, given) {
			changes = 1 + changes/1000 // of several, the shortest
		}
		if changes < fewest {
			best, fewest = word, changes
		}
	}
	return best
}

// Suggest is what to add to an error about a word that is not known: "; did you mean X?",
// or nothing if none of the words is near.
func Suggest(given string, words []string) string {
	if near := Nearest(given, words); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	return ""
}
