package core

// Limits counts what a node has not believed, taken or asked because a limit was reached.
// The counts are for operators: a network of honest nodes leaves nearly all at 0.
type Limits struct {
	HostsRefused    uint64 // newcomers whose host had its share of places
	DrawsRefused    uint64 // newcomers of a network that draws otherwise
	LevelsRefused   uint64 // newcomers of a network of another number of levels
	HostsShed       uint64 // slaves whose host had more than its share
	NamesLeft       uint64 // masters' names that a discovery did not ask in its sync
	LooksLeft       uint64 // clients kept because no other node might be asked just then
	EntrantsCut     uint64 // answers with more entrants of a draw than there can be
	AgesLeft        uint64 // groups seen whose age is not remembered
	Withheld        uint64 // masters' parts of a salt that were not revealed, or to few
	CutsBlamed      uint64 // periods in which a master was blamed for such answers
	BranchesDoubted uint64 // times that what a head claims of its branch was not confirmed
	Doubts          uint64 // times that a master began to be doubted
	Doubted         int    // masters that are doubted now
	Unsteady        uint64 // backlinks left because too many requests went unanswered
}

// guard is what a level remembers only once a limit has been reached.
type guard struct {
	Limits
	noted   int32          // the sync in which a refusal was last noted
	looked  int32          // and a client that was kept
	absent  map[Peer]int32 // until which round a new name that did not answer is not asked
	doubts  map[Peer]doubt // of masters whose last claim has failed
	survey  survey
	granted granted
	cuts    map[Peer]cuts // of masters with answers to draws that were cut
}

// guarded returns the level's guard, to write to.
func (l *level) guarded() *guard {
	if l.guard == nil {
		l.guard = &guard{absent: make(map[Peer]int32), doubts: make(map[Peer]doubt)}
	}
	return l.guard
}

// looksLeft counts a client that was kept, and notes the first of each sync.
func (l *level) looksLeft() {
	g := l.guarded()
	if g.LooksLeft++; g.LooksLeft == 1 || g.looked != l.rounds {
		g.looked = l.rounds
		l.node.env.Note(Note{What: NoteClientKept, Text: "too many ask for a node at a time (option look_pause)"})
	}
}

// isAbsent reports whether a name did not answer lately.
func (l *level) isAbsent(p Peer) bool {
	if l.guard == nil {
		return false
	}
	until, absent := l.guard.absent[p]
	return absent && until > l.rounds
}

// Limits returns the counts since the node's start.
func (n *Node) Limits() Limits {
	if n.level1.guard == nil {
		return Limits{}
	}
	limits := n.level1.guard.Limits
	for _, d := range n.level1.guard.doubts { // order-free: a count
		if d.credit >= 0 {
			limits.Doubted++
		}
	}
	return limits
}
