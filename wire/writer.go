package wire

import (
	"encoding/json"
	"math"
	"net/netip"
	"strconv"
	"time"

	"spreadable/core/peer"
)

// writer writes the JSON of one body, byte for byte as encoding/json does, or, for a
// Sizes, only adds up what it would take. The functions of the codecs do not see the
// difference.
type writer struct {
	speaker      *Speaker
	sizes        *Sizes        // set to count instead of writing
	timeout, now time.Duration // of a request
	name         string        // what follows the kind's path: the query, or the action
	err          error         // the body cannot be written

	text  []byte
	value any // of an application, to be inserted at byte at; see later
	at    int
	holds bool // there is such a value, nil or not

	tally           // of what was counted
	previous string // the last address among it
	last     int64  // and the last number
}

// raw writes text that is JSON already.
func (w *writer) raw(text string) {
	if w.sizes != nil {
		w.bytes += len(text)
		return
	}
	w.text = append(w.text, text...)
}

// string writes a text.
func (w *writer) string(text string) {
	if w.sizes != nil {
		w.texts += len(text)
	}
	if isPlain(text) {
		w.quoted(text)
		return
	}
	escaped, _ := json.Marshal(text) // a text always has a JSON form
	w.raw(string(escaped))
}

// isPlain reports whether encoding/json writes a text as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c >= 0x80, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

func (w *writer) quoted(plain string) {
	if w.sizes != nil {
		w.bytes += len(plain) + len(`""`)
		return
	}
	w.text = append(w.text, '"')
	w.text = append(w.text, plain...)
	w.text = append(w.text, '"')
}

// strings writes a list of the texts of peers.
func (w *writer) strings(peers []peer.Peer) {
	w.raw(`[`)
	for i, p := range peers {
		w.comma(i)
		w.peer(p)
	}
	w.raw(`]`)
}

// comma separates the i-th element of a list from the one before.
func (w *writer) comma(i int) {
	if i > 0 {
		w.raw(`,`)
	}
}

// peer writes an address, "" for none.
func (w *writer) peer(p peer.Peer) {
	if p.IsZero() {
		w.raw(`""`)
		return
	}
	text := w.speaker.Book.Text(p)
	if w.sizes != nil {
		w.address(text)
		return
	}
	w.quoted(text) // of letters, digits and what separates them
}

// node writes a peer as an object.
func (w *writer) node(p peer.Peer) {
	w.raw(`{"address":`)
	w.peer(p)
	w.raw(`}`)
}

// nodes writes a list of peers as objects, never as null, which npm peers cannot handle.
func (w *writer) nodes(peers []peer.Peer) {
	w.raw(`[`)
	for i, p := range peers {
		w.comma(i)
		w.node(p)
	}
	w.raw(`]`)
}

// int writes a whole number.
func (w *writer) int(n int64) {
	if w.sizes != nil {
		w.digits(n)
		return
	}
	w.text = strconv.AppendInt(w.text, n, 10)
}

// number writes a finite number, whole or not.
func (w *writer) number(x float64) {
	const exact = 1 << 53 // up to here every whole number is exact as a float64
	whole := x == math.Trunc(x) && math.Abs(x) < exact
	if negativeZero := x == 0 && math.Signbit(x); whole && !negativeZero {
		w.int(int64(x))
		return
	}
	text, _ := json.Marshal(x)
	w.raw(string(text))
}

// bool writes true or false.
func (w *writer) bool(b bool) { w.raw(strconv.FormatBool(b)) }

// millis writes a time of day or a duration as the wire does, in milliseconds.
func (w *writer) millis(d time.Duration) { w.number(float64(d.Microseconds()) / 1000) }

// ip writes a client's IP.
func (w *writer) ip(ip netip.Addr) { w.string(IPText(ip)) }

// IPText is a client's IP as npm nodes write it: IPv4 as such, IPv6 in full.
func IPText(ip netip.Addr) string {
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	return peer.FullIPv6(ip)
}

// later leaves a gap for the value of an application; a body has at most one.
func (w *writer) later(value any) {
	if w.sizes != nil {
		w.valueOf(value)
		return
	}
	w.value, w.at, w.holds = value, len(w.text), true
}

// budget writes the last fields of a request whose receiver has to ask others: how much
// of the timeout budget was left, and when.
func (w *writer) budget() {
	w.raw(`"timeout":`)
	w.int(w.timeout.Milliseconds())
	w.raw(`,"timestamp":`)
	w.int(w.now.Milliseconds())
	w.raw(`}`)
}

// writeBudget writes a request that has no other fields.
func writeBudget(w *writer, _ any) error {
	w.raw(`{`)
	w.budget()
	return nil
}
