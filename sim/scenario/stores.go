package scenario

import (
	"reflect"
	"time"
)

// Extensions describes the applications on the nodes: the stores that preload and workload
// name. Nodes have none of them otherwise.
type Extensions struct {
	// How many nodes keep each document and file. 3 if absent.
	Copies int `yaml:"copies" jsonschema:"minimum=1,maximum=100"`

	// How many of them have it on disk before a write is acknowledged. 2 if absent, or copies
	// if that is less.
	Acks int `yaml:"acks" jsonschema:"minimum=1,maximum=100"`

	// What makes up for lost copies: full (reads, and the loss of nodes; if absent), read
	// (documents that are read) or none.
	Repair RepairMode `yaml:"repair" jsonschema:"enum=full,enum=read,enum=none"`

	// How documents and files are looked for by key: by the summaries that nodes tell their
	// masters (if absent), or at all nodes.
	Lookup Lookup `yaml:"lookup" jsonschema:"enum=summaries,enum=all"`

	// How many bytes of copies a node sends in a second, at most, to make up for lost ones. As
	// the stores have it if absent.
	RepairRate Size `yaml:"repair_rate"`

	// The disk of every node.
	Disk Disk `yaml:"disk"`

	// How many nodes, drawn at random, have a disk that lies: it claims to be empty whatever it
	// takes, and keeps none of the bytes of files.
	Liars int `yaml:"liars" jsonschema:"minimum=0"`
}

// RepairMode names what makes up for lost copies.
type RepairMode string

// What makes up for lost copies.
const (
	RepairFull RepairMode = "full"
	RepairRead RepairMode = "read"
	RepairNone RepairMode = "none"
)

// Lookup names a way to look for a document or file.
type Lookup string

// The ways to look for them.
const (
	LookupSummaries Lookup = "summaries"
	LookupAll       Lookup = "all"
)

// Disk describes a simulated disk. What was not synced at a crash is lost.
type Disk struct {
	// How many bits it reads or writes in a second. Without a limit if absent.
	Rate Rate `yaml:"rate"`

	// What each operation takes besides.
	Seek time.Duration `yaml:"seek"`

	// How many bytes of files fit on it. Without a limit if absent.
	Capacity Size `yaml:"capacity"`
}

// Preload says what the stores hold before clients come: it is put into place at random
// nodes, extensions.copies of each, without a message.
type Preload struct {
	// How many documents.
	Documents int `yaml:"documents" jsonschema:"minimum=0,maximum=10000000"`

	// How many files.
	Files int `yaml:"files" jsonschema:"minimum=0,maximum=10000000"`

	// Virtual time at which they are put into place. Four sync intervals after the last node
	// has joined if absent.
	At time.Duration `yaml:"at"`
}

// Objects is what clients do with the documents or files of a store.
type Objects struct {
	// How many operations a second, at random and independent of each other. No store if
	// absent, unless something is preloaded.
	Rate Number `yaml:"rate"`

	// Share of the operations that read. The others write: a new version of a document, or a
	// new file. 90% if absent.
	Reads float64 `yaml:"reads"`

	// Virtual time of the first operation. That of preload if absent.
	Start time.Duration `yaml:"start"`

	// Virtual time within which they come, from start. All that is left if absent.
	Over time.Duration `yaml:"over"`

	// How many keys there are. As many as are preloaded, or 1000, if absent.
	Keys int `yaml:"keys" jsonschema:"minimum=1,maximum=10000000"`

	// How the operations choose among the keys: the k-th with a chance of 1/k to this power. 0,
	// all alike, if absent.
	Exponent Number `yaml:"exponent"`

	// Mean size. 1kB for documents and 1MB for files, if absent.
	Size Size `yaml:"size"`

	// Distribution of the sizes: constant (if absent), exponential or pareto (few large ones:
	// shape 1.5, at most a hundred times the mean).
	SizeModel SizeModel `yaml:"size_model" jsonschema:"enum=constant,enum=exponential,enum=pareto"`
}

// SizeModel is a distribution of sizes.
type SizeModel string

// The distributions of sizes.
const (
	SizeConstant    SizeModel = "constant"
	SizeExponential SizeModel = "exponential"
	SizePareto      SizeModel = "pareto"
)

