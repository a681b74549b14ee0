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
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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
type Client struct {
	options Options
	http    *http.Client
}

// New returns a client. It calls no node yet.
func New(o Options) (*Client, error) {
	if len(o.Addresses) == 0 {
		return nil, errors.New("files: no addresses of nodes")
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 4,
			IdleConnTimeout: 3 * time.Second, MaxResponseHeaderBytes: 64 << 10, WriteBufferSize: 64 << 10,
		}
	}
	// links name the nodes: a redirect would be a second way to say so
	keep := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{options: o, http: &http.Client{Transport: o.Transport, CheckRedirect: keep}}, nil
}

// Error is what a node said instead of doing it.
type Error struct {
	Address string
	Status  int // of HTTP
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (%d)", e.Address, e.Message, e.Status)
}

// Is makes errors.Is find ErrNotFound.
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// Errors to be tested by errors.Is.
var (
	ErrNotFound = errors.New("no node has the file")
	ErrDamaged  = errors.New("the bytes are not those of the key")
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
	body := &transfer.Body{Reader: content}
	var failed error
	for _, address := range c.options.Addresses {
		stored := new(Stored)
		err := c.call(ctx, http.MethodPut, address, "/client/files/put?"+q.Encode(), body, size, stored)
		if err == nil {
			return stored, nil
		}
		failed = errors.Join(failed, err)
		if body.Begun() {
			break
		}
	}
	return nil, failed
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
	return a.Links, c.first(ctx, http.MethodGet, "/client/files/links/"+key.String(), nil, &a, func() error {
		if len(a.Links) == 0 {
			return ErrNotFound
		}
		return nil
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
	return a, c.first(ctx, http.MethodGet, "/client/files/stat/"+key.String(), nil, a, nil)
}

// Remove removes a file from all nodes that can be reached, by the token that Put returned,
// and returns how many copies are gone.
func (c *Client) Remove(ctx context.Context, key Key, token string) (int, error) {
	var a struct{ Removed int }
	err := c.first(ctx, http.MethodPost, "/client/files/remove", map[string]any{"key": key, "token": token}, &a, nil)
	return a.Removed, err
}

// first asks the nodes one after the other until one answers.
func (c *Client) first(ctx context.Context, method, path string, body, out any, check func() error) error {
	var failed error
	for _, address := range c.options.Addresses {
		var text []byte
		if body != nil {
			var err error
			if text, err = json.Marshal(body); err != nil {
				return err
			}
		}
		err := c.call(ctx, method, address, path, bytes.NewReader(text), int64(len(text)), out)
		if err == nil && check != nil {
			err = check()
		}
		if refusal := new(Error); err == nil || errors.As(err, &refusal) && refusal.Status < 500 {
			return err
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// call sends a request to a node and reads the answer as JSON.
func (c *Client) call(ctx context.Context, method, address, path string, body io.Reader, size int64, out any) error {
	ctx, w := transfer.NewWatch(ctx, c.options.Stall)
	defer w.End()
	req, err := c.request(ctx, method, c.scheme()+address+path, w.Reads(body))
	if err != nil {
		return err
	}
	req.ContentLength = size
	if size == 0 {
		req.Body = http.NoBody
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(address, resp)
	}
	return json.NewDecoder(io.LimitReader(w.Reads(resp.Body), 8<<20)).Decode(out)
}

func (c *Client) scheme() string {
	if c.options.HTTPS {
		return "https://"
	}
	return "http://"
}

func (c *Client) request(ctx context.Context, method, target string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err == nil && c.options.Auth != nil {
		req.SetBasicAuth(c.options.Auth.Username, c.options.Auth.Password)
	}
	return req, err
}

// refusal reads why a node has not done it.
func refusal(address string, resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // what has come will do
	return &Error{address, resp.StatusCode, string(bytes.TrimSpace(text))}
}
