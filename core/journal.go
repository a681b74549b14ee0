package core

// journal names the approvals and keys of a node that have changed since the last call of
// Changes. There may be a hundred thousand of them, and a store cannot write them all for
// each new one. The other sections of the state are small and have counters only. A node
// whose state is not stored, as in a simulation, keeps no journal.
type journal struct {
	rows map[approvalID]struct{}
	keys map[string]struct{}
}

func newJournal() *journal {
	return &journal{rows: make(map[approvalID]struct{}), keys: make(map[string]struct{})}
}

// touch is called when an approval has changed or is gone.
func (a *approvals) touch(id approvalID) {
	a.revision++
	if a.journal != nil {
		a.journal.rows[id] = struct{}{}
	}
}

// touchKey is called when an issued key is new or gone.
func (a *approvals) touchKey(key string) {
	a.revision++
	if a.journal != nil {
		a.journal.keys[key] = struct{}{}
	}
}
