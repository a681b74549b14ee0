package files

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"spreadable/core/host"
	"spreadable/extensions/files/blocks"
	"spreadable/extensions/files/label"
)

// Bounds of what travels and is kept.
const (
	mostCopies = 1000
	// The hashes of a file's blocks are one value of a bucket.
	mostSize = int64(host.MaxValue/sha256.Size) * host.BlockSize // 128 GiB
	mostKeys = 1000                                              // in one question
)

// File is what a holder knows of a file besides its bytes.
type File struct {
	Key  host.Key `json:"key"`
	Size int64    `json:"size"`
	Name string   `json:"name,omitempty"`
	Type string   `json:"type,omitempty"`
	// Copies is the rule of how many nodes keep it, as host.Copies has them.
	Copies string `json:"copies"`
	// Added is when it was stored, in milliseconds since the Unix epoch by the clock of the
	// entry node; later than the removal before, if there was one.
	Added int64 `json:"added"`
	// Right is the SHA-256 of the token that removes the file, in hexadecimal digits, and
	// Owner a key of Ed25519 whose signature removes it; empty for none.
	Right string            `json:"right,omitempty"`
	Owner ed25519.PublicKey `json:"owner,omitempty"`
}

// check says what is wrong with a file that another node describes.
func (f *File) check() error {
	if f.Size < 0 || f.Size > mostSize {
		return fmt.Errorf("a file of %d bytes: at most %d", f.Size, mostSize)
	}
	if _, err := host.Copies(f.Copies, 1); err != nil {
		return err
	}
	if n := len(f.Right); n != 0 && n != 2*sha256.Size {
		return errors.New("right: want the SHA-256 of a token")
	}
	if n := len(f.Owner); n != 0 && n != ed25519.PublicKeySize {
		return errors.New("owner: want a public key of Ed25519")
	}
	if f.Type != "" {
		if err := label.CheckType(f.Type); err != nil {
			return err
		}
	}
	return label.CheckName(f.Name)
}

// Removal asks to remove a file, with a proof that its asker may: the token that was given
// to the client that stored it, or a signature of its owner.
type Removal struct {
	Key   host.Key `json:"key"`
	Token string   `json:"token,omitempty"`
	// Expires is until when the signature holds, in seconds since the Unix epoch.
	Expires   int64  `json:"expires,omitempty"`
	Signature []byte `json:"signature,omitempty"`
}

// Sign makes the removal one of the owner, which holds until a time.
func (r *Removal) Sign(owner ed25519.PrivateKey, expires int64) {
	r.Expires = expires
	r.Signature = ed25519.Sign(owner, r.text())
}

// text is what an owner signs.
func (r *Removal) text() []byte {
	return []byte("spreadable files: remove " + r.Key.String() + " until " + strconv.FormatInt(r.Expires, 10))
}

// proves reports whether the removal may remove the file.
func (r *Removal) proves(f *File) bool {
	if r.Key != f.Key {
		return false
	}
	if f.Right != "" && r.Token != "" && rightOf(r.Token) == f.Right {
		return true
	}
	return len(f.Owner) == ed25519.PublicKeySize && len(r.Signature) > 0 && ed25519.Verify(f.Owner, r.text(), r.Signature)
}

func (r *Removal) check() error {
	if len(r.Token) > 128 || len(r.Signature) > ed25519.SignatureSize || r.Token == "" && len(r.Signature) == 0 {
		return errors.New("want the token or the owner's signature of the file")
	}
	return nil
}

// rightOf is what a file keeps of a token.
func rightOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// tombstone remembers that a file was removed, with the proof for other holders.
type tombstone struct {
	Removal
	At int64 `json:"at"` // milliseconds since the Unix epoch
}

// ends reports whether a file was there before the removal, which had a right to it.
func (g *tombstone) ends(f *File) bool { return g.At >= f.Added && g.proves(f) }

// The keys of the bucket: a letter for the kind of record, then that of the file.
const (
	fileRecord  = "f"
	sumsRecord  = "s"
	goneRecord  = "g"
	heldRecord  = "h"    // which nodes keep it; of a removed one, which must hear of that
	scrubRecord = "at"   // how far the scrub is
	seenRecord  = "seen" // when the node was last there
)

func record(kind string, key host.Key) string { return kind + string(key[:]) }

// keyOf is the file of a record, if it is of that kind.
func keyOf(kind, name string) (key host.Key, ok bool) {
	if len(name) != len(kind)+len(key) || name[:len(kind)] != kind {
		return key, false
	}
	return host.Key([]byte(name[len(kind):])), true
}

// scan visits the records of a kind in the order of their keys.
func (s *Store) scan(kind string, visit func(key host.Key, text []byte)) {
	s.h.Bucket().Scan(kind, func(name string, text []byte) bool {
		key, ok := keyOf(kind, name)
		if ok {
			visit(key, text)
		}
		return ok // records of a kind follow each other
	})
}

// file reads what is known of an own file; nil for none.
func (s *Store) file(key host.Key) *File {
	text := s.h.Bucket().Get(record(fileRecord, key))
	if text == nil {
		return nil
	}
	f := new(File)
	if json.Unmarshal(text, f) != nil {
		return nil
	}
	return f
}

// sums are the hashes of the blocks of an own file; nil for a simulated one.
func (s *Store) sums(f *File) []byte {
	sums := s.h.Bucket().Get(record(sumsRecord, f.Key))
	if blocks.Check(f.Size, sums) != nil {
		return nil
	}
	return sums
}

// gone is the tombstone of a file; nil for none.
func (s *Store) gone(key host.Key) *tombstone {
	text := s.h.Bucket().Get(record(goneRecord, key))
	if text == nil {
		return nil
	}
	g := new(tombstone)
	if json.Unmarshal(text, g) != nil {
		return nil
	}
	return g
}

// put writes a record as JSON.
func (s *Store) put(kind string, key host.Key, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.h.Bucket().Put(record(kind, key), text)
}
