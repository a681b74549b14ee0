package swarm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"spreadable/internal/stream"
	"spreadable/sim/fault"
	"spreadable/sim/lie"
)

// Plan is all that a run depends on.
type Plan struct {
	Seed   uint64
	Nodes  int      // at the start
	Boots  int      // how many of them are bootstrap nodes
	Levels int      // of masters
	Loss   float64  // of each message, all the time
	Faults []string // kinds of fault, one phase each
	Lie    string   // kind of lie, "" for none
	Liars  int      // how many nodes lie; of an intruding kind how many masters it visits
}

// The limits of plans. A world has one partition, and a run should take a second at most.
const (
	MostNodes  = 1000
	MostLevels = 3
	mostFaults = 8
	mostLiars  = 40
)

// Choice is what plans may be drawn from.
type Choice struct {
	Faults, Lies         []string
	LeastNodes, MostSize int
	Loss                 float64 // the greatest constant loss
	Levels               []int   // numbers of levels; nil is one
}

// All is the choice of everything but lies that must be named.
func All() Choice {
	return Choice{Faults: fault.Kinds(), Lies: drawn(), LeastNodes: 2, MostSize: 300, Loss: 0.05, Levels: []int{1, 2, 3}}
}

// drawn are the lies that need not be named.
func drawn() []string {
	return slices.DeleteFunc(lie.Kinds(), func(name string) bool {
		k, _ := lie.Of(name)
		return k.Named
	})
}

// common is the size that most networks stay below: small ones are quick, and have
// failures of their own.
const common = 60

// Draw draws the plan of a seed.
func Draw(seed uint64, c Choice) Plan {
	r := rand.New(stream.New(seed, 0, stream.Plan))
	p := Plan{Seed: seed, Boots: 1, Levels: drawLevels(seed, c.Levels)}
	most := c.MostSize
	if r.Float64() < 0.85 {
		most = min(most, common)
	}
	low, high := math.Log(float64(c.LeastNodes)), math.Log(float64(max(most, c.LeastNodes)))
	p.Nodes = int(math.Round(math.Exp(low + r.Float64()*(high-low))))
	if boots, several := 2+r.IntN(2), r.Float64() < 0.3; several {
		p.Boots = min(boots, p.Nodes)
	}
	if share, constant := r.Float64(), r.Float64() < 0.2; constant {
		p.Loss = math.Round(share*c.Loss*1000) / 1000
	}
	p.drawFaults(r, c.Faults)
	lies := p.heard(c.Lies)
	if k := r.IntN(3); len(lies) > 0 && p.Nodes >= leastWithLiars && r.Float64() < 0.35 {
		p.Lie, p.Liars = lies[r.IntN(len(lies))], 1+min(k, p.Nodes/leastWithLiars-1)
		if kind, _ := lie.Of(p.Lie); kind.Runs && p.Levels == 1 {
			p.Liars = min(leastPorts+morePorts*k, p.Nodes-1)
			return p
		}
	}
	if p.Liars = min(p.Liars, p.Nodes/p.leastForLiar()); p.Liars == 0 {
		p.Lie = ""
	}
	return p
}

// heard are those of some lies that a network of so many levels hears.
func (p *Plan) heard(lies []string) []string {
	return slices.DeleteFunc(slices.Clone(lies), func(name string) bool {
		k, _ := lie.Of(name)
		return k.Tree && p.Levels == 1
	})
}

// drawLevels draws how many levels the network has. If it may have one, it has more in a
// third of all plans. It has a stream of its own, so that the rest of a plan is the same
// for any choice of levels.
func drawLevels(seed uint64, from []int) int {
	r := rand.New(stream.New(seed, 0, stream.Levels))
	several := slices.DeleteFunc(slices.Clone(from), func(levels int) bool { return levels == 1 })
	if len(several) == 0 || len(several) < len(from) && r.IntN(3) > 0 {
		return 1
	}
	return several[r.IntN(len(several))]
}

// Ports of one host are honest in all but their number, so there may be many of them: from
// fewer than a host has places (core.DefaultHostPlaces) to several times as many.
const leastPorts, morePorts = 3, 4

// leastWithLiars is the size of a network of which one node may lie.
const leastWithLiars = 5

// leastForLiar is how many nodes there are for each liar at least. With several levels
// these are in small branches, and the honest nodes of a branch must outvote its liar.
func (p *Plan) leastForLiar() int {
	return int(math.Pow(leastWithLiars, float64(p.Levels)))
}

// drawFaults draws one to three phases. A kind after which newcomers find no way in comes
// last.
func (p *Plan) drawFaults(r *rand.Rand, kinds []string) {
	count := 1 + r.IntN(3)
	for len(kinds) > 0 && len(p.Faults) < count {
		name := kinds[r.IntN(len(kinds))]
		p.Faults = append(p.Faults, name)
		if k, _ := fault.Of(name); k.Last {
			return
		}
	}
}

