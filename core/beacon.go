package core

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
)

// The beacon: a random value that the masters make together for each turn, and that no
// node can know before (draw.RevealSalt). Draws of the turn are salted with it. A turn is
// as long as the longest period of approvals. For the value of the next turn, in shares
// of this one:
//
//	1/16 to 3/16     each master draws 32 bytes, and tells all masters their hash: a commit
//	5/16 to 7/16     it reveals the bytes
//	9/16 to 11/16    it echoes the reveals that fit the commits it has got
//	12/16            the value is the hash of all reveals that two thirds of the echoes have
//	13/16 to 15/16   it asks the others for their value, and takes over that of most
//
// A commit binds its master before it can know what others reveal. What it can choose is
// to withhold its reveal: then the value is another one. So b colluding masters choose
// among 2^b values, those that come from which of them reveal. Echoes keep a master that
// reveals to some only from splitting the network, and so does the last step. It also
// tells the value to those that have become masters meanwhile. A node that draws asks all
// masters for the value, once in a turn, and believes most of them.
//
// In a network of several levels the heads that every node knows are these masters, each
// for its branch of the top. Other masters and nodes learn the value when they draw.
//
// The moments within a step are drawn, so that not all masters speak at once, and clocks
// may differ by a sixteenth of a turn.

// beacon is what a node knows of the values of turns.
type beacon struct {
	values map[time.Duration]message.Secret // by the start of the turn: the latest few
	making *making                          // nil where the node has no part in it
	start  time.Duration                    // of the turn in which the next stage is
	stage  int                              // the next one
	due    bool                             // a timer for it is set
}

// making is a value that is being made.
type making struct {
	turn    time.Duration // for which
	own     message.Secret
	commits map[Peer]message.Secret
	reveals map[Peer]message.Secret
	echoed  map[Peer]bool
	echoes  map[message.Reveal]int // how many echoes have it
}

const (
	// turnSteps is into how many steps a turn is divided.
	turnSteps = 16
	// keptTurns is of how many turns values are remembered: of this one, the one before,
	// and the next.
	keptTurns = 3
	// moreEchoes is how many reveals an echo may have beyond the masters that we know.
	moreEchoes = 64
)

// leastTurn is how many server timeouts a turn must have: two tries of a request to all
// masters fit between two steps.
const leastTurn = turnSteps

// turn is how long a value holds.
func (c *Config) turn() time.Duration {
	longest := time.Duration(0)
	for _, k := range c.Approvals {
		longest = max(longest, k.Terms().Period)
	}
	return longest
}

// beacons returns what is known of values, which it creates if there is nothing.
func (l *level) beacons() *beacon {
	w := l.watched()
	if w.beacon == nil {
		w.beacon = &beacon{values: make(map[time.Duration]message.Secret)}
	}
	return w.beacon
}

// keep remembers the value of a turn, and forgets old ones.
func (b *beacon) keep(turn time.Duration, value message.Secret) {
	b.values[turn] = value
	for len(b.values) > keptTurns {
		delete(b.values, slices.Min(slices.Collect(maps.Keys(b.values))))
	}
}

// salted is the salt of a draw of the period that begins at start, made of the value of its
// turn; none if that is not known.
func (l *level) salted(action string, start time.Duration) draw.Salt {
	if l.watch == nil || l.watch.beacon == nil {
		return draw.Salt{}
	}
	value := l.watch.beacon.values[draw.Start(start, l.node.cfg.turn())]
	if value == (message.Secret{}) {
		return draw.Salt{}
	}
	return draw.NewSalt(value[:], action, start)
}

// isMaker reports whether a peer makes values: a master, or in a network of several levels
// a head of the top.
func (n *Node) isMaker(p Peer) bool {
	switch tr := n.tree(); {
	case tr == nil && p == n.self:
		return n.level1.isMaster()
	case tr == nil:
		return n.level1.masterIndex(p) >= 0
	default:
		return tr.placed() && slices.ContainsFunc(tr.lists[tr.top()-1].List, func(b message.Branch) bool { return b.Head == p })
	}
}

// learnValue asks the masters for the value of the turn of a draw, if it is not known yet.
func (n *Node) learnValue(t *Task, start time.Duration, b budget) {
	if n.cfg.Draw.Salt != draw.RevealSalt {
		return
	}
	known, turn := n.level1.beacons(), draw.Start(start, n.cfg.turn())
	if known.values[turn] != (message.Secret{}) {
		return
	}
	makers, _ := n.targets(n.drawLevel())
	if value, most := n.askValue(t, makers, turn, b.atMost(n.cfg.ServerTimeout)); most {
		known.keep(turn, value)
	}
}

