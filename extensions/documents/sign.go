package documents

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"spreadable/extensions/documents/version"
)

// Documents with owners: in a collection whose rights say owner, a key begins with the
// public key of its owner, and every version is signed. So any node can tell a forgery, and
// neither a client nor a node can change or delete what belongs to another.

// OwnedKey is the key of an owner's document: 64 hexadecimal digits, a slash and a name.
func OwnedKey(owner ed25519.PublicKey, name string) string {
	return Key(hex.EncodeToString(owner) + "/" + name)
}

var errOwner = errors.New("the key: want the public key of its owner as 64 hexadecimal digits, a slash and a name")

// ownerOf is the owner that a key names.
func ownerOf(key string) (ed25519.PublicKey, error) {
	var text string
	if json.Unmarshal([]byte(key), &text) != nil {
		return nil, errOwner
	}
	digits, _, cut := strings.Cut(text, "/")
	owner, err := hex.DecodeString(digits)
	if !cut || err != nil || len(owner) != ed25519.PublicKeySize || strings.ToLower(digits) != digits {
		return nil, errOwner
	}
	return owner, nil
}

// Sign signs a version of a document as it is stored, see Canonical; nil for its deletion.
func Sign(owner ed25519.PrivateKey, collection, key string, v version.Version, document []byte) []byte {
	return ed25519.Sign(owner, signedText(collection, key, v, document))
}

// signedText is what a signature is of. The parts before the last have no zero byte, or one
// length.
func signedText(collection, key string, v version.Version, document []byte) []byte {
	text := fmt.Appendf(nil, "spreadable document 1\x00%s\x00%s\x00", collection, key)
	text = append(text, v[:]...)
	if document == nil {
		return append(text, 'd')
	}
	sum := sha256.Sum256(document)
	return append(append(text, 'w'), sum[:]...)
}

// Canonical is the form in which a document is stored and signed, unless the schema of its
// collection adds to it: fields sorted, no spaces, and <, > and & escaped.
func Canonical(document []byte) ([]byte, error) {
	fields, err := object(document)
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

var errForged = errors.New("the signature is not of the owner of the key and of the document as it is stored")

// verify says why a record of a collection with owners is forged.
func (c *Collection) verify(r *Record) error {
	owner, err := ownerOf(r.Key)
	if err != nil {
		return err
	}
	document := []byte(r.Document)
	if r.Deleted {
		document = nil
	}
	if !ed25519.Verify(owner, signedText(c.Name, r.Key, r.Version, document), r.Signature) {
		return errForged
	}
	return nil
}
