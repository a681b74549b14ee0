package httptransport

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"net/url"
	"time"

	"spreadable/core/peer"
)

// fields is a request's body: the top level of a JSON object, or the pairs of a form. Npm nodes look at each field by
// itself and forgive all others, so a field of the wrong type is as good as none, and what that means is decided by
// whoever needs it.
type fields map[string]json.RawMessage

// errBody is a body that is no JSON object.
type errBody struct{ reason string }

func (e errBody) Error() string { return e.reason }

// parseJSON reads a JSON body. An array is a body without fields; a bare value is an error, as it is for npm nodes.
func parseJSON(body []byte) (fields, error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 {
		return nil, nil
	}
	switch body[0] {
	case '{':
		var f fields
		if err := json.Unmarshal(body, &f); err != nil {
			return nil, errBody{err.Error()}
		}
		return f, nil
	case '[':
		if !json.Valid(body) {
			return nil, errBody{"invalid JSON"}
		}
		return nil, nil
	}
	return nil, errBody{"the body must be a JSON object"}
}

// checkJSON finds the errors that parseJSON would find, at a fraction of its price, and no fields.
func checkJSON(body []byte) (fields, error) {
	if start := bytes.TrimLeft(body, " \t\r\n"); len(start) == 0 || (start[0] == '{' || start[0] == '[') && json.Valid(start) {
		return nil, nil
	}
	_, err := parseJSON(body)
	return nil, err
}

// parseForm reads a urlencoded body: flat, each name to its last text.
func parseForm(body []byte) (fields, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errBody{"invalid form"}
	}
	f := make(fields, len(values))
	for name, texts := range values {
		f[name], _ = json.Marshal(texts[len(texts)-1]) // a text always has a JSON form
	}
	return f, nil
}

// has reports whether there is such a field, null or not.
func (f fields) has(name string) bool { return f[name] != nil }

// text returns a text of at most so many bytes; ok is false for anything else.
func (f fields) text(name string, most int) (text string, ok bool) {
	raw := f[name]
	if len(raw) == 0 || raw[0] != '"' || len(raw) > 6*most+2 { // \u0000 is the longest way to write a byte
		return "", false
	}
	err := json.Unmarshal(raw, &text)
	return text, err == nil && len(text) <= most
}

// number returns a number, also one that a form holds as text.
func (f fields) number(name string) (float64, bool) {
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

// millis returns a duration or a time of day, which the wire writes in milliseconds.
func (f fields) millis(name string) (time.Duration, bool) {
	x, ok := f.number(name)
	if !ok || math.Abs(x) > maxMillis {
		return 0, false
	}
	return time.Duration(x * float64(time.Millisecond)), true
}

// maxMillis bounds times on the wire: some 250 years, what a Duration can hold.
const maxMillis = 8e12

// flag reports whether a field is true.
func (f fields) flag(name string) bool { return string(f[name]) == "true" }

// address returns a node's address, the zero one if the field is none.
func (f fields) address(name string) peer.Address {
	text, _ := f.text(name, 512)
	a, err := peer.Parse(text)
	if err != nil {
		return peer.Address{}
	}
	return a
}

// addresses returns a list of addresses, all of them good ones, and not more than maxApprovers.
func (f fields) addresses(name string) ([]peer.Address, bool) {
	raw := f[name]
	var texts []string
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &texts) != nil || len(texts) > maxApprovers {
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

// ip returns an IP, the zero one if the field is none.
func (f fields) ip(name string) netip.Addr {
	text, _ := f.text(name, 64)
	ip, err := peer.ParseIP(text)
	if err != nil {
		return netip.Addr{}
	}
	return ip
}

// raw returns a field's JSON as text, nil when there is no such field: what an approval takes as info.
func (f fields) raw(name string, most int) (*string, bool) {
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

// patience returns how much of the asker's patience is left. Npm peers send it with the time of day at which they had
// it; a message cannot be younger than no time at all, whatever the clocks say.
func (f fields) patience(now, def time.Duration) time.Duration {
	left, ok := f.millis("timeout")
	if !ok {
		return def
	}
	if sent, ok := f.millis("timestamp"); ok {
		left -= max(0, now-sent)
	}
	return min(left, maxPatience)
}

// maxPatience bounds how long a request of somebody else may keep us busy.
const maxPatience = time.Minute
