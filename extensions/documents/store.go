package documents

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/selection"
	"spreadable/extensions/documents/version"
	"spreadable/extensions/internal/summary"
	"spreadable/extensions/web"
)

// Options configure a Store.
type Options struct {
	Collections []Collection
	// MaxSkew is how far clocks may differ: DefaultMaxSkew. A version further ahead of a
	// node's clock is ignored, and refused when it is twice as far.
	MaxSkew time.Duration
	// RepairRate is how many bytes of copies a node sends in a second, at most, to make up
	// for those that are lost, and how many of copies it gives up that are more than wanted:
	// DefaultRepairRate. RepairEvery is how often it looks for both without a reason:
	// DefaultRepairEvery. RepairPause is the least time between two looks, whatever happens:
	// DefaultRepairPause.
	RepairRate  int64
	RepairEvery time.Duration
	RepairPause time.Duration
	// QueryCost is what a node spends on a query before it refuses: steps of some
	// nanoseconds, DefaultQueryCost.
	QueryCost int64
	// Queries is how many queries of clients this node asks the network at a time:
	// DefaultQueries. One host of clients has a quarter of them; the others wait in turn.
	Queries int
	// Remember is how long a node remembers where a document is, to read it from there:
	// DefaultRemember. What is written elsewhere meanwhile, because all of these nodes were
	// out of reach, is read so much later.
	Remember time.Duration
	// AskAll asks all nodes for documents, whatever their masters know; see summary.go.
	AskAll bool
	// NoReadRepair and NoRepair leave copies as they are found: for experiments.
	NoReadRepair, NoRepair bool
}

// The defaults of Options.
const (
	DefaultMaxSkew     = time.Hour
	DefaultRepairRate  = 1 << 20
	DefaultRepairEvery = time.Hour
	DefaultRepairPause = 30 * time.Second
	DefaultRemember    = time.Minute
	DefaultQueryCost   = 1 << 30
	DefaultQueries     = 16
	rememberedPlaces   = 1 << 16
	mostRemembered     = 8 // holders of a document: to ask more is no better than to ask all
)

// Store is the extension. Its methods that take a Task are called in the node's thread.
type Store struct {
	options Options
	shelves []*shelf // by name

	host    *host.Host
	run     web.Runner
	clock   *version.Clock
	leases  leases
	repair  repair
	walks   int                           // queries that are looking at all documents
	walksOf map[host.Peer]int             // by who has asked
	slices  shares[host.Peer]             // of their looks
	queries shares[netip.Addr]            // of clients, by host
	told    time.Duration                 // when the log last said that a host has its share
	where   *host.Cache[string, []string] // addresses of the holders of a document, by collection and key

	reports   *summary.Reports[state] // nil if all nodes are asked
	announced announcements
	// unreported says that the master should know of keys, and could not be told.
	unreported bool

	locate, locateMany host.Ask[wantedKeys, located]
	find               host.Ask[wantedSome, selection.Page]
	tally              host.Ask[wantedSome, counted]

	keep    host.Send[copies, kept]
	fetch   host.Send[wantedKeys, fetched]
	held    host.Send[wantedKeys, kept]
	lease   host.Send[leaseWanted, leased]
	release host.Send[leaseEnd, struct{}]

	counts counters
}

// counters are what the owner sees of the store's work.
type counters struct{ written, read, deleted, repaired, surplus, refused, stale, costly, busy, waits *host.Counter }

var (
	_ host.Extension = (*Store)(nil)
	_ web.Server     = (*Store)(nil)
)

