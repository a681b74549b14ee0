// Package title says when two songs are one: the normal form of titles, how similar two
// of them are, and an index that finds similar ones without comparing with all.
//
// Everything is pure: it depends on its arguments and on nothing else, so all nodes of a
// network agree. And it is bounded: a title has at most [MaxLen] bytes, all comparisons
// are linear in that, and a lookup compares with at most [MaxVisits] titles.
package title

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxLen is the longest title in its normal form, in bytes. All nodes of a network must
// have the same.
const MaxLen = 400

// maxRaw bounds what is read before it has a normal form, in bytes: links and other
// rubbish make tags longer than the title in them.
const maxRaw = 4 * MaxLen

// Title names a song. Its normal form is "Artist - Name (feat. Second, Third)".
type Title struct {
	Artists []string // at least one, each once; the first is the main artist
	Name    string
}

// ErrNoTitle says that an artist or a name is missing.
var ErrNoTitle = errors.New("a song needs an artist and a name")

// The words for further artists: in brackets, or up to the next bracket or the end.
var (
	featuringIn  = regexp.MustCompile(`(?i)[(\[]\s*(?:featuring|feat|ft)(?:\.\s*|\s+)([^()\[\]]*)[)\]]`)
	featuringOut = regexp.MustCompile(`(?i)(?:^|\s)(?:featuring|feat|ft)(?:\.\s*|\s+|$)([^()\[\]]*)`)
	links        = regexp.MustCompile(`(?i)(?:https?://|www\.)\S*`)
	separator    = " - "
)

// maxRounds is how often a title is read again until it stays as it is. Once is enough
// for what people write.
const maxRounds = 5

// New makes a title of the tags of a file.
func New(artist, name string) (Title, error) {
	if len(artist)+len(name) > maxRaw {
		return Title{}, fmt.Errorf("the tags of artist and title have %d bytes: at most %d", len(artist)+len(name), maxRaw)
	}
	t, err := read(artist, name)
	for range maxRounds {
		if err != nil {
			return Title{}, err
		}
		artist, name, _ = strings.Cut(t.String(), separator)
		var again Title
		if again, err = read(artist, name); err == nil && again.String() == t.String() {
			return again, nil
		}
		t = again
	}
	return Title{}, ErrNoTitle
}

// read does one round of New.
func read(artist, name string) (Title, error) {
	name, more := extract(clean(name))
	main, rest := extract(clean(artist))
	t := Title{Name: capitalize(trim(name))}
	for _, list := range append([]string{main}, append(rest, more...)...) {
		for _, one := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' }) {
			t.addArtist(one)
		}
	}
	if len(t.Artists) == 0 || t.Name == "" {
		return Title{}, ErrNoTitle
	}
	if n := len(t.String()); n > MaxLen {
		return Title{}, fmt.Errorf("the title has %d bytes: at most %d", n, MaxLen)
	}
	return t, nil
}

// Parse reads a title from one text, "Artist - Name".
func Parse(text string) (Title, error) {
	if len(text) > maxRaw {
		return Title{}, fmt.Errorf("the title has %d bytes: at most %d", len(text), MaxLen)
	}
	artist, name, found := strings.Cut(clean(text), separator)
	if !found {
		return Title{}, fmt.Errorf("want ARTIST - NAME: %w", ErrNoTitle)
	}
	return New(artist, name)
}

// addArtist adds an artist that is not there yet.
func (t *Title) addArtist(text string) {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("()[]", r) {
			return ' '
		}
		return r
	}, text)
	// The separator ends the artist when a title is read again.
	text = trim(strings.ReplaceAll(clean(text), separator, "-"))
	text = capitalize(text)
	same := func(other string) bool { return Fold(other) == Fold(text) }
	if text != "" && !slices.ContainsFunc(t.Artists, same) {
		t.Artists = append(t.Artists, text)
	}
}

// String is the normal form.
func (t Title) String() string {
	if len(t.Artists) == 0 {
		return t.Name
	}
	text := t.Artists[0] + separator + t.Name
	if len(t.Artists) > 1 {
		text += " (feat. " + strings.Join(t.Artists[1:], ", ") + ")"
	}
	return text
}

// Key is the same for titles that differ only in case, diacritics, punctuation or further
// artists. It is what a song is stored under.
func (t Title) Key() string {
	if len(t.Artists) == 0 {
		return Fold(t.Name)
	}
	return Fold(t.Artists[0]) + separator + Fold(t.Name)
}

// Check says what is wrong with a text that should be the normal form of a title.
func Check(text string) error {
	t, err := Parse(text)
	if err == nil && t.String() != text {
		err = fmt.Errorf("%.100q is not the normal form of a title", text)
	}
	return err
}

// extract takes further artists out of a text.
func extract(text string) (rest string, artists []string) {
	for _, form := range []*regexp.Regexp{featuringIn, featuringOut} {
		text = form.ReplaceAllStringFunc(text, func(found string) string {
			artists = append(artists, form.FindStringSubmatch(found)[1])
			return " "
		})
	}
	return clean(text), artists
}

// clean leaves out what is no part of a title: links, emoji and other symbols, invisible
// runes. It has one kind of dashes, quotes and spaces.
func clean(text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(text, " "))
	text = links.ReplaceAllString(text, " ")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Pd, r):
			return '-'
		case strings.ContainsRune("‘’‛`´", r):
			return '\''
		case strings.ContainsRune("“”„‟", r):
			return '"'
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.So, unicode.Sk, unicode.Cf, unicode.Co, unicode.Cs):
			return ' '
		case r >= 0xfe00 && r <= 0xfe0f: // variants of emoji
			return -1
		}
		return r
	}, text)
	// What stood apart may now stand together, and compose.
	return norm.NFC.String(strings.Join(strings.Fields(text), " "))
}

// trim leaves out what separates parts, at both ends of one.
func trim(text string) string { return strings.Trim(text, " -,;&/") }

// capitalize begins each word with a capital letter, and leaves the others.
func capitalize(text string) string {
	start := true
	text = strings.Map(func(r rune) rune {
		if start && unicode.IsLetter(r) {
			r = unicode.ToTitle(r)
		}
		start = r == ' ' || start && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		return r
	}, text)
	return norm.NFC.String(text)
}
