package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"spreadable/core"
	"spreadable/core/state"
)

// Load reads the state that was saved last; ok is false when there is none yet. Give it
// to core.Node.Restore before the node starts.
func (s *Store) Load() (saved state.State, ok bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		for _, bucket := range [][]byte{nodeBucket, scoreBucket, approvalBucket, useBucket, keyBucket} {
			err := each(tx, bucket, func(key, value []byte) error {
				ok = true
				if err := readRecord(&saved, bucket, key, value); err != nil {
					return fmt.Errorf("%w: record %.40q in %.40q: %w", ErrDamaged, key, bucket, err)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return state.State{}, false, fmt.Errorf("store: %s: %w", s.db.Path(), err)
	}
	s.node.loaded = true
	saved.SortApprovals()
	return saved, ok, nil
}

// Commit saves what has changed in the node since the last Commit, and returns when it is
// on disk. It is made to be called after every step of the node's loop, before anything
// that the step caused leaves the process. When nothing has changed that must survive, it
// costs one comparison.
//
// Failures and scores of peers, which of them won a choice, and what heads say of
// branches alone are not worth a write: no peer is told of them, and any stranger can cause
// them. The next sync, which always writes, includes them. What extensions have put into
// their buckets is written with the rest. And
// approvals asked for and keys given out may have to wait, if there have been many saves
// lately; see Waits.
//
// After an error the node must stop, because its state may differ from the one on disk.
// The first Commit rewrites everything. It returns an error if the directory holds a
// state that was not loaded: that state would be lost.
func (s *Store) Commit(n *core.Node) error {
	if s.node.begun {
		now, dirty := n.Revision(), s.dirty()
		if !dirty && !urgent(s.node.saved, now) {
			return nil
		}
		s.node.waits = 0
		if !dirty && s.opts.Pause > 0 && mayWait(s.node.saved, now) {
			if s.node.waits = s.node.due.Sub(s.opts.Now()) - (burst-1)*s.opts.Pause; s.node.waits > 0 {
				return nil
			}
		}
	}
	if s.node.exists && !s.node.loaded {
		return errors.New("store: commit over a state that was not loaded")
	}
	since := s.node.saved
	if s.node.begun && !synced(since, n.Revision()) {
		since[state.SectionScores] = n.Revision()[state.SectionScores] // not yet
	}
	c := n.Changes(since)
	if !s.node.begun && !c.Whole {
		return errors.New("store: the node's changes went to another store")
	}
	if err := s.Save(c); err != nil {
		return err
	}
	if !c.Sections[state.SectionScores] {
		c.Revision[state.SectionScores] = s.node.saved[state.SectionScores]
	}
	s.node.saved, s.node.begun, s.node.waits = c.Revision, true, 0
	if s.opts.Pause > 0 {
		s.node.count(s.opts.Now(), s.opts.Pause)
	}
	return nil
}

// Waits returns after what time Commit is to be called again, if the last call has not saved
// everything; otherwise 0 or less. Until then, what was not saved must not be acknowledged.
func (s *Store) Waits() time.Duration { return s.node.waits }

// burst is how many saves may come at once after a pause.
const burst = 20

// count counts a save: it moves the moment at which the next one would be due at the steady
// rate, which a burst puts into the future.
func (w *nodeWriter) count(now time.Time, pause time.Duration) {
	if w.due.Before(now) {
		w.due = now
	}
	w.due = w.due.Add(pause)
	if most := now.Add(burst * pause); w.due.After(most) {
		w.due = most
	}
}

// urgent reports whether anything but failures, scores, candidates and the tree has
// changed. When a node changes its branch, the network section changes with the tree.
func urgent(before, after state.Revision) bool {
	before[state.SectionCandidates] = after[state.SectionCandidates]
	before[state.SectionFails] = after[state.SectionFails]
	before[state.SectionScores] = after[state.SectionScores]
	before[state.SectionTree] = after[state.SectionTree]
	return before != after
}

// mayWait reports whether nothing but approvals and keys have changed, and no answer was
// checked, which must not be forgotten: each host may check one once.
func mayWait(before, after state.Revision) bool {
	before[state.SectionApprovals] = after[state.SectionApprovals]
	return !urgent(before, after)
}

// synced reports whether a sync has ended.
func synced(before, after state.Revision) bool {
	return before[state.SectionNetwork] != after[state.SectionNetwork]
}

// Save writes changes of a node in one transaction, and returns when they are on disk.
// Commit is the way to call it.
func (s *Store) Save(c *state.Changes) error {
	err := s.update(func(w *writer) error {
		if err := s.writeBuckets(w); err != nil {
			return err
		}
		for section, name := range sections {
			if name == "" || !c.Sections[section] {
				continue
			}
			if err := w.putJSON(nodeBucket, []byte(name), sectionRecord(state.Section(section), &c.State)); err != nil {
				return err
			}
		}
		if c.Sections[state.SectionScores] {
			if err := w.scores(c.State.Scores); err != nil {
				return err
			}
		}
		if !c.Sections[state.SectionApprovals] {
			return nil
		}
		if c.Whole {
			if err := w.keepOnly(&c.State); err != nil {
				return err
			}
		}
		return w.approvals(c)
	})
	if err == nil {
		s.clearBuckets()
	}
	return err
}

func (w *writer) putJSON(bucket, key []byte, record any) error {
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("record %q: %w", key, err)
	}
	return w.put(bucket, key, value)
}

// scores writes the rows that differ from those on disk, and deletes those that are gone.
func (w *writer) scores(rows []state.Score) error {
	kept := make(map[string]bool, len(rows))
	for i := range rows {
		key := scoreKey(&rows[i])
		kept[string(key)] = true
		if err := w.putJSON(scoreBucket, key, &rows[i]); err != nil {
			return err
		}
	}
	return w.deleteWhere(scoreBucket, func(key []byte) bool { return !kept[string(key)] })
}

// approvals writes the rows of approvals, uses and keys that are new, changed or gone.
func (w *writer) approvals(c *state.Changes) error {
	for _, key := range c.EndedApprovals {
		if err := errors.Join(w.delete(approvalBucket, []byte(key)), w.deleteUses(key)); err != nil {
			return err
		}
	}
	for _, key := range c.EndedUses {
		if err := w.deleteUses(key); err != nil {
			return err
		}
	}
	for _, key := range c.EndedKeys {
		if err := w.delete(keyBucket, []byte(key)); err != nil {
			return err
		}
	}
	for i := range c.State.Approvals {
		row := &c.State.Approvals[i]
		if err := w.putJSON(approvalBucket, []byte(row.Key), row); err != nil {
			return err
		}
	}
	for _, use := range c.State.Uses {
		if err := w.putJSON(useBucket, useKey(use), use); err != nil {
			return err
		}
	}
	for i := range c.State.Keys {
		row := &c.State.Keys[i]
		if err := w.putJSON(keyBucket, []byte(row.Key), row); err != nil {
			return err
		}
	}
	return nil
}

// deleteUses deletes the records of all uses of an approval.
func (w *writer) deleteUses(key string) error {
	b := w.tx.Bucket(useBucket)
	if b == nil {
		return nil
	}
	var doomed [][]byte
	prefix, c := usePrefix(key), b.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		doomed = append(doomed, bytes.Clone(k))
	}
	return w.deleteAll(useBucket, doomed)
}

func (w *writer) deleteAll(bucket []byte, keys [][]byte) error {
	for _, key := range keys {
		if err := w.delete(bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// keepOnly deletes the rows of approvals, uses and keys that are not in the state.
func (w *writer) keepOnly(s *state.State) error {
	keep := map[string]map[string]bool{string(approvalBucket): {}, string(useBucket): {}, string(keyBucket): {}}
	for _, row := range s.Approvals {
		keep[string(approvalBucket)][row.Key] = true
	}
	for _, use := range s.Uses {
		keep[string(useBucket)][string(useKey(use))] = true
	}
	for _, row := range s.Keys {
		keep[string(keyBucket)][row.Key] = true
	}
	for _, bucket := range [][]byte{approvalBucket, useBucket, keyBucket} {
		kept := keep[string(bucket)]
		if err := w.deleteWhere(bucket, func(key []byte) bool { return !kept[string(key)] }); err != nil {
			return err
		}
	}
	return nil
}

// deleteWhere deletes the records whose keys are outdated.
func (w *writer) deleteWhere(bucket []byte, outdated func(key []byte) bool) error {
	var doomed [][]byte
	err := each(w.tx, bucket, func(key, _ []byte) error {
		if outdated(key) {
			doomed = append(doomed, bytes.Clone(key))
		}
		return nil
	})
	return errors.Join(err, w.deleteAll(bucket, doomed))
}
