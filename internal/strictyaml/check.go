package strictyaml

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"

	"spreadable/internal/phrase"
)

// text refuses a file that is too large or not text. It returns the others in the form
// that the lexer reads correctly: with LF at the end of every line, and without a byte
// order mark. Lines and columns stay the same.
func (f Format) text(name string, data []byte) (string, error) {
	if len(data) > MaxSize {
		return "", fmt.Errorf("%s: larger than %d MiB, which no %s is", name, MaxSize>>20, f.Name)
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	line, column := 1, 1
	for i := 0; i < len(text); column++ {
		r, size := utf8.DecodeRuneInString(text[i:])
		wrong := ""
		switch {
		case r == utf8.RuneError && size == 1:
			wrong = fmt.Sprintf("not a text file: byte 0x%02x is not UTF-8", text[i])
		case r == '\n':
			line, column = line+1, 0
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			wrong = fmt.Sprintf("not a text file: control character 0x%02x", r)
		case unclear(r):
			wrong = fmt.Sprintf(
				`readers of YAML do not agree on the character U+%04X: write "\u%04x", in double quotes`, r, r)
		}
		if wrong != "" {
			return "", fmt.Errorf("%s:%d:%d: %s", name, line, column, wrong)
		}
		i += size
	}
	// else the lexer would lose the last line of a block
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text, nil
}

// unclear reports whether readers of YAML disagree about a character: some take it for a
// line break (CR alone, NEL, LS, PS) or a byte order mark, or YAML 1.2 does not allow it
// (section 5.1).
func unclear(r rune) bool {
	return r == '\r' || 0x80 <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// checkTokens refuses the parts of YAML that these files do not need, and texts that the
// library would change.
func (f Format) checkTokens(name string, tokens token.Tokens) error {
	for i, t := range tokens {
		refused := ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			refused = "anchors, aliases and merge keys (& * <<) are not part of a %s: " +
				"write the value out, or put it in quotes"
		case token.TagType:
			refused = `tags (!) are not part of a %s: put a text that starts with "!" in quotes`
		case token.DirectiveType:
			refused = `directives (%%) are not part of a %s: put a text that starts with "%%" in quotes`
		case token.DocumentHeaderType:
			if i > 0 && !onlyComments(tokens[:i]) {
				refused = "a second document: a %s file holds one"
			}
		case token.DocumentEndType:
			if i < len(tokens)-1 {
				refused = "a second document: a %s file holds one"
			}
		}
		if refused != "" {
			return errorAt(name, t, refused, f.Name)
		}
		if changed := changedText(tokens, i); changed != "" {
			if inBlock(tokens, i) {
				// the sign before it; the lexer's place of the text is wrong
				t = tokens[i-1]
			}
			return errorAt(name, t, "%s", changed)
		}
	}
	return nil
}

func onlyComments(tokens token.Tokens) bool {
	for _, t := range tokens {
		if t.Type != token.CommentType {
			return false
		}
	}
	return true
}

// changedText says what is wrong with a token whose text the library would change.
//
// A tab: in a plain text the lexer drops it, after one in double quotes it loses the next
// line break (goccy/go-yaml issues 530 and 676). Spaces at the end of a line of a block:
// some are lost, and they are invisible.
func changedText(tokens token.Tokens, i int) string {
	t := tokens[i]
	text := strings.Trim(t.Origin, " \t\n")
	block := inBlock(tokens, i)
	switch {
	case t.Type == token.CommentType:
		return ""
	case block:
		text = t.Origin
	case t.Type == token.StringType && text == "?" && (i == 0 || tokens[i-1].Position.Line < t.Position.Line):
		// for other readers it is a key without a name
		return "a ? alone on a line: put it in quotes"
	case t.Type == token.MappingValueType && sticks(tokens, i):
		// for other readers it is not a separator
		return `expected "key: value", with a space after the colon`
	case t.Type == token.SingleQuoteType: // tabs in it are read correctly
		return ""
	}
	switch {
	case strings.Contains(text, "\t"):
		return `a tab inside a text: write \t, in double quotes, or spaces`
	case block && strings.Contains(text, " \n"):
		return "spaces at the end of a line of a text: take them away, or put the text in double quotes on one line"
	}
	return ""
}

// sticks reports whether the colon at i has no space after it, and no quote before it.
func sticks(tokens token.Tokens, i int) bool {
	if i == 0 || i+1 == len(tokens) ||
		tokens[i-1].Type == token.DoubleQuoteType || tokens[i-1].Type == token.SingleQuoteType {
		return false
	}
	here, next := tokens[i].Position, tokens[i+1]
	beside := next.Position.Line == here.Line && next.Position.Column == here.Column+1
	// a tab counts as a space
	return beside && next.Type != token.CommentType && !strings.HasPrefix(next.Origin, "\t")
}

// checkLines refuses plain and quoted texts of several lines: the library loses some of
// their spaces, blank lines and comments. It runs after the parser, whose error about a
// quote that is never closed is better.
func checkLines(name string, tokens token.Tokens) error {
	for i, t := range tokens {
		if t.Type != token.CommentType && !inBlock(tokens, i) &&
			strings.Contains(strings.Trim(t.Origin, " \t\n"), "\n") {
			return errorAt(name, t,
				"a text of several lines: put it on one line, or below the key as a block (key: >-)")
		}
	}
	return nil
}

// inBlock reports whether the token at i is the text of a block.
func inBlock(tokens token.Tokens, i int) bool {
	return i > 0 && (tokens[i-1].Type == token.LiteralType || tokens[i-1].Type == token.FoldedType)
}

// alreadyDefined is how the library reports a key that is given twice.
var alreadyDefined = regexp.MustCompile(`^mapping key "(.*)" already defined at \[(\d+):\d+\]$`)

// explain says what the library's message means for the person who wrote the file. A
// message that is not known here is passed on, in one line: an excerpt of the file may
// follow it.
func explain(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	if parts := alreadyDefined.FindStringSubmatch(message); parts != nil {
		return fmt.Sprintf("%s: given twice; first in line %s", phrase.OneLine(parts[1]), parts[2])
	}
	for _, known := range []struct{ part, meaning string }{
		{"tab character", "a tab cannot indent YAML: use spaces"},
		{"character '\t'", "a tab cannot indent YAML: use spaces"},
		{"invalid header option", `a text that starts with ">" or "|" needs quotes, such as ">= 3"`},
		{"unexpected key name", `expected "key: value", with a space after the colon`},
		{"invalid key for this map", "expected the name of a key"},
		{"not allowed in this context",
			"this does not belong here: check the indentation, quotes and brackets of this line and the one before"},
		{"end token '}'", "an opened { is never closed"},
		{"end token ']'", "an opened [ is never closed"},
		{"end character of", "an opened quote is never closed"},
	} {
		if strings.Contains(message, known.part) {
			return known.meaning
		}
	}
	return "not readable as YAML: " + phrase.OneLine(message)
}