// reads reports whether clients read, and writes whether they write.
func (o *Objects) reads() bool  { return o.Rate > 0 && o.Reads > 0 }
func (o *Objects) writes() bool { return o.Rate > 0 && o.Reads < 1 }

// store is what a scenario says of one store.
type store struct {
	name    string
	preload int
	objects *Objects
	size    Size // by default
}

func (s *Scenario) stores() []store {
	return []store{
		{"documents", s.Preload.Documents, &s.Workload.Documents, 1_000},
		{"files", s.Preload.Files, &s.Workload.Files, 1_000_000},
	}
}

// Runs reports whether nodes have the store of a name.
func (s *Scenario) Runs(name string) bool {
	for _, x := range s.stores() {
		if x.name == name {
			return x.preload > 0 || x.objects.Rate > 0
		}
	}
	return false
}

// hasStores reports whether nodes have any store.
func (s *Scenario) hasStores() bool { return s.Runs("documents") || s.Runs("files") }

// DefaultPreloadRounds is how many sync intervals after the last node has joined objects are
// put into place.
const DefaultPreloadRounds = 4

// fillStores fills in the defaults of stores, if there are any.
func (s *Scenario) fillStores() {
	if !s.hasStores() {
		return
	}
	e := &s.Extensions
	fill(s, "extensions.copies", &e.Copies, 3)
	fill(s, "extensions.acks", &e.Acks, min(2, e.Copies))
	fill(s, "extensions.repair", &e.Repair, RepairFull)
	fill(s, "extensions.lookup", &e.Lookup, LookupSummaries)
	for _, x := range s.stores() {
		if !s.Runs(x.name) {
			continue
		}
		path, keys := "workload."+x.name, x.preload
		if keys == 0 {
			keys = 1000
		}
		fill(s, path+".keys", &x.objects.Keys, keys)
		fill(s, path+".size", &x.objects.Size, x.size)
		fill(s, path+".size_model", &x.objects.SizeModel, SizeConstant)
		if x.objects.Rate > 0 {
			fill(s, path+".reads", &x.objects.Reads, 0.9)
		}
	}
}

// saysOfStores reports whether a key of extensions, preload or a store's workload belongs
// into the resolved form.
func (s *Scenario) saysOfStores(path string, zero bool) bool {
	return s.given(path) || !zero && s.hasStores()
}

// maxDocument is the largest size of a document, in bytes.
const maxDocument = 256_000

// maxOperations bounds the operations of a store.
const maxOperations = 10_000_000

// checkStores judges extensions, preload and what clients do with the stores.
func (s *Scenario) checkStores() error {
	e := s.Extensions
	if !s.hasStores() {
		for _, key := range []string{"extensions", "preload.at"} {
			if s.given(key) {
				return s.errorf(key, "%s: has no meaning without a store: give preload.documents, preload.files, workload.documents.rate or workload.files.rate", key)
			}
		}
	}
	switch {
	case e.Acks > e.Copies:
		return s.errorf("extensions.acks", "extensions.acks: %d nodes cannot acknowledge %d copies", e.Acks, e.Copies)
	case e.Copies > s.Nodes:
		return s.errorf("extensions.copies", "extensions.copies: %d copies are more than the %d nodes", e.Copies, s.Nodes)
	case e.Liars < 0 || e.Liars > 0 && e.Liars >= s.Nodes:
		return s.errorf("extensions.liars", "extensions.liars: expected fewer than the %d nodes, not %d", s.Nodes, e.Liars)
	case e.Repair == RepairNone && s.given("extensions.repair_rate"):
		return s.errorf("extensions.repair_rate", "extensions.repair_rate: has no meaning with extensions.repair none: nothing is made up for")
	}
	if err := s.checkFilesOnly(); err != nil {
		return err
	}
	if err := s.checkPreload(); err != nil {
		return err
	}
	for _, x := range s.stores() {
		if err := s.checkObjects("workload."+x.name, x); err != nil {
			return err
		}
	}
	return nil
}

