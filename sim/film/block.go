package film

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// Kind says what a block of a film holds.
type Kind byte

// The kinds of blocks.
const (
	KindSetting   Kind = 'H' // Setting
	KindAddresses Kind = 'A' // the addresses of all hosts, one a line
	KindFrame     Kind = 'F' // see the package comment
	KindSample    Kind = 'S' // Sample
	KindRequest   Kind = 'R' // Request
	KindStep      Kind = 'X' // Step
	KindEnd       Kind = 'Z' // End
)

// known reports whether there is such a kind.
func (k Kind) known() bool {
	switch k {
	case KindSetting, KindAddresses, KindFrame, KindSample, KindRequest, KindStep, KindEnd:
		return true
	}
	return false
}

// Setting is what a film says up front about its run.
type Setting struct {
	Name          string  `json:"name"`
	Description   string  `json:"description"`
	Hash          string  `json:"hash"` // of the scenario
	Seed          string  `json:"seed"` // as text: browsers have no numbers of 64 bits
	Nodes         int     `json:"nodes"`
	Hosts         int     `json:"hosts"`  // of nodes, and behind them those of attacks
	Levels        int     `json:"levels"` // message.AutoLevels if the network decides
	DurationS     float64 `json:"duration_s"`
	SyncIntervalS float64 `json:"sync_interval_s"`
}

// Sample is a row of series.csv. A share that was not measured is null.
type Sample struct {
	AtS        float64  `json:"at_s"`
	Alive      int      `json:"alive"`
	Masters    int      `json:"masters"`
	Expected   float64  `json:"masters_expected"`
	Registered *float64 `json:"registered"`
	ExactSize  *float64 `json:"exact_size"`
	Coverage   *float64 `json:"coverage"`
	Requests   int64    `json:"requests"` // since the sample before
	Bytes      int64    `json:"bytes"`
}

// Request is a search or an approval that has ended.
type Request struct {
	Kind      string  `json:"kind"` // as in requests.csv
	Index     int     `json:"index"`
	AtS       float64 `json:"at_s"`
	UntilS    float64 `json:"until_s"`
	Entry     int     `json:"entry"`
	Outcome   string  `json:"outcome"`
	Approvers []int   `json:"approvers,omitempty"`
}

// Step is the begin or the end of a fault or of an attack, or a violated invariant.
type Step struct {
	AtS    float64 `json:"at_s"`
	What   string  `json:"what"` // "fault", "attack", "violation"
	Name   string  `json:"name"` // such as "partition"
	Begins bool    `json:"begins"`
	Nodes  int     `json:"nodes"` // that it is on; 0 where it is on the whole network
}

// End is how a run has ended, and what the film leaves out.
type End struct {
	AtS          float64   `json:"at_s"`
	Fingerprint  string    `json:"fingerprint"`
	Partial      bool      `json:"partial"` // the run was stopped before its end
	Expectations []Outcome `json:"expectations"`
	// LostFrames, LostRequests and LostSteps are how many there was no space for.
	LostFrames   int `json:"lost_frames"`
	LostRequests int `json:"lost_requests"`
	LostSteps    int `json:"lost_steps"`
}

// Outcome is an expectation and whether it was met, as in run.json.
type Outcome struct {
	Path      string `json:"path"`
	Condition string `json:"condition"`
	Value     string `json:"value"`
	OK        bool   `json:"ok"`
}

// Block is a part of a film.
type Block struct {
	Kind Kind
	Body []byte // shares the film's memory
}

// Size is how many bytes of the film the block takes.
func (b Block) Size() int {
	return 1 + len(binary.AppendUvarint(nil, uint64(len(b.Body)))) + len(b.Body)
}

// appendBlock adds a block to a film.
func appendBlock(film []byte, kind Kind, body []byte) []byte {
	film = append(film, byte(kind))
	film = binary.AppendUvarint(film, uint64(len(body)))
	return append(film, body...)
}

// errCut says that a film ends within a block.
var errCut = errors.New("the film ends within a block")

// Blocks yields the blocks of a film, and an error for what is none.
func Blocks(film []byte) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for at := 0; at < len(film); {
			kind := Kind(film[at])
			length, n := binary.Uvarint(film[at+1:])
			from := at + 1 + n
			switch {
			case !kind.known():
				yield(Block{}, fmt.Errorf("byte %d: no block begins with %#x", at, film[at]))
				return
			case n <= 0 || length > uint64(len(film)-from):
				yield(Block{}, fmt.Errorf("byte %d: %w", at, errCut))
				return
			}
			at = from + int(length)
			if !yield(Block{kind, film[from:at:at]}, nil) {
				return
			}
		}
	}
}
