package core

import "spreadable/core/state"

// journal names the approvals and keys of a node that have changed since the last call of
// Changes. There may be a hundred thousand of them, and a store cannot write them all for
// each new one; nor all uses of an approval for each further use. The other sections of
// the state are small and have counters only. A node whose state is not stored, as in a
// simulation, keeps no journal.
type journal struct {
	rows, keys map[string]struct{}
	fresh      map[string]struct{} // rows that have another question: earlier uses are over
	uses       []state.Use         // since then
}

func newJournal() *journal {
	return &journal{rows: make(map[string]struct{}), keys: make(map[string]struct{}), fresh: make(map[string]struct{})}
}

// touch is called when an approval has changed or is gone.
func (a *approvals) touch(key string) {
	a.revision++
	if a.journal != nil {
		a.journal.rows[key] = struct{}{}
	}
}

// renewed is called when an approval has another question.
func (a *approvals) renewed(key string) {
	a.touch(key)
	if a.journal != nil {
		a.journal.fresh[key] = struct{}{}
	}
}

// noteUse enters that a host has checked the answer of an approval.
func (a *approvals) noteUse(row *approval, host string) {
	if row.usedBy == nil {
		row.usedBy = make(map[string]bool)
	}
	row.usedBy[host] = true
	a.revision++
	a.checks++
	if a.journal != nil {
		a.journal.uses = append(a.journal.uses, state.Use{Key: row.key, Host: host})
	}
}

// touchKey is called when an issued key is new or gone.
func (a *approvals) touchKey(key string) {
	a.revision++
	if a.journal != nil {
		a.journal.keys[key] = struct{}{}
	}
}
