package documents

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/schema"
)

// Collection declares one collection. All nodes of a network need the same.
type Collection struct {
	Name string
	// Key is the field that names a document, a text or a number: DefaultKey. A document
	// without it gets a random one.
	Key string
	// Copies is how many nodes keep a document, a rule of host.Copies: "3". Acks is how many
	// must have it on disk before a write is acknowledged: 2, and no more than there are
	// copies.
	Copies string
	Acks   int
	// MaxDocument is the most bytes of a document as JSON: DefaultMaxDocument, at most
	// LargestDocument. Limit and MaxSize bound what one node keeps, in documents and in
	// bytes; 0 does not.
	MaxDocument int
	Limit       int
	MaxSize     int64
	// Evict makes a full node forget its oldest documents; else it refuses new ones.
	Evict bool
	// Tombstones is how long a deletion is remembered, and so how long a node may be away:
	// DefaultTombstones.
	Tombstones time.Duration
	// Schema is what documents look like; nil takes every object.
	Schema *schema.Field
	// Rights say who of the clients may do what. Token is the secret for what is closed but
	// for those that have it; see Right.
	Rights Rights
	Token  string
	// Before, if there is one, sees each document that a client writes, with its defaults,
	// and may refuse or change it. It must not change it in place.
	Before func(document map[string]any) (map[string]any, error)
	// Changed, if there is one, hears of each document that this node keeps from now on, at
	// its start of all that it has; and of each that it keeps no longer, with a nil document.
	// Written is when that was written: the time of its version.
	// It is called in the node's thread, must not wait, and must not call the store.
	Changed func(key string, written time.Duration, document []byte)
}

// Rights are those of clients, by operation.
type Rights struct {
	Read   Right `yaml:"read"`
	Add    Right `yaml:"add"`
	Update Right `yaml:"update"`
	Delete Right `yaml:"delete"`
}

// Right says who may do something.
type Right string

// The rights. The zero value is Open for reading and adding, else WithToken.
const (
	Open      Right = "open"
	WithToken Right = "token"  // clients that show the collection's token; none if it has none
	Closed    Right = "closed" // no client
	// Owner is for adding, changing and deleting together: every version of a document is
	// signed by the owner whose public key its key begins with.
	Owner Right = "owner"
	// ByApproval and the kind of an approval, such as "approval:captcha", is for clients that
	// show one.
	ByApproval = "approval:"
)

// The defaults and bounds of a Collection.
const (
	DefaultKey         = "id"
	DefaultCopies      = "3"
	DefaultMaxDocument = 64 << 10
	LargestDocument    = 256 << 10
	DefaultTombstones  = 30 * 24 * time.Hour
	maxName            = 64
	mostCollections    = 1000
)

// fill sets what is not given and checks the rest.
func (c *Collection) fill() error {
	orDefault(&c.Key, DefaultKey)
	orDefault(&c.Copies, DefaultCopies)
	orDefault(&c.Acks, host.DefaultAcks)
	orDefault(&c.MaxDocument, DefaultMaxDocument)
	orDefault(&c.Tombstones, DefaultTombstones)
	orDefault(&c.Rights.Read, Open)
	orDefault(&c.Rights.Add, Open)
	orDefault(&c.Rights.Update, WithToken)
	orDefault(&c.Rights.Delete, WithToken)
	if c.Name == "" || len(c.Name) > maxName || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return fmt.Errorf("name: want 1 to %d letters, digits, - and _", maxName)
	}
	if _, err := host.Copies(c.Copies, 1); err != nil {
		return err
	}
	switch {
	case strings.ContainsAny(c.Key, ".$") || len(c.Key) > maxName:
		return errors.New("key: want the name of a field")
	case c.Acks < 1 || c.Acks > 1000:
		return errors.New("acks: want 1 to 1000")
	case c.MaxDocument < 2 || c.MaxDocument > LargestDocument:
		return fmt.Errorf("max_document: want 2 B to %d KiB", LargestDocument>>10)
	case c.Limit < 0 || c.MaxSize < 0:
		return errors.New("limit, max_size: want no negative number")
	case c.Evict && c.Limit == 0 && c.MaxSize == 0:
		return errors.New("full: evict needs a limit or max_size")
	case c.Tombstones < time.Minute:
		return errors.New("tombstones: want a minute or more")
	}
	if err := c.Rights.check(); err != nil {
		return fmt.Errorf("rights: %w", err)
	}
	return c.fillSchema()
}

// check says what is wrong with rights.
func (r *Rights) check() error {
	for _, right := range []Right{r.Read, r.Add, r.Update, r.Delete} {
		if _, asks := right.approval(); !asks && !slices.Contains([]Right{Open, WithToken, Closed, Owner}, right) {
			return fmt.Errorf("%.40q: want open, token, closed, owner or %sKIND", string(right), ByApproval)
		}
	}
	// What one owner has signed, another client cannot change by a token.
	if owned := r.Add == Owner; r.Read == Owner || owned != (r.Update == Owner) || owned != (r.Delete == Owner) {
		return errors.New("owner is for add, update and delete together")
	}
	return nil
}

// fillSchema checks the schema, if there is one.
func (c *Collection) fillSchema() error {
	if c.Schema == nil {
		return nil
	}
	orDefault(&c.Schema.Type, "object")
	if c.Schema.Type != "object" {
		return errors.New("schema: documents are objects")
	}
	if c.Schema.Strict && c.Schema.Fields[c.Key] == nil {
		return fmt.Errorf("schema: it is strict and has no field %s, the key", c.Key)
	}
	if err := c.Schema.Check(); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// approval is the kind of approval that a right asks for.
func (r Right) approval() (kind string, asks bool) {
	kind, asks = strings.CutPrefix(string(r), ByApproval)
	return kind, asks && kind != "" && strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// owned reports whether documents have owners.
func (c *Collection) owned() bool { return c.Rights.Add == Owner }

func orDefault[T comparable](v *T, value T) {
	if *v == *new(T) {
		*v = value
	}
}

// wanted is how many copies of a document there should be, and acks how many of them must
// be durable before a write is acknowledged.
func (c *Collection) wanted(size int) (copies, acks int) {
	copies, _ = host.Copies(c.Copies, size) // fill has checked the rule
	return copies, min(c.Acks, copies)
}