// checkFilesOnly refuses what only a store of files has. Documents are no blobs on a disk.
func (s *Scenario) checkFilesOnly() error {
	if s.Runs("files") {
		return nil
	}
	for _, key := range append(leavesOf("extensions.disk", reflect.TypeFor[Disk]()), "extensions.liars") {
		v, err := find(reflect.ValueOf(s).Elem(), key)
		if err == nil && s.given(key) && !v.IsZero() {
			return s.errorf(key, "%s: has no meaning without files: give preload.files or workload.files.rate", key)
		}
	}
	return nil
}

// checkPreload judges when objects are put into place.
func (s *Scenario) checkPreload() error {
	if s.given("preload.at") {
		if err := s.positive("preload.at", s.Preload.At); err != nil {
			return err
		}
	}
	at, end := s.preloadAt(), formatDuration(s.Duration)
	switch {
	case at < s.Duration:
		return nil
	case s.given("preload.at"):
		return s.errorf("preload.at", "preload.at: %s is not before the end of the run at %s", formatDuration(at), end)
	case s.Preload.Documents > 0 || s.Preload.Files > 0:
		return s.errorf(s.firstGiven("preload.documents", "preload.files"),
			"preload: %d sync intervals after the last node has joined it is %s or later, not before the end of the run at %s; give preload.at, or a longer duration",
			DefaultPreloadRounds, formatDuration(at), end)
	}
	return nil
}

// preloadAt is when objects are put into place, at the earliest.
func (s *Scenario) preloadAt() time.Duration {
	if s.Preload.At > 0 {
		return s.Preload.At
	}
	return s.joined() + DefaultPreloadRounds*s.SyncInterval
}

// idleKeys are those of a store's workload that say nothing of what is preloaded.
func idleKeys() []string { return []string{"reads", "start", "over", "keys", "exponent"} }

// checkIdle refuses what says how clients use a store that none uses.
func (s *Scenario) checkIdle(path string, x store) error {
	if key := path + ".rate"; s.given(key) {
		return s.errorf(key, "%s: expected a number of operations a second from 0.000001 to 1000000, not %s", key, number(float64(x.objects.Rate)))
	}
	if s.given(path) && !s.Runs(x.name) {
		return s.errorf(path, "%s: has no meaning without a rate, or preload.%s", path, x.name)
	}
	for _, key := range idleKeys() {
		if key = join(path, key); s.given(key) && !s.isDefault(key) {
			return s.errorf(key, "%s: has no meaning without %s.rate: clients ask for no %s", key, path, x.name)
		}
	}
	return nil
}

func (s *Scenario) checkObjects(path string, x store) error {
	o := x.objects
	if o.Rate == 0 {
		if err := s.checkIdle(path, x); err != nil || !s.Runs(x.name) {
			return err
		}
	}
	over := o.Over
	if key := path + ".over"; s.given(key) {
		if err := s.positive(key, over); err != nil {
			return err
		}
	}
	if over == 0 {
		over = s.Duration - o.Start
	}
	switch rate := float64(o.Rate); {
	case s.given(path+".rate") && !(rate >= 1e-6 && rate <= 1e6):
		return s.errorf(path+".rate", "%s.rate: expected a number of operations a second from 0.000001 to 1000000, not %s", path, number(rate))
	case rate*over.Seconds() > maxOperations:
		return s.errorf(path+".rate", "%s.rate: some %.3g operations in %s are more than %d", path, rate*over.Seconds(), formatDuration(over), maxOperations)
	case o.Reads > 1:
		return s.errorf(path+".reads", "%s.reads: expected a share of at most 100%%, not %s", path, formatShare(o.Reads))
	case x.name == "documents" && o.Size > maxDocument:
		return s.errorf(path+".size", "%s.size: a document has at most %s, not %s", path, Size(maxDocument), o.Size)
	case o.Keys < x.preload:
		return s.errorf(path+".keys", "%s.keys: %d keys are fewer than the %d of preload.%s", path, o.Keys, x.preload, x.name)
	case !(o.Exponent >= 0 && o.Exponent <= 10):
		return s.errorf(path+".exponent", "%s.exponent: expected a number from 0 to 10, not %s", path, number(float64(o.Exponent)))
	}
	return s.within(path, o.Start, o.Over)
}
