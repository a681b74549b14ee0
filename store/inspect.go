package store

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"

	"spreadable/core/state"
)

// found is the content of a valid state file.
type found struct {
	schema   int
	total    tally
	hasState bool
	saved    state.State // not yet checked by the core
}

// inspect reads a whole file and says what is wrong with it: foreign, newer or damaged. A
// file that passes cannot make bbolt fail, and its records are those of the last
// transaction.
func inspect(file io.ReaderAt, size int64) (*found, error) {
	if size == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	m, err := readImage(file, size)
	if err != nil {
		return nil, err
	}
	f := &found{}
	format := make(map[string][]byte)
	err = m.walk(func(bucket, key, value []byte) error {
		if bytes.Equal(bucket, formatBucket) {
			format[string(key)] = value
			if bytes.Equal(key, tallyKey) {
				return nil
			}
		}
		f.total.add(bucket, key, value)
		f.hasState = f.hasState || bytes.Equal(bucket, nodeBucket)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := f.format(format); err != nil {
		return nil, err
	}
	if f.schema < schemaVersion {
		return f, nil // its records have another form, which the migration reads
	}
	err = m.walk(func(bucket, key, value []byte) error {
		if bytes.Equal(bucket, formatBucket) {
			return nil
		}
		if err := readRecord(&f.saved, bucket, key, value); err != nil {
			return fmt.Errorf("%w: record %.40q in %.40q: %w", ErrDamaged, key, bucket, err)
		}
		return nil
	})
	return f, err
}

// inspectFile is inspect for a path, which the error names.
func inspectFile(path string) (*found, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f, err := inspect(file, stat.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// format reads the file's own description. A file without one is foreign. In a file of a
// newer version the tally may be computed differently, so it is not checked.
func (f *found) format(records map[string][]byte) error {
	text, ok := records[string(schemaKey)]
	if !ok {
		return ErrForeign
	}
	schema, err := strconv.Atoi(string(text))
	switch {
	case err != nil || schema < 1:
		return fmt.Errorf("%w: schema version %.20q", ErrDamaged, text)
	case schema > schemaVersion:
		return fmt.Errorf("%w: schema version %d, this one knows up to %d", ErrNewer, schema, schemaVersion)
	case !bytes.Equal(records[string(tallyKey)], f.total.encode()):
		return fmt.Errorf("%w: its records do not add up", ErrDamaged)
	}
	f.schema = schema
	return nil
}
