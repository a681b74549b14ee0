// Package files stores and reads files in a network whose nodes have the extension files.
//
//	c, err := files.New(files.Options{Addresses: []string{"n1.example.com:4000"}})
//	stored, err := c.PutFile(ctx, "holiday.mp4", files.Wish{})
//	err = c.GetFile(ctx, stored.Key, "copy.mp4")
//
// A download goes straight to a node that has the file. If that breaks off, or is slow, it
// goes on at another one from the byte that it has come to. All bytes are verified against
// the key, which is their SHA-256: GetFile makes no file of other bytes, and takes none from
// a node that has sent some.
//
// Any number of goroutines may use one Client. As with package client, what is given as an
// address of the network is trusted with the password of a closed network, and with the
// addresses of other nodes.
package files

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"spreadable/client"
	"spreadable/client/internal/transfer"
	"spreadable/core/host"
)

// Key names a file: the SHA-256 of its bytes.
type Key = host.Key

// ParseKey reads a key of 64 hexadecimal digits.
func ParseKey(text string) (Key, error) { return host.ParseKey(text) }

// Options of a Client.
type Options struct {
	// Addresses are some nodes of the network, "host:port" each. With more than one, the
	// client survives the loss of some. Required.
	Addresses []string
	// HTTPS, CA and Auth are as in client.Options.
	HTTPS bool
	CA    *x509.CertPool
	Auth  *client.Credentials
	// Stall is how long the client waits for the next bytes of a node, or for its
	// answer: 30 s. An upload may take much longer as a whole.
	Stall time.Duration
	// Transport sends the requests; nil is one of the client's own.
	Transport http.RoundTripper
}

// Client stores and reads files.
type Client struct{ nodes *transfer.Caller }

// New returns a client. It calls no node yet.
func New(o Options) (*Client, error) {
	// links name the nodes: a redirect would be a second way to say so
	nodes, err := transfer.NewCaller(transfer.Options(o), 0)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return &Client{nodes}, nil
}

// Error is what a node said instead of doing it. Its Status is that of HTTP; its Code is ""
// if there is none.
type Error = transfer.Error

// Errors to be tested by errors.Is.
var (
	ErrNotFound = transfer.ErrNotFound
	ErrDamaged  = errors.New("the bytes are not those of the key")
	ErrNoStore  = errors.New("the node does not run the extension files")
)

// Wish is what is wanted of a file that is stored. The zero value is the network's default.
type Wish struct {
	Name   string // that downloads will have
	Copies string // how many nodes keep it: a number or a rule of the node
	Acks   int    // how many must have it on disk before Put returns
	Owner  []byte // a public key of Ed25519, whose signature may remove the file: see docs/files.md
}

// Stored says what has become of a file.
type Stored struct {
	Key    Key    `json:"key"`
	Size   int64  `json:"size"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Copies int    `json:"copies"` // on disk so far
	Wanted int    `json:"wanted"`
	// Existed says that the file was there before. Then it keeps its name and owner.
	Existed bool `json:"existed"`
	// Token removes the file. Nothing else tells it again.
	Token string `json:"token"`
}

// Put stores size bytes. If no node could be reached before the first byte was read, the
// next one is tried.
func (c *Client) Put(ctx context.Context, content io.Reader, size int64, w Wish) (*Stored, error) {
	q := url.Values{}
	for name, value := range map[string]string{"name": w.Name, "copies": w.Copies} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if w.Acks > 0 {
		q.Set("acks", strconv.Itoa(w.Acks))
	}
	if len(w.Owner) > 0 {
		q.Set("owner", fmt.Sprintf("%x", w.Owner))
	}
	stored := new(Stored)
	if err := c.nodes.Send(ctx, http.MethodPut, "/client/files/put?"+q.Encode(), content, size, stored); err != nil {
		return nil, err
	}
	return stored, nil
}

// PutFile stores a file of this machine. Its name is that of the path, if the wish has none.
func (c *Client) PutFile(ctx context.Context, path string, w Wish) (*Stored, error) {
	file, size, err := transfer.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if w.Name == "" {
		w.Name = filepath.Base(path)
	}
	return c.Put(ctx, file, size, w)
}

// Links are where a file can be downloaded, at least one.
func (c *Client) Links(ctx context.Context, key Key) ([]string, error) {
	var a struct{ Links []string }
	return a.Links, c.nodes.Anywhere(func(address string) (bool, error) {
		err := c.nodes.JSON(ctx, http.MethodGet, address, "/client/files/links/"+key.String(), nil, 0, &a)
		if err == nil && len(a.Links) == 0 {
			err = ErrNoStore
		}
		return true, err
	})
}

// About says which nodes keep a file.
type About struct {
	Copies  int      `json:"copies"`
	Wanted  int      `json:"wanted"`
	Holders []string `json:"holders"`
	// Asked and Answered are the nodes of the network: if they differ, there may be more
	// copies.
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
	File     struct {
		Size int64  `json:"size"`
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"file"`
}

// Stat asks all nodes for a file.
func (c *Client) Stat(ctx context.Context, key Key) (*About, error) {
	a := new(About)
	err := c.nodes.Ask(ctx, http.MethodGet, "/client/files/stat/"+key.String(), nil, a)
	if err == nil && a.Asked == 0 {
		err = ErrNoStore
	}
	return a, err
}

// Remove removes a file from all nodes that can be reached, by the token that Put returned,
// and returns how many copies are gone.
func (c *Client) Remove(ctx context.Context, key Key, token string) (int, error) {
	var a struct{ Removed int }
	err := c.nodes.Ask(ctx, http.MethodPost, "/client/files/remove", map[string]any{"key": key, "token": token}, &a)
	return a.Removed, err
}