// New makes a store. Each node, and each life of a node, needs its own.
func New(o Options) (*Store, error) {
	orDefault(&o.MaxSkew, DefaultMaxSkew)
	orDefault(&o.RepairRate, DefaultRepairRate)
	orDefault(&o.RepairEvery, DefaultRepairEvery)
	orDefault(&o.RepairPause, DefaultRepairPause)
	orDefault(&o.Remember, DefaultRemember)
	orDefault(&o.QueryCost, DefaultQueryCost)
	orDefault(&o.Queries, DefaultQueries)
	switch {
	case o.MaxSkew < time.Second || o.RepairEvery < time.Second || o.RepairPause < time.Second:
		return nil, errors.New("max_skew, repair_every, repair_pause: want a second or more")
	case o.Remember < time.Millisecond:
		return nil, errors.New("remember: want a millisecond or more")
	case o.QueryCost < 1:
		return nil, errors.New("query_cost: want 1 or more")
	case o.Queries < 1:
		return nil, errors.New("queries: want 1 or more")
	case o.RepairRate < 1:
		return nil, errors.New("repair_rate: want a byte per second or more")
	case len(o.Collections) == 0 || len(o.Collections) > mostCollections:
		return nil, fmt.Errorf("collections: want 1 to %d", mostCollections)
	}
	s := &Store{
		options: o, walksOf: make(map[host.Peer]int),
		slices:  shares[host.Peer]{most: 1, share: 1, line: mostWalks},
		queries: shares[netip.Addr]{most: o.Queries, share: max(1, o.Queries/queryShare), line: queryLine},
	}
	for i := range o.Collections {
		c := o.Collections[i]
		if err := c.fill(); err != nil {
			return nil, fmt.Errorf("collection %.60q: %w", c.Name, err)
		}
		s.shelves = append(s.shelves, &shelf{Collection: &c})
	}
	slices.SortFunc(s.shelves, func(a, b *shelf) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(s.shelves); i++ {
		if s.shelves[i].Name == s.shelves[i-1].Name {
			return nil, fmt.Errorf("collection %q is declared twice", s.shelves[i].Name)
		}
	}
	return s, nil
}

// Name implements host.Extension.
func (*Store) Name() string { return "documents" }

// Start implements host.Extension.
func (s *Store) Start(h *host.Host) {
	s.host, s.clock = h, version.NewClock(func() uint64 { return h.Rand().Uint64() })
	s.where = host.NewCache[string, []string](h, rememberedPlaces, s.options.Remember)
	s.offerReports()
	for _, shelf := range s.shelves {
		shelf.host = h
		if s.reports != nil {
			shelf.added = func(key string) { s.reports.Add(sum(shelf.Name, key)) }
		}
	}
	h.OnStart(func(*host.Task) {
		for _, shelf := range s.shelves {
			shelf.load()
		}
		if s.reports != nil {
			s.reports.Renew()
		}
		s.wake()
	})
	s.offerLocate()
	s.offerFind()
	s.offerCopies()
	s.offerLeases()
	s.offerRepair()
	h.Every("seen", s.seenEvery(), func(*host.Task) { s.seen() })
	s.declare()
}

// declare says what the owner sees.
func (s *Store) declare() {
	h := s.host
	s.counts = counters{
		written:  h.Count("written", "Documents that clients of this node have written."),
		read:     h.Count("read", "Documents that clients of this node have asked for by key."),
		deleted:  h.Count("deleted", "Documents that clients of this node have deleted."),
		repaired: h.Count("repaired", "Copies that this node has made up for."),
		surplus:  h.Count("surplus", "Copies that this node has given up because enough others have them."),
		refused:  h.Count("refused", "Copies that this node has refused because it is full."),
		costly:   h.Count("costly", "Queries that this node has refused because they cost too much."),
		busy:     h.Count("busy", "Writers of one document, and queries, that this node has refused because too many wait."),
		waits:    h.Count("query-waits", "Queries of clients that have waited because their host has its share, or all have."),
		stale:    h.Count("stale", "Copies of old versions that this node has found while reading."),
	}
	sum := func(of func(*shelf) float64) func() float64 {
		return func() (total float64) {
			for _, shelf := range s.shelves {
				total += of(shelf)
			}
			return total
		}
	}
	h.Gauge("kept", "Documents that this node keeps.", sum(func(s *shelf) float64 { return float64(s.documents) }))
	h.Gauge("kept-bytes", "Bytes of the documents that this node keeps.", sum(func(s *shelf) float64 { return float64(s.bytes) }))
	h.Gauge("tombstones", "Deletions that this node remembers.", sum(func(s *shelf) float64 { return float64(s.tombstones) }))
	h.OnStatus(func() any { return s.Status() })
}

// CollectionStatus is what the owner sees of a collection at this node.
type CollectionStatus struct {
	Documents  int   `json:"documents"`
	Bytes      int64 `json:"bytes"`
	Tombstones int   `json:"tombstones"`
}

// Status is what this node keeps, by collection.
func (s *Store) Status() map[string]CollectionStatus {
	status := make(map[string]CollectionStatus, len(s.shelves))
	for _, shelf := range s.shelves {
		status[shelf.Name] = CollectionStatus{shelf.documents, shelf.bytes, shelf.tombstones}
	}
	return status
}

// shelf finds a collection by its name.
func (s *Store) shelf(name string) (*shelf, error) {
	i, found := slices.BinarySearchFunc(s.shelves, name, func(s *shelf, name string) int { return cmp.Compare(s.Name, name) })
	if !found {
		return nil, refusal("COLLECTION", "there is no collection %.60q", name)
	}
	return s.shelves[i], nil
}

// refusal is an error for a client.
func refusal(code, format string, args ...any) error {
	return &host.Error{Code: "ERR_DOCUMENTS_" + code, Message: fmt.Sprintf(format, args...)}
}

// Place puts a copy into this node without a message, for a simulation that begins with
// documents. Its version is older than that of any write.
func (s *Store) Place(collection string, document []byte) error {
	c, err := s.shelf(collection)
	if err != nil {
		return err
	}
	key, text, err := c.shape(document, func() string { return randomKey(s.host.Rand()) })
	if err != nil {
		return err
	}
	first := version.NewClock(func() uint64 { return 0 }).Next(0, version.Version{}) // the same at all nodes
	_, err = c.take(&Record{Key: key, Version: first, Document: text}, false)
	return err
}

// Has is the version of this node's own copy of a document; false for none, and for one
// that is deleted.
func (s *Store) Has(collection, key string) (version.Version, bool) {
	c, err := s.shelf(collection)
	if err != nil {
		return version.Version{}, false
	}
	r := c.get(key)
	return r.Version, !r.Version.IsZero() && !r.Deleted
}

// Count is how many documents of a collection this node keeps.
func (s *Store) Count(collection string) int {
	c, err := s.shelf(collection)
	if err != nil {
		return 0
	}
	return c.documents
}

// Wall is the time by the node's wall clock, since the Unix epoch.
func (s *Store) Wall() time.Duration { return s.host.Wall() }
