// Package label says what a file is: its type, found in its first bytes, and a name that
// can be used anywhere.
package label

import (
	"errors"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// HeadSize is how many of the first bytes tell the type.
const HeadSize = 3072

// MaxName and MaxType are the longest name and type, in bytes.
const (
	MaxName = 255
	MaxType = 127
)

// Unknown is the type of bytes of which nothing is known.
const Unknown = "application/octet-stream"

// Type is the media type of a file that begins with these bytes.
func Type(head []byte) string {
	return mimetype.Detect(head[:min(len(head), HeadSize)]).String()
}

var (
	errName = errors.New("want a name of at most 255 bytes, without slashes and control characters")
	errType = errors.New("want a media type such as text/plain")
)

// CheckName says what is wrong with the name of a file; "" is none, and good. A name is a
// single part of a path on all systems, and shows as what it is: it has no slash, no
// control character, and none that turns the direction of the text.
func CheckName(name string) error {
	switch {
	case len(name) > MaxName, !utf8.ValidString(name), name == ".", name == "..", name != strings.TrimSpace(name):
		return errName
	case strings.ContainsAny(name, `/\`), strings.ContainsFunc(name, unprintable):
		return errName
	}
	return nil
}

// unprintable finds what does not show in a name: controls, formats such as U+202E, and
// private and unassigned characters.
func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// CheckType says what is wrong with a media type.
func CheckType(text string) error {
	kind, _, err := mime.ParseMediaType(text)
	if err != nil || len(text) > MaxType || !strings.Contains(kind, "/") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errType
	}
	return nil
}

// Match reports whether a type is one of a list, in which text/* stands for all texts.
func Match(text string, list []string) bool {
	kind, _, err := mime.ParseMediaType(text)
	if err != nil {
		kind = Unknown
	}
	for _, pattern := range list {
		family, all := strings.CutSuffix(pattern, "*")
		if kind == pattern || all && strings.HasPrefix(kind, family) {
			return true
		}
	}
	return false
}

// Disposition is the header Content-Disposition of a file with this name.
func Disposition(name string) string {
	if name == "" {
		return "inline"
	}
	return mime.FormatMediaType("inline", map[string]string{"filename": name})
}
