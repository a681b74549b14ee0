// Package stores lets a simulation use the stores of documents and of files alike: it knows
// objects by their numbers, and what is written into one as a number.
package stores

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
)

// Store is a store at one node. Its methods belong to the node's thread.
type Store interface {
	// Extension is what the node runs.
	Extension() host.Extension
	// Place makes the node keep an object, without a message, and know the addresses of all
	// nodes that do. Its value is 0.
	Place(object int, size int64, holders []string) error
	// Put writes an object, and returns when enough nodes have it on disk.
	Put(t *host.Task, object int, size int64, value uint64) error
	// Get reads an object. Found is false if the answer is that there is none.
	Get(t *host.Task, object int) (value uint64, found bool, err error)
	// Held is the node's own copy of an object, as it would give it to others.
	Held(object int) (value uint64, held bool)
}

// Options of a store. The zero value of each is the store's own default.
type Options struct {
	Copies, Acks int
	ReadRepair   bool // makes up for copies that a read misses
	Repair       bool // and for those that are lost with their nodes
	RepairRate   int64
	AskAll       bool // objects are looked for at all nodes, not by summaries
}

// New makes a store of a kind: documents or files.
func New(kind string, o Options) (Store, error) {
	switch kind {
	case "documents":
		return newShelf(o)
	case "files":
		return newArchive(o)
	}
	return nil, fmt.Errorf("no store is called %q", kind)
}

// collection is the one of the documents.
const collection = "objects"

// shelf is a store of documents.
type shelf struct{ *documents.Store }

func newShelf(o Options) (Store, error) {
	s, err := documents.New(documents.Options{
		Collections: []documents.Collection{{
			Name: collection, Copies: rule(o.Copies), Acks: o.Acks, MaxDocument: documents.LargestDocument,
		}},
		NoReadRepair: !o.ReadRepair, NoRepair: !o.Repair, RepairRate: o.RepairRate, AskAll: o.AskAll,
	})
	return shelf{s}, err
}

// rule is a number of copies as the stores want it, "" for their default.
func rule(copies int) string {
	if copies == 0 {
		return ""
	}
	return strconv.Itoa(copies)
}

func (s shelf) Extension() host.Extension { return s.Store }

func (s shelf) Place(object int, size int64, _ []string) error {
	return s.Store.Place(collection, document(object, size, 0))
}

func (s shelf) Put(t *host.Task, object int, size int64, value uint64) error {
	_, err := s.Store.Put(t, documents.Write{Collection: collection, Document: document(object, size, value)})
	return err
}

func (s shelf) Get(t *host.Task, object int) (value uint64, found bool, err error) {
	f, err := s.Store.Get(t, collection, strconv.Itoa(object))
	if err != nil || f.Document == nil {
		return 0, false, err
	}
	var content struct {
		Value uint64 `json:"value"`
	}
	err = json.Unmarshal(f.Document, &content)
	return content.Value, true, err
}

// Held implements Store. The value of a copy is not known without reading it, which takes
// too long to be done for all: its version says as much.
func (s shelf) Held(object int) (value uint64, held bool) {
	v, held := s.Has(collection, strconv.Itoa(object))
	return binary.BigEndian.Uint64(v[:8]), held
}

// padding is cut to the size of a document.
var padding = strings.Repeat("x", documents.LargestDocument)

// document is one of about a size, in bytes.
func document(object int, size int64, value uint64) []byte {
	text := fmt.Appendf(nil, `{"id":%d,"value":%d,"text":"`, object, value)
	fill := min(max(0, int(size)-len(text)-2), documents.LargestDocument-200)
	text = append(text, padding[:fill]...)
	return append(text, `"}`...)
}

// archive is a store of files.
type archive struct {
	*files.Store
	askAll bool
}

func newArchive(o Options) (Store, error) {
	options := files.Options{Copies: rule(o.Copies), Acks: o.Acks, RepairRate: files.Size(o.RepairRate), NoRepair: !o.Repair}
	s, err := files.New(options)
	return archive{s, o.AskAll}, err
}

func (a archive) Extension() host.Extension { return a.Store }

func (a archive) Place(object int, size int64, holders []string) error {
	return a.Preload(files.File{Key: keyOf(object), Size: size}, holders...)
}

// Put implements Store. A file does not change, so its value is always 0.
func (a archive) Put(t *host.Task, object int, size int64, _ uint64) error {
	_, err := a.PutSized(t, keyOf(object), size, files.Wish{})
	return err
}

func (a archive) Get(t *host.Task, object int) (value uint64, found bool, err error) {
	var holders []string
	if a.askAll {
		holders, _, err = a.Copies(t, keyOf(object))
	} else {
		holders, err = a.Locate(t, keyOf(object))
	}
	if errors.Is(err, files.ErrNotFound) {
		err = nil
	}
	return 0, len(holders) > 0, err
}

func (a archive) Held(object int) (value uint64, held bool) { return 0, a.Has(keyOf(object)) }

// keyOf is the hash of an object's bytes, which a simulation has not.
func keyOf(object int) host.Key {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(object)))
}
