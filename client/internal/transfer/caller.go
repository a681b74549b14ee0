package transfer

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"spreadable/client"
)

// Options are those of the clients of stores, which document them.
type Options struct {
	Addresses []string
	HTTPS     bool
	CA        *x509.CertPool
	Auth      *client.Credentials
	Stall     time.Duration
	Transport http.RoundTripper
}

// Caller asks the nodes that a client knows.
type Caller struct {
	options   Options
	redirects int
	http      *http.Client
}

// NewCaller returns a caller that follows so many redirects, one after the other. It calls
// no node yet.
func NewCaller(o Options, redirects int) (*Caller, error) {
	if len(o.Addresses) == 0 {
		return nil, errors.New("no addresses of nodes")
	}
	o.Stall = cmp.Or(o.Stall, 30*time.Second)
	if o.Transport == nil {
		o.Transport = &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 4,
			IdleConnTimeout: 3 * time.Second, MaxResponseHeaderBytes: 64 << 10, WriteBufferSize: 64 << 10,
		}
	}
	c := &Caller{options: o, redirects: redirects}
	c.http = &http.Client{Transport: o.Transport, CheckRedirect: c.follow}
	return c, nil
}

// follow decides about a redirect. The next node asks for the password, too.
func (c *Caller) follow(r *http.Request, via []*http.Request) error {
	switch {
	case c.redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > c.redirects:
		return fmt.Errorf("more than %d redirects", c.redirects)
	}
	c.login(r)
	return nil
}

func (c *Caller) login(r *http.Request) {
	if c.options.Auth != nil {
		r.SetBasicAuth(c.options.Auth.Username, c.options.Auth.Password)
	}
}

// Error is what a node said instead of doing it.
type Error struct {
	Address string
	Status  int    // of HTTP
	Code    string // "" if there is none
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (%s)", e.Address, e.Message, cmp.Or(e.Code, strconv.Itoa(e.Status)))
}

// ErrNotFound says that no node has what was asked for.
var ErrNotFound = errors.New("no node has it")

// Is makes errors.Is find ErrNotFound.
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// Anywhere tries one address after the other, until one answers, one refuses, or an attempt
// says that there can be no other.
func (c *Caller) Anywhere(try func(address string) (again bool, err error)) (failed error) {
	for _, address := range c.options.Addresses {
		again, err := try(address)
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, err)
		if said := new(Error); !again || errors.As(err, &said) && said.Status < http.StatusInternalServerError {
			break
		}
	}
	return failed
}

// URL is where a node has a path.
func (c *Caller) URL(address, path string) string {
	if c.options.HTTPS {
		return "https://" + address + path
	}
	return "http://" + address + path
}

// A Receiver takes a good answer. Each read of its body is a sign of life.
type Receiver func(resp *http.Response) error

// Call sends a request to a URL, and lets receive take the answer if its status is wanted;
// else it returns an Error. It fails if nothing moves for the time Stall.
func (c *Caller) Call(ctx context.Context, method, url string, body io.Reader, size int64, header http.Header, wanted int, receive Receiver) error {
	ctx, watch := NewWatch(ctx, c.options.Stall)
	defer watch.End()
	if size == 0 {
		body = http.NoBody
	} else {
		body = watch.Reads(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.ContentLength = size
	c.login(r)
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	resp.Body = io.NopCloser(watch.Reads(resp.Body))
	if resp.StatusCode != wanted {
		return refusal(r.URL.Host, resp)
	}
	return receive(resp)
}

// refusal reads why a node has not done it.
func refusal(address string, resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what has come will do
	var said struct{ Code, Message string }
	if json.Unmarshal(text, &said) != nil || said.Message == "" {
		said.Message = string(bytes.TrimSpace(text[:min(len(text), 500)]))
	}
	return &Error{address, resp.StatusCode, said.Code, said.Message}
}

// maxAnswer is the most bytes of an answer in JSON.
const maxAnswer = 8 << 20

// JSON sends a request for a path to a node and reads the answer as JSON.
func (c *Caller) JSON(ctx context.Context, method, address, path string, body io.Reader, size int64, answer any) error {
	return c.Call(ctx, method, c.URL(address, path), body, size, nil, http.StatusOK, func(resp *http.Response) error {
		return json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(answer)
	})
}

// Ask sends a question, nil or what becomes JSON, to one node after the other until one
// answers.
func (c *Caller) Ask(ctx context.Context, method, path string, question, answer any) error {
	var text []byte
	if question != nil {
		var err error
		if text, err = json.Marshal(question); err != nil {
			return err
		}
	}
	return c.Anywhere(func(address string) (bool, error) {
		return true, c.JSON(ctx, method, address, path, bytes.NewReader(text), int64(len(text)), answer)
	})
}

// Send uploads size bytes to the first node that can be reached. Once some were read, no
// other node can be tried.
func (c *Caller) Send(ctx context.Context, method, path string, content io.Reader, size int64, answer any) error {
	body := &body{Reader: content}
	return c.Anywhere(func(address string) (bool, error) {
		err := c.JSON(ctx, method, address, path, body, size, answer)
		return !body.begun, err
	})
}

// body is the content of an upload. It knows whether some of it was read.
type body struct {
	io.Reader
	begun bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.begun = b.begun || n > 0
	return n, err
}
