package store

import (
	"bytes"
	"errors"
	"fmt"

	"spreadable/core/state"
)

// splitApprovals makes version 2. Version 1 named the record of an approval by action and
// client, and kept its uses in it, so that each use wrote all earlier ones again.
func splitApprovals(w *writer) error {
	var names [][]byte
	var s state.State
	err := each(w.tx, approvalBucket, func(name, value []byte) error {
		var row struct {
			state.Approval
			UsedBy []string
		}
		if err := decode(value, &row); err != nil {
			return err
		}
		names = append(names, bytes.Clone(name))
		if row.Key == "" {
			return nil
		}
		s.Approvals = append(s.Approvals, row.Approval)
		for _, host := range row.UsedBy {
			s.Uses = append(s.Uses, state.Use{Key: row.Key, Host: host})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.deleteAll(approvalBucket, names); err != nil {
		return err
	}
	return w.approvals(&state.Changes{State: s})
}

// scoresByRow makes version 3. It gives each score a record of its own. Before, one
// record held them all.
func scoresByRow(w *writer) error {
	bucket, key := w.tx.Bucket(nodeBucket), []byte("scores")
	if bucket == nil || bucket.Get(key) == nil {
		return nil
	}
	var rows []state.Score
	if err := decode(bucket.Get(key), &rows); err != nil {
		return fmt.Errorf("%w: scores: %w", ErrDamaged, err)
	}
	return errors.Join(w.scores(rows), w.delete(nodeBucket, key))
}

// beginTree makes version 4, in which a node of a network of several levels has a record
// of its place among the branches. A state of before has none, and is of one level.
func beginTree(*writer) error { return nil }

// withExtensions makes version 5, in which there may be a bucket for extensions. Earlier
// programs would take it for damage.
func withExtensions(*writer) error { return nil }

// ages makes version 6, which adds the record of the ages of hosts. Earlier programs would
// take it for damage.
func ages(*writer) error { return nil }
