package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"spreadable/sim/experiment"
)

// finished is one result of a run, in its mark. All that is in it is small.
type finished struct {
	SHA256      string               `json:"sha256"` // of the record's file
	Fingerprint string               `json:"fingerprint"`
	Lost        bool                 `json:"lost"`
	Worker      string               `json:"worker"`
	Execution   experiment.Execution `json:"execution"`
}

// object is the name of the record's file in the object store.
func (f finished) object(key string) string { return key + "-" + f.SHA256 }

// doneMark is the value of done.<version>.<key>: one result, or several that should be the
// same and are not.
type doneMark struct {
	Results []finished `json:"results"`
}

// triedMark is the value of tried.<version>.<key>.
type triedMark struct {
	Workers []string `json:"workers"`
}

func (q *Queue) doneKey(key string) string  { return "done." + q.version + "." + key }
func (q *Queue) triedKey(key string) string { return "tried." + q.version + "." + key }

// change reads a mark, changes it, and writes it back unless change returns false. It
// begins anew if another process was faster.
func change[M any](ctx context.Context, bucket jetstream.KeyValue, key string, change func(*M) bool) error {
	for {
		var mark M
		entry, err := bucket.Get(ctx, key)
		absent := errors.Is(err, jetstream.ErrKeyNotFound)
		if err == nil {
			err = json.Unmarshal(entry.Value(), &mark)
		}
		if err != nil && !absent {
			return err
		}
		if !change(&mark) {
			return nil
		}
		value, err := json.Marshal(mark)
		if err != nil {
			return err
		}
		if absent {
			_, err = bucket.Create(ctx, key, value)
		} else {
			_, err = bucket.Update(ctx, key, value, entry.Revision())
		}
		// ErrKeyExists stands for every revision that is not the expected one.
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return err
		}
	}
}

// isDone reports whether a run has a result that is better than lost.
func (q *Queue) isDone(ctx context.Context, key string) (bool, error) {
	done := false
	err := change(ctx, q.marks, q.doneKey(key), func(m *doneMark) bool {
		done = len(m.Results) > 0 && !m.Results[0].Lost
		return false
	})
	return done, err
}

// errTwoResults says that a run has ended in two ways.
func errTwoResults(key string, m doneMark) error {
	a, b := m.Results[0], m.Results[len(m.Results)-1]
	return fmt.Errorf("run %s: %w (fingerprint %s on %s, %s on %s)", key, experiment.ErrNotSame,
		a.Fingerprint, a.Execution.Host, b.Fingerprint, b.Execution.Host)
}

// mark notes a result, and says if there is another one of the same run.
func (q *Queue) mark(ctx context.Context, key string, f finished) error {
	var now doneMark
	err := change(ctx, q.marks, q.doneKey(key), func(m *doneMark) bool {
		m.Results = slices.DeleteFunc(m.Results, func(old finished) bool { return old.Lost })
		known := slices.ContainsFunc(m.Results, func(old finished) bool { return old.SHA256 == f.SHA256 })
		if known || f.Lost && len(m.Results) > 0 {
			now = *m
			return false
		}
		m.Results = append(m.Results, f)
		now = *m
		return true
	})
	if err == nil && len(now.Results) > 1 {
		return errTwoResults(key, now)
	}
	return err
}

// began notes that a worker begins a run.
func (q *Queue) began(ctx context.Context, key, worker string) error {
	return change(ctx, q.marks, q.triedKey(key), func(m *triedMark) bool {
		m.Workers = append(m.Workers, worker)
		return true
	})
}

// left notes that a worker is no longer at a run, though the run has no result of it.
func (q *Queue) left(ctx context.Context, key, worker string) error {
	return change(ctx, q.marks, q.triedKey(key), func(m *triedMark) bool {
		before := len(m.Workers)
		m.Workers = slices.DeleteFunc(m.Workers, func(w string) bool { return w == worker })
		return len(m.Workers) < before
	})
}

// triedBy are the workers that have begun a run and neither ended it nor given it back.
func (q *Queue) triedBy(ctx context.Context, key string) ([]string, error) {
	var list []string
	err := change(ctx, q.marks, q.triedKey(key), func(m *triedMark) bool {
		list = m.Workers
		return false
	})
	return list, err
}
