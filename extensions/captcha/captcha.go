package captcha

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"spreadable/core"
	"spreadable/core/draw"
)

// symbols is what we issue. npm issues all of 0-9 and a-z; left out are those that people
// take for another when turned, or written in the other case: 0 and o; 1, l and i; 5 and
// s; 2 and z; 9, g and q. One of each group stays where it is distinct without the
// others.
const symbols = "23456789abcdefhjkmnprtuvwxy"

// Approval is the approval of kind "captcha". It is immutable, and serves any
// number of nodes at once.
type Approval struct {
	length, shadows int
	look            look // if the client's info sets nothing
	terms           core.Terms
	glyphs          [len(symbols)]glyph // by place in symbols
}

var _ core.ApprovalKind = (*Approval)(nil)

// New returns a captcha on the given terms, or an error that names the option
// out of range.
func New(options Options) (*Approval, error) {
	look, err := options.look()
	if err != nil {
		return nil, err
	}
	glyphs, err := loadGlyphs()
	if err != nil {
		return nil, err
	}
	approvers, err := draw.ParseCount(strconv.Itoa(options.Length))
	if err != nil {
		return nil, err
	}
	return &Approval{
		length:  options.Length,
		shadows: options.Shadows,
		look:    look,
		terms:   core.Terms{Approvers: approvers, Decision: options.Decision, Period: options.Period},
		glyphs:  glyphs,
	}, nil
}

// Name implements [core.ApprovalKind].
func (*Approval) Name() string { return "captcha" }

// Terms implements [core.ApprovalKind]. There are as many approvers as cells, or
// the whole network when it is smaller.
func (a *Approval) Terms() core.Terms { return a.terms }

// Price implements [core.ApprovalKind]: drawing a picture, or reading one, takes some 5
// ms.
func (*Approval) Price() time.Duration { return 5 * time.Millisecond }

// Accepts implements [core.ApprovalKind]: info is nil, or the JSON text of an object that
// has no keys but captchaWidth (a whole number from 100 to 500), captchaBackground
// ("transparent" or "#rrggbb") and captchaColor ("random" or "#rrggbb"). As in npm {} is
// accepted and null is not.
func (a *Approval) Accepts(info *string) bool {
	_, err := a.look.with(info, a.length)
	return err == nil
}

// Issue implements [core.ApprovalKind]. The part is a PNG in base64, of fewer than 32,768
// bytes; the answer is the text in it; the client will be asked for its beginning. The
// same random numbers give the same part. An info that is not accepted counts as none.
func (a *Approval) Issue(_ netip.Addr, info *string, random func(n int) int) (part, answer string) {
	look, err := a.look.with(info, a.length)
	if err != nil {
		look = a.look
	}
	row := make([]int, a.length)
	var text strings.Builder
	for i := range row {
		row[i] = random(len(symbols))
		text.WriteByte(symbols[row[i]])
	}
	canvas := newCanvas(look)
	for i, symbol := range row {
		a.paint(canvas, look, i, symbol, random)
	}
	return base64.StdEncoding.EncodeToString(encode(canvas)), text.String()
}

// Check implements [core.ApprovalKind]: given is right when it has the length of
// the picture, and when its characters at the cells of the approver at place i
// of count are the first of expected, whatever their case. A count without a
// cell for each approver, and a place outside it, are never right.
func (a *Approval) Check(given, expected string, i, count int) bool {
	from, n := share(a.length, i, count)
	// npm counts UTF-16 units. None takes more than three bytes, and texts far
	// beyond the length are not worth converting.
	if n == 0 || len(given) > 3*a.length {
		return false
	}
	answer, own := utf16.Encode([]rune(given)), utf16.Encode([]rune(expected))
	return len(answer) == a.length && len(own) == a.length && sameFolded(answer[from:from+n], own[:n])
}

// ExpectedAnswer is what a client must answer to the picture composed of the
// parts whose texts, as [Approval.Issue] gave them, are these, in the same
// order. No node can know it; tests that ask all approvers can.
func (a *Approval) ExpectedAnswer(texts []string) (string, error) {
	if len(texts) == 0 || len(texts) > a.length {
		return "", fmt.Errorf("captcha of %d texts: want 1 to %d", len(texts), a.length)
	}
	var answer strings.Builder
	for i, text := range texts {
		if len(text) != a.length {
			return "", errors.New("captcha text of another length")
		}
		_, n := share(a.length, i, len(texts))
		answer.WriteString(text[:n])
	}
	return answer.String(), nil
}
