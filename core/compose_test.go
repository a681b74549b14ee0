package core

import (
	"net/netip"
	"slices"
	"testing"

	"spreadable/core/message"
)

// choosy is an approval for which only parts of one letter fit; its question is made of
// what it gets.
type choosy struct {
	ClientApproval
	got []string
}

func (*choosy) Fits(_ *string, part string) bool { return len(part) == 1 }

func (c *choosy) Compose(_ netip.Addr, _ *string, parts []string) (string, error) {
	c.got = parts
	return "?", nil
}

// A question is made of the parts that fit, each in its place, if they are enough.
func TestQuestionsAreMadeOfPartsThatFit(t *testing.T) {
	for _, test := range []struct {
		parts  []string
		enough int
		want   []string // nil if too few fit
	}{
		{[]string{"a", "b"}, 2, []string{"a", "b"}},
		{[]string{"a", "bad", "", "d"}, 2, []string{"a", "", "", "d"}},
		{[]string{"a", "bad", "", "d"}, 3, nil},
		{[]string{"bad"}, 0, []string{""}},
	} {
		kind := &choosy{}
		resp := composed(kind, netip.Addr{}, nil, slices.Clone(test.parts), test.enough)
		if refused := message.IsRefusal(resp.Err, message.CodeTooFewDecisions); refused != (test.want == nil) || !slices.Equal(kind.got, test.want) {
			t.Errorf("of %q, where %d are enough, a question is made of %q, %v", test.parts, test.enough, kind.got, resp.Err)
		}
	}
}
