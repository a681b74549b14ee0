package documents

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// All documents of a collection: import and export as NDJSON, one in a line, and a check of
// their copies.

// maxLine is the longest line of an import, in bytes, and batchBytes about what goes into
// one request.
const (
	maxLine    = 1 << 20
	batchBytes = 1 << 20
)

// Export writes the documents of a query, a line each, and returns how many.
func (c *Collection) Export(ctx context.Context, q Query, to io.Writer) (count int, err error) {
	out := bufio.NewWriter(to)
	for d, err := range c.Find(ctx, q) {
		if err != nil {
			return count, err
		}
		out.Write(d.Document) // Flush has the error
		out.WriteByte('\n')
		count++
	}
	return count, out.Flush()
}

// Check visits all documents that match a filter, nil for all, without their contents:
// each with its copies now and wanted.
func (c *Collection) Check(ctx context.Context, filter json.RawMessage, visit func(Document)) error {
	var keys []json.RawMessage
	flush := func() error {
		list, err := c.Stat(ctx, keys)
		keys = nil
		for _, d := range list {
			visit(d)
		}
		return err
	}
	noFields := []string{""} // few documents have a field of that name
	for d, err := range c.Find(ctx, Query{Filter: filter, Fields: noFields}) {
		if err != nil {
			return err
		}
		if keys = append(keys, d.Key); len(keys) == MaxBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return flush()
}

// Refused is a document of an import that was not written.
type Refused struct {
	Line    int // from 1
	Message string
}

// Import writes documents, of which from has one in each line. Replace writes also those
// that are there. It returns how many were written, and tells those that were not; an error
// ends it.
func (c *Collection) Import(ctx context.Context, from io.Reader, replace bool, refused func(Refused)) (count int, err error) {
	in := bufio.NewScanner(from)
	in.Buffer(nil, maxLine)
	var batch []json.RawMessage
	var lines []int
	bytesIn := 0
	flush := func() error {
		n, err := c.importBatch(ctx, batch, lines, replace, refused)
		count += n
		batch, lines, bytesIn = nil, nil, 0
		return err
	}
	for line := 1; in.Scan(); line++ {
		text := bytes.TrimSpace(in.Bytes())
		switch {
		case len(text) == 0:
			continue
		case !json.Valid(text):
			refused(Refused{line, "not JSON"})
			continue
		}
		if len(batch) == MaxBatch || bytesIn+len(text) > batchBytes {
			if err := flush(); err != nil {
				return count, err
			}
		}
		batch, lines, bytesIn = append(batch, bytes.Clone(text)), append(lines, line), bytesIn+len(text)
	}
	if err := in.Err(); err != nil {
		return count, fmt.Errorf("documents: after %d documents: %w", count, err)
	}
	return count, flush()
}

func (c *Collection) importBatch(ctx context.Context, batch []json.RawMessage, lines []int, replace bool, refused func(Refused)) (count int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	write := c.AddMany
	if replace {
		write = c.PutMany
	}
	results, err := write(ctx, batch)
	if err != nil {
		return 0, fmt.Errorf("documents: lines %d to %d: %w", lines[0], lines[len(lines)-1], err)
	}
	if len(results) != len(batch) {
		return 0, errMalformed
	}
	for i, r := range results {
		if r.Code != "" {
			refused(Refused{lines[i], r.Message})
			continue
		}
		count++
	}
	return count, nil
}
