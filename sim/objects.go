package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/internal/stream"
	"spreadable/sim/scenario"
	"spreadable/sim/stores"
)

// objects are the documents and files that the nodes of a world store, and what clients do
// with them. A client asks at a node that is drawn before the run; if a fault has ended that
// node, the operation is left out.
type objects struct {
	world *world
	kinds []*storage
	at    [][]stores.Store // by host and kind: of the node's current life
	ops   []operationOf    // of all kinds
	liars map[int]bool     // hosts whose disk claims to be empty and keeps nothing
	due   time.Duration    // when objects are put into place
	trace uint32           // the number of the trace of the first operation
}

// storage is one kind of store in a run.
type storage struct {
	name    string
	number  int // among the kinds
	says    scenario.Objects
	preload int
	options stores.Options
	sizes   func(object int) int64
	placed  int // of preload, those of which at least one copy was put into place
	refused int // copies of preload that did not fit
	seen    []bool
	rows    []copiesRow // at each sample
}

// operationOf is one that a client does with an object.
type operationOf struct {
	kind, object int
	host         int
	write        bool
	at, end      time.Duration
	value        uint64 // written, or read
	begun, done  bool
	found        bool
	err          error
}

// copiesRow is how many copies there are at a sample.
type copiesRow struct {
	at                   time.Duration
	objects, held, whole int // that have been there; that have a live holder; and all copies
	copies               int
}

// newObjects returns nil for a scenario without stores.
func newObjects(w *world) *objects {
	o := &objects{world: w, at: make([][]stores.Store, w.nodes), liars: make(map[int]bool)}
	s := w.scenario
	for _, k := range []struct {
		name    string
		preload int
		says    scenario.Objects
	}{{"documents", s.Preload.Documents, s.Workload.Documents}, {"files", s.Preload.Files, s.Workload.Files}} {
		if s.Runs(k.name) {
			o.add(&storage{name: k.name, number: len(o.kinds), says: k.says, preload: k.preload})
		}
	}
	if len(o.kinds) == 0 {
		return nil
	}
	r := rand.New(stream.New(s.Seed, 0, stream.Disks))
	for _, i := range choose(r, w.nodes, s.Extensions.Liars) {
		o.liars[i] = true
	}
	o.due = s.Preload.At
	if o.due == 0 {
		o.due = w.population.Joined() + scenario.DefaultPreloadRounds*s.SyncInterval
	}
	for _, k := range o.kinds {
		o.plan(k)
	}
	return o
}

// add begins a kind of store.
func (o *objects) add(k *storage) {
	s := o.world.scenario
	e := s.Extensions
	k.options = stores.Options{
		Copies: e.Copies, Acks: e.Acks, RepairRate: int64(e.RepairRate), AskAll: e.Lookup == scenario.LookupAll,
		ReadRepair: e.Repair != scenario.RepairNone, Repair: e.Repair == scenario.RepairFull,
	}
	k.sizes = sizesOf(s.Seed, k.number, k.says)
	k.seen = make([]bool, min(k.says.Keys, watched(o.world.nodes)))
	o.kinds = append(o.kinds, k)
}

// watched is how many objects a sample counts the copies of, at most: it looks at all nodes
// for each.
func watched(nodes int) int { return min(1000, max(50, 200_000/nodes)) }

// sizesOf draws the sizes of objects, each once from its number.
func sizesOf(seed uint64, kind int, says scenario.Objects) func(object int) int64 {
	mean := float64(says.Size)
	return func(object int) int64 {
		if says.SizeModel == scenario.SizeConstant {
			return int64(says.Size)
		}
		r := rand.New(stream.New(seed, uint64(kind)<<40|uint64(object), stream.ObjectSize))
		size := mean * r.ExpFloat64()
		if says.SizeModel == scenario.SizePareto {
			// of shape 1.5 the least is a third of the mean
			size = min(100*mean, mean/3*math.Pow(1-r.Float64(), -1/1.5))
		}
		return max(1, int64(size))
	}
}

// plan draws the operations of a kind: a Poisson process.
func (o *objects) plan(k *storage) {
	s := o.world.scenario
	if k.says.Rate == 0 {
		return
	}
	start := k.says.Start
	if start == 0 {
		start = o.due
	}
	over := k.says.Over
	if over == 0 {
		over = s.Duration - start
	}
	r := rand.New(stream.New(s.Seed, uint64(k.number), stream.Objects))
	draw := popularity(k.says.Keys, float64(k.says.Exponent))
	fresh := k.preload
	for _, at := range poisson(float64(k.says.Rate), start, max(0, over), r) {
		op := operationOf{kind: k.number, at: at, object: draw(r), write: r.Float64() >= k.says.Reads}
		if op.write && k.name == "files" { // a file does not change
			op.object = fresh
			fresh++
		}
		alive := o.world.population.At(at)
		if alive.Size() == 0 {
			continue
		}
		op.host = alive.Random(r)
		op.value = uint64(len(o.ops) + 1)
		o.ops = append(o.ops, op)
	}
}

