package documents

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"spreadable/extensions/documents/bounds"
	"spreadable/extensions/documents/version"
)

const (
	// maxKey is how many bytes a key has at most, as JSON.
	maxKey = 1000
	// maxNesting is how many lists and objects of a document lie within each other at most.
	// Each level costs every reader stack, and many programs read no more than 100.
	maxNesting = 64
)

// Key is the key of a text or a number as operations take it: its JSON.
func Key(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

var (
	errKey     = fmt.Errorf("the key: want a text or a number of at most %d bytes", maxKey)
	errInexact = errors.New("the key: this number has more digits than a float64 keeps: want it as a text")
)

// ParseKey reads a key from JSON. All ways to write one key give the same text: "a" and
// "\u0061", 1 and 1.0, 0 and -0. Zero and the empty text are keys as others. A number that
// a float64 would round is refused, because it would be the key of its neighbors, too.
func ParseKey(text []byte) (string, error) {
	var value any
	if len(text) > 6*maxKey || !utf8.Valid(text) || json.Unmarshal(text, &value) != nil {
		return "", errKey
	}
	switch number := value.(type) {
	case string:
	case float64:
		if !bounds.Exact(string(bytes.TrimSpace(text)), number) {
			return "", errInexact
		}
		if number == 0 {
			value = 0 // -0 is 0
		}
	default:
		return "", errKey
	}
	if key := Key(value); len(key) <= maxKey {
		return key, nil
	}
	return "", errKey
}

// isKey reports whether a text is a key as ParseKey gives one.
func isKey(text string) bool {
	key, err := ParseKey([]byte(text))
	return err == nil && key == text
}

// randomKey is the key of a document that has none: 128 random bits.
func randomKey(r *rand.Rand) string {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	return Key(hex.EncodeToString(raw[:]))
}

// shape makes a document of a client one to store: with its key and the defaults of the
// schema, as JSON in one form. Numbers keep all their digits, unless the collection has a
// schema or hooks.
func (c *Collection) shape(text []byte, makeKey func() string) (key string, document []byte, err error) {
	fields, err := object(text)
	if err != nil {
		return "", nil, err
	}
	return c.shapeFields(fields, makeKey, func(string) bool { return true })
}

// shapeFields is shape of fields that have been read. Those that are not fresh are of a
// document that is stored.
func (c *Collection) shapeFields(fields map[string]json.RawMessage, makeKey func() string, fresh func(field string) bool) (key string, document []byte, err error) {
	raw, present := fields[c.Key]
	if !present {
		if c.Schema != nil && c.Schema.Fields[c.Key] != nil && c.Schema.Fields[c.Key].Required {
			return "", nil, fmt.Errorf("%s: it is required", c.Key)
		}
		raw = json.RawMessage(makeKey())
		if fields == nil {
			fields = make(map[string]json.RawMessage)
		}
		fields[c.Key] = raw
	}
	if key, err = ParseKey(raw); err != nil {
		return "", nil, fmt.Errorf("%s: %w", c.Key, err)
	}
	document, err = c.finish(fields, fresh)
	if err != nil {
		return "", nil, err
	}
	if again, err := object(document); err != nil {
		return "", nil, err
	} else if same, err := ParseKey(again[c.Key]); err != nil || same != key {
		return "", nil, fmt.Errorf("%s: a hook changes the key", c.Key)
	}
	return key, document, nil
}

// finish applies schema and hook to the fields of a document.
func (c *Collection) finish(fields map[string]json.RawMessage, fresh func(field string) bool) ([]byte, error) {
	document, err := json.Marshal(fields)
	if err == nil && (c.Schema != nil || c.Before != nil) {
		document, err = c.apply(document, fresh)
	}
	if err == nil && len(document) > c.MaxDocument {
		err = fmt.Errorf("the document has %d bytes, at most %d", len(document), c.MaxDocument)
	}
	return document, err
}

func (c *Collection) apply(text []byte, fresh func(field string) bool) ([]byte, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	var err error
	if c.Schema != nil {
		if value, err = c.Schema.Change(value, fresh); err != nil {
			return nil, err
		}
	}
	if c.Before != nil {
		if value, err = c.Before(value.(map[string]any)); err != nil {
			return nil, err
		}
	}
	return json.Marshal(value)
}

var errObject = errors.New(`want a document: a JSON object, such as {"id": 1}`)

// object reads the fields of a JSON object. Of a name that is given twice, the last counts.
func object(text []byte) (fields map[string]json.RawMessage, err error) {
	if len(bytes.TrimSpace(text)) == 0 || !utf8.Valid(text) {
		return nil, errObject
	}
	if err := bounds.Check(text, maxNesting); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&fields); err != nil || fields == nil {
		return nil, errObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errObject
	}
	return fields, nil
}

// Record is one copy of a document, or of its deletion.
type Record struct {
	Key      string
	Version  version.Version
	Deleted  bool            `json:",omitempty"`
	Document json.RawMessage `json:",omitempty"`
	// Signature of the owner, where documents have owners.
	Signature []byte `json:",omitempty"`
}

// size is what a record takes of a node's limit in bytes, and about its length as JSON.
func (r *Record) size() int { return len(r.Key) + len(r.Document) + recordHead }

// The value of a record in the bucket: the format, flags, version, the signature if there
// is one, and the document.
const (
	recordFormat = 1
	flagDeleted  = 1
	flagSigned   = 2
	recordHead   = 2 + version.Size
)

func (r *Record) encode() []byte {
	value := make([]byte, 0, recordHead+len(r.Document))
	flags := byte(0)
	if r.Deleted {
		flags |= flagDeleted
	}
	if r.Signature != nil {
		flags |= flagSigned
	}
	value = append(value, recordFormat, flags)
	value = append(value, r.Version[:]...)
	value = append(value, r.Signature...)
	return append(value, r.Document...)
}

// decodeRecord reads a value of the bucket; false for one of a later format.
func decodeRecord(key string, value []byte) (r Record, ok bool) {
	if len(value) < recordHead || value[0] != recordFormat {
		return Record{}, false
	}
	r = Record{Key: key, Deleted: value[1]&flagDeleted != 0}
	copy(r.Version[:], value[2:])
	rest := value[recordHead:]
	if value[1]&flagSigned != 0 {
		if len(rest) < ed25519.SignatureSize {
			return Record{}, false
		}
		r.Signature, rest = rest[:ed25519.SignatureSize], rest[ed25519.SignatureSize:]
	}
	if !r.Deleted {
		r.Document = json.RawMessage(rest)
	}
	return r, true
}

// check says why a record of another node is none.
func (c *Collection) check(r *Record) error {
	switch {
	case !isKey(r.Key):
		return errKey
	case r.Version.IsZero():
		return errors.New("a record without a version")
	case !c.owned() && r.Signature != nil:
		return errors.New("a signature where documents have no owners")
	case c.owned() && c.verify(r) != nil:
		return c.verify(r)
	case r.Deleted:
		if len(r.Document) > 0 {
			return errors.New("a deletion with a document")
		}
		return nil
	case len(r.Document) > c.MaxDocument:
		return fmt.Errorf("the document has %d bytes, at most %d", len(r.Document), c.MaxDocument)
	case !strings.HasPrefix(string(r.Document[:min(1, len(r.Document))]), "{") || !json.Valid(r.Document):
		return errObject
	}
	return bounds.Check(r.Document, maxNesting)
}
