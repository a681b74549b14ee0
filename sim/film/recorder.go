package film

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// DefaultLimit is how many bytes a film has at most, before it is compressed. Compressed
// it has about half of that, and fits into a page of 20 MB.
const DefaultLimit = 24 << 20

// Options of a Recorder.
type Options struct {
	// Limit is how many bytes the film has at most, 0 for DefaultLimit. When frames, or
	// requests and steps, have no more space, they are left out and counted.
	Limit int
	// Tell is given each block as soon as it is recorded, between two events of the run. It
	// may keep the bytes. May be nil.
	Tell func(block []byte)
}

// Marks is what is special about a host.
type Marks uint8

// The marks, as the bits that they have in a frame.
const (
	Hidden Marks = 1 << (iota + 1) // no other node can connect to it
	Struck                         // a fault is on it: it is cut off, held or slow
	Lying                          // it lies
)

// World is the network as a recorder sees it, while all workers stand still. Hosts are
// numbered from 0.
type World interface {
	Hosts() int
	Address(host int) string
	// Place is the lists of a node, nil while its host is down. A place that has not
	// changed is the same pointer.
	Place(host int) *message.Structure
	// Size is how many nodes a node that is up counts in the network.
	Size(host int) int
	// Rank is the highest level of which a node that is up is a master; 0 for none.
	Rank(host int) int
	Marks(host int) Marks
}

// Recorder records one run. It belongs to the thread that drives the run.
type Recorder struct {
	options Options
	world   World
	film    []byte
	spent   struct{ frames, others int } // bytes of frames, and of requests and steps
	lost    End                          // of which the counts are kept

	due     time.Duration // time of the next frame
	longest time.Duration // between two frames
	credit  float64       // looks at hosts that may be made; see Frame
	events  uint64        // delivered until the frame before

	hosts   []seen
	levels  int
	listed  map[uint64]uint32 // numbers of the lists of masters, by message.Masters.Set
	lists   []byte            // the new ones of the frame in the making
	changes []byte            // of the frame in the making
}

// seen is a host as it was at the latest frame.
type seen struct {
	place      *message.Structure // nil while it was down
	state      uint8
	backlink   uint32 // 0 for none, else the host's number and 1
	masters    uint32 // that the node knows
	list       uint32 // number of their list
	size       uint32
	gone, come []core.Peer // slaves, since the frame before
}

func (s *seen) slaves() []core.Peer {
	if s.place == nil {
		return nil
	}
	return s.place.Slaves
}

// New makes a recorder for one run.
func New(o Options) *Recorder {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	return &Recorder{options: o, listed: make(map[uint64]uint32)}
}

// Begin starts the film of a run. Longest is the longest time between two frames.
func (r *Recorder) Begin(s Setting, world World, longest time.Duration) {
	s.Hosts = world.Hosts()
	r.world, r.hosts = world, make([]seen, s.Hosts)
	r.levels, r.longest = s.Levels, longest
	r.credit = max(firstFrames*float64(s.Hosts), firstLooks)
	r.put(KindSetting, s)
	var addresses strings.Builder
	for host := range s.Hosts {
		if host > 0 {
			addresses.WriteByte('\n')
		}
		addresses.WriteString(world.Address(host))
	}
	r.append(KindAddresses, []byte(addresses.String()))
}

// Film is what was recorded so far.
func (r *Recorder) Film() []byte { return r.film }

// Lost is how many frames, requests and steps there was no space for.
func (r *Recorder) Lost() (frames, requests, steps int) {
	return r.lost.LostFrames, r.lost.LostRequests, r.lost.LostSteps
}

// Sample records a sample. There are so few that each has space.
func (r *Recorder) Sample(s Sample) { r.put(KindSample, s) }

// Request records a request that has ended.
func (r *Recorder) Request(q Request) {
	if !r.other(KindRequest, q) {
		r.lost.LostRequests++
	}
}

// Step records what happens to the network.
func (r *Recorder) Step(s Step) {
	if !r.other(KindStep, s) {
		r.lost.LostSteps++
	}
}

// End ends the film.
func (r *Recorder) End(e End) {
	e.LostFrames, e.LostRequests, e.LostSteps = r.Lost()
	if e.Expectations == nil {
		e.Expectations = []Outcome{}
	}
	r.put(KindEnd, e)
}

// other records a request or a step, if there is space. They have a quarter of the film
// together: a million searches must not displace the network.
func (r *Recorder) other(kind Kind, value any) bool {
	body := encode(value)
	if r.spent.others+len(body) > r.options.Limit/4 {
		return false
	}
	r.spent.others += len(body)
	r.append(kind, body)
	return true
}

func (r *Recorder) put(kind Kind, value any) { r.append(kind, encode(value)) }

func (r *Recorder) append(kind Kind, body []byte) {
	from := len(r.film)
	r.film = appendBlock(r.film, kind, body)
	if r.options.Tell != nil {
		r.options.Tell(r.film[from:len(r.film):len(r.film)])
	}
}

// encode writes a value of this package as JSON, which cannot fail.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// Share is a share for a Sample: nil if it was not measured.
func Share(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
