// Package phrase helps to write what people read: errors about words that a person has
// typed, which show the word safely in one line and name the one that was probably meant,
// and durations.
package phrase

import (
	"strconv"
	"strings"
	"time"

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

// Nearest returns the word at the smallest distance from the given one: the number of
// characters to add and to remove. A word that begins with the given one, of three or
// more characters, has the distance 1: people shorten words. It returns "" if the
// distance is more than half of the given characters, since then any word is near. Of
// several words equally near, it is the first.
func Nearest(given string, words []string) string {
	// too long for a typing error, and the distance takes quadratic time
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

// Suggest returns what to add to an error about an unknown word: "; did you mean X?", or
// nothing if none of the words is near.
func Suggest(given string, words []string) string {
	if near := Nearest(given, words); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	return ""
}

// Duration writes a duration without the parts that are 0 at its end: 5m, 1h5m, 1m40.025s.
func Duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
