package trace

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"spreadable/transport/inmem"
)

// Columns are those of the table, in their order.
func Columns() []string {
	return []string{
		"node", "at_s", "until_s", "what", "request", "note", "peer", "outcome", "call", "operation",
		"backlink", "slaves", "masters", "size",
	}
}

// WriteCSV writes what was recorded as a table, a row for each entry, node by node.
func WriteCSV(w io.Writer, r *Recorder) error {
	out := csv.NewWriter(w)
	_ = out.Write(Columns()) // Flush and Error tell
	for _, t := range r.Tracks() {
		for _, e := range t.Entries {
			_ = out.Write(r.cells(t.Node, e))
		}
	}
	out.Flush()
	return out.Error()
}

// cells are those of one entry's row. What says nothing is empty.
func (r *Recorder) cells(node int, e Entry) []string {
	row := make([]string, len(Columns()))
	row[0], row[1], row[3], row[6], row[7] = itoa(node), seconds(e.At), e.What.String(), r.Text(e.Peer), e.Text
	if !e.Open || e.What == Struck {
		row[2] = seconds(e.Until)
	}
	switch e.What {
	case Asked, Served:
		row[4], row[8] = e.Kind.String(), strconv.FormatUint(e.Call, 10)
		if e.Operation > 0 {
			row[9] = strconv.FormatUint(uint64(e.Operation), 10)
		}
	case Noted:
		row[5] = e.Note.String()
	case Struck:
		row[5] = e.Fault
	case Placed:
		if !e.Place.Backlink.IsZero() {
			row[10] = itoa(inmem.Index(e.Place.Backlink))
		}
		row[11], row[12], row[13] = itoa(len(e.Place.Slaves)), itoa(len(e.Place.Masters.List)), itoa(e.Place.Size())
	}
	return row
}

// seconds are written to the nanosecond, so that a table tells events apart that the
// timeline does.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 9, 64) }