// askValue asks masters for the value of a turn. It returns the one that most of them have,
// of several the least, and whether these are more than half of those that have one.
func (n *Node) askValue(t *Task, masters []Peer, turn, timeout time.Duration) (value message.Secret, most bool) {
	votes, all := make(map[message.Secret]int), 0
	if own := n.level1.beacons().values[turn]; own != (message.Secret{}) {
		votes[own]++
		all++
	}
	for i, resp := range t.Gather(masters, message.Request{
		Kind: message.KindBeacon, Timeout: timeout, Body: &message.BeaconRequest{Turn: turn},
	}) {
		said, err := message.As[message.Beacon](resp)
		if err == nil && said.Value != (message.Secret{}) && masters[i] != n.self {
			votes[said.Value]++
			all++
		}
	}
	for v, count := range votes { // order-free: a total order
		if c := cmp.Compare(count, votes[value]); c > 0 || c == 0 && bytes.Compare(v[:], value[:]) < 0 {
			value = v
		}
	}
	return value, 2*votes[value] > all
}

// stages are what a master does for a value, each at a moment between two steps of a turn.
var stages = [...]struct {
	step, spread int
	do           func(l *level, t *Task, m *making)
}{
	{0, 0, func(*level, *Task, *making) {}}, // to be there for the commits of others
	{1, 2, (*level).commit},
	{5, 2, (*level).reveal},
	{9, 2, (*level).echo},
	{12, 0, (*level).conclude},
	{13, 2, (*level).agree},
}

// makeValues lets a maker take part in the making of values: in a turn that has begun only
// in the last stage.
func (l *level) makeValues() {
	n := l.node
	if n.cfg.Draw.Salt != draw.RevealSalt || !n.isMaker(n.self) || l.beacons().due {
		return
	}
	b, wall, length := l.beacons(), n.env.Wall(), n.cfg.turn()
	b.start, b.stage = draw.Start(wall, length), len(stages)-1
	if wall-b.start >= length*13/turnSteps {
		b.start, b.stage = b.start+length, 0
	}
	l.awaitStage()
}

// awaitStage sets the timer for the next stage.
func (l *level) awaitStage() {
	n, b := l.node, l.beacons()
	s, length := stages[b.stage], n.cfg.turn()
	at := b.start + time.Duration(s.step)*length/turnSteps + n.jitter(0, time.Duration(s.spread)*length/turnSteps)
	b.due = true
	n.env.After(at-n.env.Wall(), n.tag(wakeStage))
}

// stageDue is called when it is time for a stage. A node that is no maker any more, or
// whose clock has been set, takes no further part.
func (l *level) stageDue() {
	n, b, length := l.node, l.beacons(), l.node.cfg.turn()
	b.due = false
	if turn := draw.Start(n.env.Wall()+length/turnSteps/2, length); !n.isMaker(n.self) || turn != b.start {
		b.making = nil
		return // makeValues begins anew at a later sync
	}
	if b.stage == 0 {
		b.making = newMaking(b.start + length)
	}
	do, m := stages[b.stage].do, b.making
	if m == nil { // we came in the middle of the turn
		m = newMaking(b.start + length)
	}
	if b.stage++; b.stage == len(stages) {
		b.start, b.stage, b.making = b.start+length, 0, nil
	}
	l.awaitStage()
	n.pool.run(n, func(t *Task) { do(l, t, m) }, nil, 0)
}

func newMaking(turn time.Duration) *making {
	return &making{
		turn: turn, commits: make(map[Peer]message.Secret), reveals: make(map[Peer]message.Secret),
		echoed: make(map[Peer]bool), echoes: make(map[message.Reveal]int),
	}
}

// eachPeer visits the peers that take part.
func (m *making) eachPeer(visit func(Peer)) {
	for p := range m.commits { // order-free: visits for a set
		visit(p)
	}
	for p := range m.echoed { // order-free: visits for a set
		visit(p)
	}
	for r := range m.echoes { // order-free: visits for a set
		visit(r.Peer)
	}
}

func (l *level) commit(t *Task, m *making) {
	m.own = l.node.drawSecret()
	m.commits[l.node.self] = commitTo(m.own, m.turn)
	l.tellMasters(t, &message.BeaconRequest{Turn: m.turn, Commit: m.commits[l.node.self]})
}

func (l *level) reveal(t *Task, m *making) {
	m.reveals[l.node.self] = m.own
	l.tellMasters(t, &message.BeaconRequest{Turn: m.turn, Reveal: m.own})
}

func (l *level) echo(t *Task, m *making) {
	list := m.list(l.node)
	m.hear(l.node.self, list)
	l.tellMasters(t, &message.BeaconRequest{Turn: m.turn, Echo: list})
}

// conclude makes the value of what has been echoed.
func (l *level) conclude(_ *Task, m *making) {
	if value, ok := l.valueOf(m); ok {
		l.beacons().keep(m.turn, value)
	}
}

// agree takes over the value that most masters have.
func (l *level) agree(t *Task, m *making) {
	masters := l.otherMakers()
	if len(masters) == 0 {
		return
	}
	if value, _ := l.node.askValue(t, masters, m.turn, l.node.cfg.ServerTimeout); value != (message.Secret{}) {
		l.beacons().keep(m.turn, value)
	}
}

