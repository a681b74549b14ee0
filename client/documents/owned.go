package documents

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"spreadable/client"
	store "spreadable/extensions/documents"
	"spreadable/extensions/documents/version"
)

// Owner writes documents that belong to it, in a collection whose rights say owner: no other
// client and no node can change or delete them. All can read them, by OwnedKey.
type Owner struct {
	all   *Collection
	field string // the key field of the collection
	key   ed25519.PrivateKey
}

// Owned returns the documents of an owner in a collection whose key field is field, mostly
// "id".
func Owned(c *client.Client, name, field string, key ed25519.PrivateKey) *Owner {
	return &Owner{Open(c, name, ""), field, key}
}

// Key is the key of the owner's document of a name, for readers.
func (o *Owner) Key(name string) string {
	var key string
	_ = json.Unmarshal([]byte(store.OwnedKey(o.key.Public().(ed25519.PublicKey), name)), &key) // it is a text
	return key
}

// Put writes the owner's document of a name. The key field is set.
func (o *Owner) Put(ctx context.Context, name string, document any) (Result, error) {
	text, err := json.Marshal(document)
	var fields map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil || fields == nil {
		return Result{}, fmt.Errorf("documents: want what becomes a JSON object: %w", err)
	}
	fields[o.field], _ = json.Marshal(o.Key(name)) // a text always has JSON
	if text, err = json.Marshal(fields); err != nil {
		return Result{}, fmt.Errorf("documents: %w", err)
	}
	return o.write(ctx, "put", name, text)
}

// Delete forgets the owner's document of a name.
func (o *Owner) Delete(ctx context.Context, name string) (Result, error) {
	return o.write(ctx, "delete", name, nil)
}

// write signs a version that is later than the present one, and sends it.
func (o *Owner) write(ctx context.Context, endpoint, name string, document []byte) (Result, error) {
	key, _ := json.Marshal(o.Key(name))
	present, err := o.all.Get(ctx, o.Key(name), nil)
	if err != nil && !errors.Is(err, CodeMissing) {
		return Result{}, err
	}
	next := version.NewClock(rand.Uint64).Next(time.Duration(time.Now().UnixNano()), present.Version)
	q := store.Request{Document: document, Version: next, Signature: store.Sign(o.key, o.all.name, string(key), next, document)}
	if endpoint == "delete" {
		q.Key = key
	}
	return written(o.all.call(ctx, endpoint, q))
}
