package result

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// cell ties one column of a table to the field of a row. A row type lists its cells once,
// and that list both writes and reads the table, so the two cannot drift apart.
type cell struct {
	// name is the column's, with the unit at its end.
	name string
	// field points to the row's field: *int, *int64, *bool, *float64, *string, *Kind,
	// *Role, *[]int, **int64, nil for an empty cell, or, in the given unit,
	// *time.Duration. A *RequestOutcome follows from
	// other fields of the row; it is written and checked, not kept.
	field any
	unit  time.Duration
	// blank marks a cell that says nothing in this row: written empty, read as zero.
	blank bool
	// sampled marks the last column of a table that may be a sample; a table that is none
	// leaves it out.
	sampled bool
}

// sampleCells lists the columns of series.csv.
func sampleCells(s *Sample) []cell {
	return []cell{
		{name: "time_s", field: &s.Time, unit: time.Second},
		{name: "alive", field: &s.Alive},
		{name: "registered", field: &s.Registered},
		{name: "exact_size", field: &s.ExactSize},
		{name: "coverage", field: &s.Coverage},
		{name: "registered_count", field: &s.RegisteredCount},
		{name: "masters", field: &s.Masters},
		{name: "masters_expected", field: &s.MastersExpected},
		{name: "requests", field: &s.Requests},
		{name: "bytes", field: &s.Bytes},
		{name: "events", field: &s.Events},
		{name: "lost", field: &s.Lost},
		{name: "retransmissions", field: &s.Retransmissions},
		{name: "refused", field: &s.Refused},
		{name: "abandoned", field: &s.Abandoned},
	}
}

// requestCells lists the columns of requests.csv.
func requestCells(r *Request) []cell {
	noDraw, outcome := r.Kind != KindApproval, r.Outcome()
	return []cell{
		{name: "kind", field: &r.Kind},
		{name: "index", field: &r.Index},
		{name: "start_s", field: &r.Start, unit: time.Second},
		{name: "entry", field: &r.Entry},
		{name: "ok", field: &r.OK},
		{name: "outcome", field: &outcome},
		{name: "error", field: &r.Error},
		{name: "hops", field: &r.Hops, blank: r.Hops == 0},
		{name: "latency_ms", field: &r.Latency, unit: time.Millisecond, blank: r.Latency == 0},
		{name: "messages", field: &r.Messages},
		{name: "bytes", field: &r.Bytes},
		{name: "asked", field: &r.Asked, blank: r.Asked == 0},
		{name: "answered", field: &r.Answered, blank: r.Asked == 0},
		{name: "coverage", field: &r.Coverage, blank: !noDraw},
		{name: "fanout", field: &r.Fanout, blank: r.Fanout == 0},
		{name: "retries", field: &r.Retries},
		{name: "warm_up", field: &r.WarmUp},
		{name: "draw_start_s", field: &r.DrawStart, unit: time.Second, blank: noDraw},
		{name: "approvers", field: &r.Approvers, blank: noDraw},
		{name: "compared", field: &r.Compared, blank: noDraw},
		{name: "agreed", field: &r.Agreed, blank: noDraw || r.Compared == 0},
		{name: "stands_for", field: &r.StandsFor, sampled: true},
	}
}

// nodeCells lists the columns of nodes.csv.
func nodeCells(n *Node) []cell {
	return []cell{
		{name: "index", field: &n.Index},
		{name: "address", field: &n.Address},
		{name: "role", field: &n.Role},
		{name: "slaves", field: &n.Slaves},
		{name: "backlink", field: &n.Backlink},
		{name: "requests_sent", field: &n.RequestsSent},
		{name: "requests_received", field: &n.RequestsReceived},
		{name: "bytes_sent", field: &n.BytesSent},
		{name: "bytes_received", field: &n.BytesReceived},
		{name: "approvals", field: &n.Approvals},
		{name: "class", field: &n.Class},
		{name: "heads", field: &n.Heads},
		{name: "stands_for", field: &n.StandsFor, sampled: true},
	}
}

// noteCells lists the columns of notes.csv.
func noteCells(n *Note) []cell {
	return []cell{
		{name: "time_s", field: &n.Time, unit: time.Second},
		{name: "node", field: &n.Node},
		{name: "lies", field: &n.Lies},
		{name: "what", field: &n.What},
		{name: "about", field: &n.About},
		{name: "about_address", field: &n.Address},
		{name: "about_lies", field: &n.AboutLies},
		{name: "text", field: &n.Text},
	}
}