// String is the plan as ParsePlan reads it.
func (p Plan) String() string {
	text := fmt.Sprintf("seed=%d nodes=%d", p.Seed, p.Nodes)
	if p.Boots != 1 {
		text += fmt.Sprintf(" bootstrap=%d", p.Boots)
	}
	if p.Levels != 1 {
		text += fmt.Sprintf(" levels=%d", p.Levels)
	}
	if p.Loss > 0 {
		text += fmt.Sprintf(" loss=%v", p.Loss)
	}
	if len(p.Faults) > 0 {
		text += " faults=" + strings.Join(p.Faults, ",")
	}
	if p.Lie != "" {
		text += fmt.Sprintf(" liars=%s:%d", p.Lie, p.Liars)
	}
	return text
}

// ParsePlan reads a plan: words like nodes=9, in any order.
func ParsePlan(text string) (Plan, error) {
	p := Plan{Seed: 1, Nodes: 9, Boots: 1, Levels: 1}
	for _, word := range strings.Fields(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return p, fmt.Errorf("%q in a plan: want name=value", word)
		}
		if err := p.set(name, value); err != nil {
			return p, fmt.Errorf("%q in a plan: %w", word, err)
		}
	}
	return p, p.validate()
}

// set reads one value.
func (p *Plan) set(name, value string) (err error) {
	switch name {
	case "seed":
		p.Seed, err = strconv.ParseUint(value, 10, 64)
	case "nodes":
		p.Nodes, err = strconv.Atoi(value)
	case "bootstrap":
		p.Boots, err = strconv.Atoi(value)
	case "levels":
		p.Levels, err = strconv.Atoi(value)
	case "loss":
		p.Loss, err = strconv.ParseFloat(value, 64)
	case "faults":
		p.Faults = strings.Split(value, ",")
	case "liars":
		kind, count, ok := strings.Cut(value, ":")
		p.Lie, p.Liars = kind, 1
		if ok {
			p.Liars, err = strconv.Atoi(count)
		}
	default:
		return fmt.Errorf("want one of seed, nodes, bootstrap, levels, loss, faults, liars")
	}
	if err != nil {
		return fmt.Errorf("%q is no number", value)
	}
	return nil
}

// validate says what is wrong with a plan.
func (p *Plan) validate() error {
	switch {
	case p.Nodes < 1 || p.Nodes > MostNodes:
		return fmt.Errorf("nodes=%d: want 1 to %d", p.Nodes, MostNodes)
	case p.Boots < 1 || p.Boots > p.Nodes:
		return fmt.Errorf("bootstrap=%d: want 1 to the number of nodes, %d", p.Boots, p.Nodes)
	case CheckLevels(p.Levels) != nil:
		return fmt.Errorf("levels=%d: %w", p.Levels, CheckLevels(p.Levels))
	case !(p.Loss >= 0 && p.Loss <= 0.5):
		return fmt.Errorf("loss=%v: want a share from 0 to 0.5", p.Loss)
	case len(p.Faults) > mostFaults:
		return fmt.Errorf("%d faults: want %d at most", len(p.Faults), mostFaults)
	}
	if err := CheckFaults(p.Faults); err != nil {
		return fmt.Errorf("%w", err)
	}
	if p.Lie == "" {
		return nil
	}
	if err := CheckLies([]string{p.Lie}); err != nil {
		return fmt.Errorf("%w", err)
	}
	if len(p.heard([]string{p.Lie})) == 0 {
		return fmt.Errorf("liars=%s: it is a lie about branches, want levels=2 or more", p.Lie)
	}
	if most := min(mostLiars, p.Nodes-1); p.Liars < 1 || p.Liars > most {
		return fmt.Errorf("%d liars: want 1 to %d in a network of %d nodes", p.Liars, most, p.Nodes)
	}
	return nil
}

// CheckLevels returns an error for a number of levels that no plan has.
func CheckLevels(levels int) error {
	if levels < 1 || levels > MostLevels {
		return fmt.Errorf("want 1 to %d", MostLevels)
	}
	return nil
}

// CheckFaults returns an error for the first name that is no kind of fault, CheckLies for
// the first that is no kind of lie.
func CheckFaults(names []string) error { return check("fault", names, fault.Kinds()) }

// CheckLies is like CheckFaults.
func CheckLies(names []string) error { return check("lie", names, lie.Kinds()) }

func check(what string, names, kinds []string) error {
	for _, name := range names {
		if !slices.Contains(kinds, name) {
			return fmt.Errorf("there is no %s %q: want %s", what, name, strings.Join(kinds, ", "))
		}
	}
	return nil
}
