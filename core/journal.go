package core

// journal is what of a node's approvals has changed since it was last asked: there may be
// a hundred thousand of them, and a store cannot write them all for each new one. The
// other sections of the state are small and have counters only. A node that nobody
// stores, as in a simulation, keeps no journal.
type journal struct {
	rows map[approvalID]struct{}
	keys map[string]struct{}
}

func newJournal() *journal {
	return &journal{rows: make(map[approvalID]struct{}), keys: make(map[string]struct{})}
}

// touch takes note that an approval has changed or is gone.
func (a *approvals) touch(id approvalID) {
	a.revision++
	if a.journal != nil {
		a.journal.rows[id] = struct{}{}
	}
}

// touchKey takes note that an issued key is new or gone.
func (a *approvals) touchKey(key string) {
	a.revision++
	if a.journal != nil {
		a.journal.keys[key] = struct{}{}
	}
}