// drawSecret draws 32 bytes.
func (n *Node) drawSecret() (s message.Secret) {
	for i := 0; i < len(s); i += 8 {
		binary.BigEndian.PutUint64(s[i:], n.env.Rand().Uint64())
	}
	return s
}

// commitTo is the hash of a secret and its turn.
func commitTo(s message.Secret, turn time.Duration) message.Secret {
	return sha256.Sum256(binary.BigEndian.AppendUint64(s[:], uint64(turn.Milliseconds())))
}

// otherMakers are the makers of values but ourselves.
func (l *level) otherMakers() []Peer {
	makers, _ := l.node.targets(l.node.drawLevel())
	return slices.DeleteFunc(makers, func(p Peer) bool { return p == l.node.self })
}

// tellMasters tells all other masters something, and those that do not answer once more.
func (l *level) tellMasters(t *Task, body *message.BeaconRequest) {
	masters := l.otherMakers()
	for range 2 {
		var silent []Peer
		for i, resp := range t.Gather(masters, message.Request{Kind: message.KindBeacon, Timeout: l.node.cfg.ServerTimeout, Body: body}) {
			if resp.Err != nil {
				silent = append(silent, masters[i])
			}
		}
		masters = silent
	}
}

// serveBeacon takes what another master tells, and answers with the value of the turn.
func (n *Node) serveBeacon(req *message.Request) message.Response {
	l, asked := &n.level1, message.Asked[message.BeaconRequest](req)
	if asked == nil || l.watch == nil || l.watch.beacon == nil {
		return message.Response{Body: &message.Beacon{}}
	}
	b := l.watch.beacon
	if m := b.making; m != nil && m.turn == asked.Turn && n.isMaker(req.From) {
		l.takePart(m, req.From, asked)
	}
	return message.Response{Body: &message.Beacon{Value: b.values[asked.Turn]}}
}

// takePart enters what a master tells of a value that is being made, if it is the time for
// it. Of each master the first counts.
func (l *level) takePart(m *making, from Peer, said *message.BeaconRequest) {
	length := l.node.cfg.turn()
	step := int((l.node.env.Wall() - (m.turn - length)) * turnSteps / length)
	_, committed := m.commits[from]
	_, revealed := m.reveals[from]
	none := message.Secret{}
	switch {
	case said.Commit != none && step < 4 && !committed:
		m.commits[from] = said.Commit
	case said.Reveal != none && step < 8 && !revealed && committed && commitTo(said.Reveal, m.turn) == m.commits[from]:
		m.reveals[from] = said.Reveal
	case len(said.Echo) > 0 && step < 12 && len(said.Echo) <= len(l.otherMakers())+1+moreEchoes:
		m.hear(from, said.Echo)
	}
}

// list lists the reveals, in the order of their masters' addresses.
func (m *making) list(n *Node) []message.Reveal {
	list := make([]message.Reveal, 0, len(m.reveals))
	for p, s := range m.reveals { // order-free: sorted below
		list = append(list, message.Reveal{Peer: p, Value: s})
	}
	sortReveals(n, list)
	return list
}

func sortReveals(n *Node, list []message.Reveal) {
	slices.SortFunc(list, func(a, b message.Reveal) int {
		return cmp.Or(cmp.Compare(n.cfg.Book.Text(a.Peer), n.cfg.Book.Text(b.Peer)), bytes.Compare(a.Value[:], b.Value[:]))
	})
}

// hear counts an echo, one of each master, and each of its reveals once.
func (m *making) hear(from Peer, echo []message.Reveal) {
	if m.echoed[from] {
		return
	}
	m.echoed[from] = true
	counted := make(map[Peer]bool, len(echo))
	for _, r := range echo {
		if !counted[r.Peer] {
			counted[r.Peer] = true
			m.echoes[r]++
		}
	}
}

// valueOf is the hash of the reveals that two thirds of the echoes have. It is none if
// there is no such reveal.
func (l *level) valueOf(m *making) (value message.Secret, ok bool) {
	var list []message.Reveal
	accepted := make(map[Peer]bool)
	for r, count := range m.echoes { // order-free: sorted below
		if 3*count >= 2*len(m.echoed) {
			list = append(list, r)
			accepted[r.Peer] = true
		}
	}
	withheld := 0
	for p := range m.commits { // order-free: a count
		if !accepted[p] {
			withheld++
		}
	}
	if withheld > 0 {
		l.guarded().Withheld += uint64(withheld)
		l.node.env.Note(Note{What: NoteWithheld, Text: fmt.Sprintf("%d of %d masters", withheld, len(m.commits))})
	}
	if len(list) == 0 {
		return value, false
	}
	sortReveals(l.node, list)
	hash := sha256.New()
	for _, r := range list {
		hash.Write(r.Value[:])
	}
	return message.Secret(hash.Sum(nil)), true
}
