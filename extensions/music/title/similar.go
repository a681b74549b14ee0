package title

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// digits are written as words, so that "Song 2" and "Song Two" are one.
var digits = map[string]string{
	"0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven",
	"8": "eight", "9": "nine", "10": "ten",
}

// counting are other words by which the parts of a work are told apart. The Roman
// numerals of one letter are left out: they are words.
var counting = []string{"ii", "iii", "iv", "vi", "vii", "viii", "ix"}

// Fold is the form in which texts are compared: no case, no diacritics, words of letters
// and digits with one space between. A text without any letter or digit is itself.
func Fold(text string) string {
	// A letter can be a capital and a variant of another. Some have a small form only by
	// way of their capital: ſ is S is s.
	decomposed := norm.NFKD.String(strings.Map(fold, norm.NFKD.String(text)))
	folded := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'':
			return -1
		case unicode.IsLetter(r), unicode.IsNumber(r):
			return r
		}
		return ' '
	}, expand.Replace(decomposed))
	words := strings.Fields(folded)
	if len(words) == 0 {
		return strings.TrimSpace(text)
	}
	for i, word := range words {
		if spelled, is := digits[word]; is {
			words[i] = spelled
		}
	}
	return norm.NFC.String(strings.Join(words, " "))
}

// expand writes out what stands for more than one letter.
var expand = strings.NewReplacer("&", " and ", "ß", "ss")

func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// gram is two neighbouring runes of a folded text, where a word begins and ends with a
// space.
type gram uint64

// grams are those of a text, each once, in order.
func grams(texts ...string) []gram {
	var all []gram
	for _, text := range texts {
		last := ' '
		for _, r := range text + " " {
			all = append(all, gram(last)<<32|gram(r))
			last = r
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// common counts what two sorted lists have in common.
func common(a, b []gram) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			a, b, n = a[1:], b[1:], n+1
		}
	}
	return n
}

// dice is the coefficient of Sørensen and Dice: 2 |a ∩ b| / (|a| + |b|), 0 to 1.
func dice(a, b []gram) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	return 2 * float64(common(a, b)) / float64(len(a)+len(b))
}

// form is a title made ready to compare.
type form struct {
	name, main, artists []gram
	all                 []gram   // of name and artists
	numbers             []string // in the name, in order
	folded              []string // the artists
}

func newForm(t Title) form {
	f := form{folded: make([]string, len(t.Artists))}
	for i, artist := range t.Artists {
		f.folded[i] = Fold(artist)
	}
	name := Fold(t.Name)
	f.name, f.artists = grams(name), grams(f.folded...)
	if len(f.folded) > 0 {
		f.main = grams(f.folded[0])
	}
	f.all = grams(append([]string{name}, f.folded...)...)
	for _, word := range strings.Fields(name) {
		if isNumber(word) {
			f.numbers = append(f.numbers, word)
		}
	}
	slices.Sort(f.numbers)
	return f
}

func isNumber(word string) bool {
	if slices.Contains(counting, word) || strings.IndexFunc(word, func(r rune) bool { return !unicode.IsNumber(r) }) < 0 {
		return true
	}
	for _, spelled := range digits {
		if word == spelled {
			return true
		}
	}
	return false
}

const (
	nameShare   = 3.0 / 4 // of the similarity; the rest is that of the artists
	mainShare   = 0.9     // similarity of artists if only the main ones agree
	otherNumber = 0.5     // most similarity of names with different numbers
)

// similarity of two titles, 0 to 1. A second part is another song, however similar its
// title.
func (f *form) similarity(g *form) float64 {
	name := dice(f.name, g.name)
	if !slices.Equal(f.numbers, g.numbers) {
		name = min(name, otherNumber)
	}
	artists := max(dice(f.artists, g.artists), mainShare*dice(f.main, g.main))
	return nameShare*name + (1-nameShare)*artists
}

// Similarity says how similar two titles are: 1 if they differ in nothing that counts,
// three quarters of it from the names and one from the artists. It is symmetric, and
// takes time linear in both titles.
func Similarity(a, b Title) float64 {
	f, g := newForm(a), newForm(b)
	return f.similarity(&g)
}