// popularity draws keys: the k-th with a chance of 1/k to a power.
func popularity(keys int, exponent float64) func(*rand.Rand) int {
	if exponent == 0 {
		return func(r *rand.Rand) int { return r.IntN(keys) }
	}
	sums, sum := make([]float64, keys), 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -exponent)
		sums[i] = sum
	}
	return func(r *rand.Rand) int { return sort.SearchFloat64s(sums, r.Float64()*sum) }
}

// extensionsOf makes the stores of a node for its next life.
func (o *objects) extensionsOf(node int) []host.Extension {
	if o == nil {
		return nil
	}
	var all []host.Extension
	o.at[node] = nil
	for _, k := range o.kinds {
		store, err := stores.New(k.name, k.options)
		if err != nil {
			panic(err) // the scenario has been checked
		}
		o.at[node] = append(o.at[node], store)
		all = append(all, store.Extension())
	}
	return all
}

// setUp makes a disk as the scenario says.
func (o *objects) setUp(host int, b *memory.Blobs) {
	if o == nil {
		return
	}
	d := o.world.scenario.Extensions.Disk
	b.Rate, b.Seek, b.Limit = float64(d.Rate)/8, d.Seek, int64(d.Capacity)
	b.Boasts = o.liars[host]
}

// schedule makes events of the operations.
func (o *objects) schedule() {
	if o == nil {
		return
	}
	o.trace = o.world.clients.traces()
	for i := range o.ops {
		op := &o.ops[i]
		o.world.planSlot(op.at, eventObject, op.host, uint32(i))
	}
}

// begin lets a client do operation i at its node.
func (o *objects) begin(i uint32) {
	op := &o.ops[i]
	if !o.world.net.Host(op.host).Up() {
		return
	}
	op.begun = true
	store, k := o.at[op.host][op.kind], o.kinds[op.kind]
	o.world.node(op.host).Go(func(t *core.Task) {
		t.Serve(o.trace + i)
		if op.write {
			op.err = store.Put(t, op.object, k.sizes(op.object), op.value)
			op.found = op.err == nil
		} else {
			op.value, op.found, op.err = store.Get(t, op.object)
		}
		op.done = true
		op.end = o.world.net.Host(op.host).Now() - o.world.epoch
	})
}

// next is when objects are put into place.
func (o *objects) next() time.Duration {
	if o == nil || o.due < 0 {
		return math.MaxInt64
	}
	return o.due
}

// act puts objects into place when it is time. All workers stand still.
func (o *objects) act(now time.Duration) {
	if o.next() > now {
		return
	}
	o.due = -1
	var up []int
	for i := range o.world.population.At(now).All() {
		if i < o.world.nodes && o.world.net.Host(i).Up() {
			up = append(up, i)
		}
	}
	for _, k := range o.kinds {
		o.place(k, up)
	}
}

// place puts the objects of a kind into place, each at so many nodes.
func (o *objects) place(k *storage, up []int) {
	r := rand.New(stream.New(o.world.scenario.Seed, uint64(k.number), stream.Preload))
	addresses := make([]string, len(up))
	for n, i := range up {
		node := o.world.node(i)
		addresses[n] = node.Book().Text(node.Self())
	}
	for object := range k.preload {
		var holders []string
		chosen := choose(r, len(up), min(k.options.Copies, len(up)))
		for _, i := range chosen {
			holders = append(holders, addresses[i])
		}
		slices.Sort(holders)
		placed := false
		for _, i := range chosen {
			if err := o.at[up[i]][k.number].Place(object, k.sizes(object), holders); err != nil {
				k.refused++
			} else {
				placed = true
			}
		}
		if placed {
			k.placed++
			if object < len(k.seen) {
				k.seen[object] = true
			}
		}
	}
}

// choose draws count different numbers below n, few of many.
func choose(r *rand.Rand, n, count int) (chosen []int) {
	for len(chosen) < count {
		if i := r.IntN(n); !slices.Contains(chosen, i) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// sample counts the copies of the objects that are watched: those of the newest version that
// a live node holds.
func (o *objects) sample(now time.Duration) {
	if o == nil {
		return
	}
	alive := o.world.population.At(now)
	for _, k := range o.kinds {
		row := copiesRow{at: now}
		newest, copies := make([]uint64, len(k.seen)), make([]int, len(k.seen))
		for node := range alive.All() {
			if node >= o.world.nodes || !o.world.net.Host(node).Up() || k.name == "files" && o.liars[node] {
				continue
			}
			store := o.at[node][k.number]
			for object := range k.seen {
				switch value, held := store.Held(object); {
				case !held || value < newest[object] && copies[object] > 0:
				case value > newest[object]:
					newest[object], copies[object] = value, 1
				default:
					copies[object]++
				}
			}
		}
		for object, count := range copies {
			k.seen[object] = k.seen[object] || count > 0
			if !k.seen[object] {
				continue
			}
			row.objects++
			row.copies += count
			if count > 0 {
				row.held++
			}
			if count >= k.options.Copies {
				row.whole++
			}
		}
		k.rows = append(k.rows, row)
	}
}