// writeTable writes a header and one line per row.
func writeTable[Row any](w io.Writer, rows []Row, cells func(*Row) []cell) error {
	out := csv.NewWriter(w)
	header := cells(new(Row))
	if !isSample(rows, cells) {
		header = complete(header)
	}
	record := make([]string, len(header))
	for i, c := range header {
		record[i] = c.name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for i := range rows {
		for j, c := range cells(&rows[i])[:len(record)] {
			record[j] = c.text()
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// isSample reports whether rows say how many others they stand for: all of them do, or
// none.
func isSample[Row any](rows []Row, cells func(*Row) []cell) bool {
	if len(rows) == 0 {
		return false
	}
	list := cells(&rows[0])
	last := list[len(list)-1]
	return last.sampled && last.text() != "0"
}

// complete leaves out the column of a sample.
func complete(header []cell) []cell {
	if last := len(header) - 1; header[last].sampled {
		return header[:last]
	}
	return header
}

// readTable reads what writeTable wrote, and nothing else: the header must be the same,
// every cell must be there and of its type. An error names the line and the column.
func readTable[Row any](r io.Reader, cells func(*Row) []cell) ([]Row, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	if err := readHeader(in, cells(new(Row))); err != nil {
		return nil, err
	}
	var rows []Row
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, plain(err)
		}
		var row Row
		list := cells(&row)
		for i := range record {
			if err := list[i].parse(record[i]); err != nil {
				line, _ := in.FieldPos(i)
				return nil, fmt.Errorf("line %d: %s: %w", line, list[i].name, err)
			}
			if i == 0 {
				list = cells(&row) // the first cell may decide which others are blank
			}
		}
		rows = append(rows, row)
	}
}

func readHeader(in *csv.Reader, want []cell) error {
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("line 1: the file is empty")
	}
	if err != nil {
		return plain(err)
	}
	if len(header) < len(want) {
		want = complete(want)
	}
	for i, c := range want {
		if i >= len(header) {
			return fmt.Errorf("line 1: column %s is missing", c.name)
		}
		if header[i] != c.name {
			return fmt.Errorf("line 1: column %d is %q, want %q", i+1, header[i], c.name)
		}
	}
	if len(header) > len(want) {
		return fmt.Errorf("line 1: unknown column %q", header[len(want)])
	}
	return nil
}

// plain turns an error of the csv reader into "line N: what".
func plain(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("line %d: %w", parse.Line, parse.Err)
	}
	return err
}

// text writes a cell: numbers in the fewest digits that read back the same, durations
// exactly.
func (c cell) text() string {
	if c.blank {
		return ""
	}
	switch f := c.field.(type) {
	case *int:
		return strconv.Itoa(*f)
	case *int64:
		return strconv.FormatInt(*f, 10)
	case **int64:
		if *f == nil {
			return ""
		}
		return strconv.FormatInt(**f, 10)
	case *bool:
		return strconv.FormatBool(*f)
	case *float64:
		if math.IsNaN(*f) || math.IsInf(*f, 0) {
			return ""
		}
		return strconv.FormatFloat(*f, 'f', -1, 64)
	case *time.Duration:
		return formatDuration(*f, c.unit)
	case *[]int:
		return formatInts(*f)
	case *string:
		return *f
	case *Kind:
		return string(*f)
	case *Role:
		return string(*f)
	case *RequestOutcome:
		return string(*f)
	}
	panic(fmt.Sprintf("result: column %s has a %T", c.name, c.field))
}

// parse reads a cell.
func (c cell) parse(text string) error {
	if c.blank && text == "" {
		return nil
	}
	var err error
	switch f := c.field.(type) {
	case *int:
		*f, err = strconv.Atoi(text)
	case *int64:
		*f, err = strconv.ParseInt(text, 10, 64)
	case **int64:
		if text == "" {
			return nil
		}
		*f = new(int64)
		**f, err = strconv.ParseInt(text, 10, 64)
	case *bool:
		return parseBool(f, text)
	case *float64:
		return parseFloat(f, text)
	case *time.Duration:
		*f, err = parseDuration(text, c.unit)
		return err
	case *[]int:
		*f, err = parseInts(text)
	case *string:
		*f = text
	case *Kind:
		*f = Kind(text)
		return oneOf(*f, KindSearch, KindApproval)
	case *Role:
		*f = Role(text)
		return oneOf(*f, RoleMaster, RoleSlave, RoleBoth, RoleNone, RoleGone)
	case *RequestOutcome:
		return oneOf(RequestOutcome(text), Complete, Partial, Granted, Failed)
	default:
		panic(fmt.Sprintf("result: column %s has a %T", c.name, c.field))
	}
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	return nil
}

func parseBool(f *bool, text string) error {
	if text != "true" && text != "false" {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	*f = text == "true"
	return nil
}

// parseFloat reads a number; an empty cell is NaN, one that was not measured.
func parseFloat(f *float64, text string) error {
	if text == "" {
		*f = math.NaN()
		return nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("%q is not a number", text)
	}
	*f = x
	return nil
}

func oneOf[T ~string](value T, allowed ...T) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("%q is none of %v", value, allowed)
}

func formatInts(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

func parseInts(text string) ([]int, error) {
	var list []int
	for _, word := range strings.Fields(text) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// formatDuration writes a duration as a decimal number of units, exactly: a float64 would
// lose nanoseconds in times counted from a far epoch. The unit is a power of ten of
// nanoseconds.
func formatDuration(d, unit time.Duration) string {
	sign := ""
	n := uint64(d)
	if d < 0 {
		sign, n = "-", -n
	}
	u := uint64(unit)
	whole, rest := n/u, n%u
	if rest == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	// One more unit in front keeps the zeros behind the point.
	fraction := strconv.FormatUint(u+rest, 10)[1:]
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(fraction, "0")
}

// parseDuration is the inverse of formatDuration. Digits finer than a nanosecond are an
// error.
func parseDuration(text string, unit time.Duration) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a decimal number of nanosecond precision", text)
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	places := len(strconv.FormatInt(int64(unit), 10)) - 1
	if point && (fraction == "" || len(fraction) > places) || strings.ContainsAny(digits, "+-_") {
		return 0, bad
	}
	// The parts are joined to a number of nanoseconds; the parser finds an overflow.
	joined := whole + fraction + strings.Repeat("0", places-len(fraction))
	if negative {
		joined = "-" + joined
	}
	n, err := strconv.ParseInt(joined, 10, 64)
	if whole == "" || err != nil {
		return 0, bad
	}
	return time.Duration(n), nil
}
