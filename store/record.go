package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"spreadable/core/memory"
)

// Records are JSON: people can read them, and a field more is no drama. What a record may hold belongs to the version of
// the schema, so decoders take nothing that they do not know.

// sections are the names of the records in the node bucket, one a section. Approvals have buckets of their own.
var sections = [memory.NumSections]string{
	memory.SectionNetwork:    "network",
	memory.SectionPlace:      "place",
	memory.SectionMasters:    "masters",
	memory.SectionFails:      "fails",
	memory.SectionScores:     "scores",
	memory.SectionBans:       "bans",
	memory.SectionCandidates: "candidates",
}

type networkRecord struct {
	Self        *string
	Root        *string
	RootChecked *time.Duration
	SyncTotal   *time.Duration
	SyncCount   *int
}

type placeRecord struct {
	Backlink *string
	Slaves   *[]memory.Slave
}

type failsRecord struct {
	Fails  *[]memory.Fail
	Delays *[]memory.Delay
}

// sectionRecord is the part of a state that makes a record: encoding reads it, decoding fills it in.
func sectionRecord(section memory.Section, s *memory.State) any {
	switch section {
	case memory.SectionNetwork:
		return &networkRecord{&s.Self, &s.Root, &s.RootChecked, &s.SyncTotal, &s.SyncCount}
	case memory.SectionPlace:
		return &placeRecord{&s.Backlink, &s.Slaves}
	case memory.SectionMasters:
		return &s.Masters
	case memory.SectionFails:
		return &failsRecord{&s.Fails, &s.Delays}
	case memory.SectionScores:
		return &s.Scores
	case memory.SectionBans:
		return &s.Bans
	case memory.SectionCandidates:
		return &s.Candidates
	}
	return nil
}

// approvalKey is the key of an approval's record. Actions come from a table of the program and hold no zero byte.
func approvalKey(id memory.ApprovalID) []byte { return []byte(id.Action + "\x00" + id.Client.String()) }

// readRecord adds a record to the state that it is part of.
func readRecord(s *memory.State, bucket, key, value []byte) error {
	switch string(bucket) {
	case string(nodeBucket):
		for section, name := range sections {
			if name != "" && name == string(key) {
				return decode(value, sectionRecord(memory.Section(section), s))
			}
		}
		return fmt.Errorf("unknown record %.40q", key)
	case string(approvalBucket):
		var row memory.Approval
		if err := decode(value, &row); err != nil {
			return err
		}
		s.Approvals = append(s.Approvals, row)
	case string(keyBucket):
		var row memory.Key
		if err := decode(value, &row); err != nil {
			return err
		}
		s.Keys = append(s.Keys, row)
	case string(cacheBucket):
		_, err := decodeCached(value)
		return err
	default:
		return fmt.Errorf("unknown bucket %.40q", bucket)
	}
	return nil
}

// decode reads one JSON value and nothing else.
func decode(record []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(record))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
