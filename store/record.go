package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"spreadable/core/state"
)

// Records are JSON: people can read them, and a field is easily added. The fields are
// part of the schema's version, so decoders refuse unknown ones.

// sections are the names of the records in the node bucket, one for each section.
// Approvals and scores, of which there can be many, have buckets of their own, with a
// record for each row.
var sections = [state.NumSections]string{
	state.SectionNetwork:    "network",
	state.SectionPlace:      "place",
	state.SectionMasters:    "masters",
	state.SectionFails:      "fails",
	state.SectionBans:       "bans",
	state.SectionCandidates: "candidates",
	state.SectionTree:       "tree",
	state.SectionAges:       "ages",
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
	Slaves   *[]state.Slave
}

type failsRecord struct {
	Fails  *[]state.Fail
	Delays *[]state.Delay
}

type agesRecord struct {
	Began *time.Duration
	Ages  *[]state.Age
}

// sectionRecord is the part of a state that makes a record: encoding reads it, decoding
// fills it in.
func sectionRecord(section state.Section, s *state.State) any {
	switch section {
	case state.SectionNetwork:
		return &networkRecord{&s.Self, &s.Root, &s.RootChecked, &s.SyncTotal, &s.SyncCount}
	case state.SectionPlace:
		return &placeRecord{&s.Backlink, &s.Slaves}
	case state.SectionMasters:
		return &s.Masters
	case state.SectionFails:
		return &failsRecord{&s.Fails, &s.Delays}
	case state.SectionBans:
		return &s.Bans
	case state.SectionCandidates:
		return &s.Candidates
	case state.SectionTree:
		return &s.Tree
	case state.SectionAges:
		return &agesRecord{&s.Began, &s.Ages}
	}
	return nil
}

// useKey is the key of the record of a use; those of one approval have usePrefix. A key
// of an approval may hold any byte, so its length comes first.
func useKey(use state.Use) []byte { return append(usePrefix(use.Key), use.Host...) }

func usePrefix(key string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(key))), key...)
}

// scoreKey is the key of a score's record. Neither addresses nor actions hold a zero byte.
func scoreKey(row *state.Score) []byte { return []byte(row.Address + "\x00" + row.Action) }

// readRecord adds a record to the state that it is part of.
func readRecord(s *state.State, bucket, key, value []byte) error {
	switch string(bucket) {
	case string(nodeBucket):
		for section, name := range sections {
			if name != "" && name == string(key) {
				return decode(value, sectionRecord(state.Section(section), s))
			}
		}
		return fmt.Errorf("unknown record %.40q", key)
	case string(approvalBucket):
		var row state.Approval
		if err := decode(value, &row); err != nil {
			return err
		}
		s.Approvals = append(s.Approvals, row)
	case string(useBucket):
		var use state.Use
		if err := decode(value, &use); err != nil {
			return err
		}
		s.Uses = append(s.Uses, use)
	case string(keyBucket):
		var row state.Key
		if err := decode(value, &row); err != nil {
			return err
		}
		s.Keys = append(s.Keys, row)
	case string(scoreBucket):
		var row state.Score
		if err := decode(value, &row); err != nil {
			return err
		}
		s.Scores = append(s.Scores, row)
	case string(extensionBucket):
		if name, _, ok := bytes.Cut(key, []byte{0}); !ok || len(name) == 0 {
			return fmt.Errorf("a record of no extension: %.40q", key)
		}
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
