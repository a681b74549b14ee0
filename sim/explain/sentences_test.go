package explain

import (
	"testing"
	"time"
)

// What happens again and again is one sentence, with how often and until when.
func TestSentencesSayHowOften(t *testing.T) {
	for _, test := range []struct {
		at   []time.Duration
		want string
	}{
		{[]time.Duration{time.Second}, "it slept"},
		{[]time.Duration{time.Second, time.Second}, "it slept"},
		{[]time.Duration{time.Second, 3 * time.Second}, "it slept (again at 3s)"},
		{[]time.Duration{time.Second, 2 * time.Second, 65 * time.Second}, "it slept (3 times until 1m5s)"},
	} {
		x := &teller{}
		for _, at := range test.at {
			x.say(at, "it slept", nil, "")
		}
		if list := x.events(); len(list) != 1 || list[0].Text != test.want {
			t.Errorf("at %v: %+v, want %q", test.at, list, test.want)
		}
	}
}
