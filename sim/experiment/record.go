package experiment

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"spreadable/sim/result"
)

// recordSchema names the layout of a run's file. It is part of each key, so that another
// layout has other files.
const recordSchema = "spreadsim-sweep-run/1"

// Outcome is how a run ended.
type Outcome string

// The outcomes of runs. All are results.
const (
	Complete Outcome = "complete" // it reached its end
	Violated Outcome = "violated" // an invariant did not hold
	Failed   Outcome = "failed"   // it ended in an error
	Lost     Outcome = "lost"     // the machines that tried it died; another may do it
)

// Record is what a sweep keeps of a run: the contents of its file, without what depends on
// the machine. The same key has the same bytes wherever it was run.
type Record struct {
	Schema       string           `json:"schema"`
	Key          string           `json:"key"`
	Version      string           `json:"version"`
	Values       []string         `json:"values"` // of the keys of its sweep
	Repetition   int              `json:"repetition"`
	Seed         uint64           `json:"seed"`
	Outcome      Outcome          `json:"outcome"`
	Reason       string           `json:"reason"` // of a run that is not complete
	Scenario     string           `json:"scenario"`
	Expectations []result.Outcome `json:"expectations"`
	Summary      *result.Summary  `json:"summary"` // Timeless; null of a run that failed
}

// Broken reports whether the run did not come to its end.
func (r *Record) Broken() bool { return r.Outcome != Complete }

// Unexpected counts the expectations that were not met.
func (r *Record) Unexpected() int {
	n := 0
	for _, e := range r.Expectations {
		if !e.OK {
			n++
		}
	}
	return n
}

// Value is a number of the summary; false if it was not measured.
func (r *Record) Value(metric string) (float64, bool) {
	if r.Summary == nil || r.Outcome != Complete {
		return 0, false
	}
	return r.Summary.Value(metric)
}

// Encode is the file of the record.
func (r *Record) Encode() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(text)
		err = errors.Join(err, w.Close())
	}
	return packed.Bytes(), err
}

// largestRecord bounds a run's file, unpacked: a summary has some kilobytes.
const largestRecord = 64 << 20

// decodeRecord reads the file of a run.
func decodeRecord(packed []byte) (*Record, error) {
	unpack, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(unpack, largestRecord))
	if err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	if r.Schema != recordSchema {
		return nil, fmt.Errorf("has schema %q, this program reads %q", r.Schema, recordSchema)
	}
	return &r, nil
}
