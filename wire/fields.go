package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"net/url"
	"time"

	"spreadable/core/peer"
)

// Fields is a request's body: the top level of a JSON object, or the pairs of a form. Npm
// nodes check each field by itself and ignore all others. So a field of the wrong type
// counts as missing, and the code that needs it decides what that means.
type Fields map[string]json.RawMessage

// ParseJSON reads a JSON body. An array is a body without fields; a bare value is an
// error, as it is for npm nodes.
func ParseJSON(body []byte) (Fields, error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 {
		return nil, nil
	}
	switch body[0] {
	case '{':
		var f Fields
		if err := json.Unmarshal(body, &f); err != nil {
			return nil, badBody(err.Error())
		}
		return f, nil
	case '[':
		if !json.Valid(body) {
			return nil, badBody("invalid JSON")
		}
		return nil, nil
	}
	return nil, badBody("the body must be a JSON object")
}

// CheckJSON finds the errors that ParseJSON would find, at a fraction of its cost, but
// returns no fields.
func CheckJSON(body []byte) (Fields, error) {
	start := bytes.TrimLeft(body, " \t\r\n")
	if len(start) == 0 || (start[0] == '{' || start[0] == '[') && json.Valid(start) {
		return nil, nil
	}
	_, err := ParseJSON(body)
	return nil, err
}

// ParseForm reads a urlencoded body: flat, each name to its last text.
func ParseForm(body []byte) (Fields, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badBody("invalid form")
	}
	f := make(Fields, len(values))
	for name, texts := range values {
		f[name], _ = json.Marshal(texts[len(texts)-1]) // a text always has a JSON form
	}
	return f, nil
}

// text returns a text of at most the given number of bytes; "" and false for anything
// else.
func (f Fields) text(name string, most int) (text string, ok bool) {
	raw := f[name]
	// \u0000 is the longest way to write a byte
	if len(raw) == 0 || raw[0] != '"' || len(raw) > 6*most+2 {
		return "", false
	}
	if json.Unmarshal(raw, &text) != nil || len(text) > most {
		return "", false
	}
	return text, true
}

// Action returns the action that an approval is for; "" if the field is not a text.
func (f Fields) Action() string {
	action, _ := f.text("action", maxAction)
	return action
}

// number returns a number, also one that a form holds as text.
func (f Fields) number(name string) (float64, bool) {
	raw := f[name]
	if len(raw) > 2 && raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
	}
	if len(raw) == 0 || len(raw) > 32 || raw[0] == 'n' {
		return 0, false
	}
	var x float64
	err := json.Unmarshal(raw, &x)
	return x, err == nil && !math.IsInf(x, 0)
}

// Millis returns a duration or a time of day, which the wire writes in milliseconds.
func (f Fields) Millis(name string) (time.Duration, bool) {
	x, ok := f.number(name)
	if !ok || math.Abs(x) > maxMillis {
		return 0, false
	}
	return fromMillis(x), true
}

func fromMillis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// count brings a number from the wire into the range of sizes.
func count(x float64) int {
	if !(x > 0) { // NaN included
		return 0
	}
	return int(min(x, maxCount))
}

// whole returns a field as a size; 0 if it is none.
func (f Fields) whole(name string) int {
	x, _ := f.number(name)
	return count(x)
}

// flag reports whether a field is true.
func (f Fields) flag(name string) bool { return string(f[name]) == "true" }

// address returns a node's address, the zero one if the field is not an address.
func (f Fields) address(name string) peer.Address {
	text, _ := f.text(name, maxAddress)
	a, err := peer.Parse(text)
	if err != nil {
		return peer.Address{}
	}
	return a
}

// addresses returns a list of at most MaxApprovers addresses; ok is false if one is
// invalid or there are more.
func (f Fields) addresses(name string) ([]peer.Address, bool) {
	raw := f[name]
	var texts []string
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &texts) != nil || len(texts) > MaxApprovers {
		return nil, false
	}
	list := make([]peer.Address, len(texts))
	for i, text := range texts {
		a, err := peer.Parse(text)
		if err != nil {
			return nil, false
		}
		list[i] = a
	}
	return list, true
}

// ip returns an IP, the zero one if the field is not an IP.
func (f Fields) ip(name string) netip.Addr {
	text, _ := f.text(name, 64)
	ip, err := peer.ParseIP(text)
	if err != nil {
		return netip.Addr{}
	}
	return ip
}

// raw returns a field's JSON as text, for the info of an approval; nil if there is no
// such field.
func (f Fields) raw(name string, most int) (*string, bool) {
	raw, ok := f[name]
	if !ok {
		return nil, true
	}
	if len(raw) > most {
		return nil, false
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return nil, false
	}
	text := compact.String()
	return &text, true
}

// Budget returns how much is left of the sender's timeout budget, or def if the request
// does not say. Npm peers send the budget with the time of day when they sent it. If the
// clocks differ, the message is taken to be at least 0 ms old.
func (f Fields) Budget(now, def time.Duration) time.Duration {
	left, ok := f.Millis("timeout")
	if !ok {
		return def
	}
	if sent, ok := f.Millis("timestamp"); ok {
		left -= max(0, now-sent)
	}
	return min(left, MaxBudget)
}

// MaxBudget bounds how long another participant's request may keep a node busy.
const MaxBudget = time.Minute
