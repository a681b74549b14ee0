package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// ErrNotRunning means that nothing listens at the endpoint.
var ErrNotRunning = errors.New("no node is running there")

// Client asks a running node through its local endpoint. It is safe for concurrent use.
type Client struct {
	endpoint Endpoint
	token    string
	http     *http.Client
}

// NewClient returns a client of an endpoint; token is "" for a socket.
func NewClient(e Endpoint, token string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, e.Network, e.Address)
	}
	return &Client{e, token, &http.Client{Transport: &http.Transport{DialContext: dial, Proxy: nil}}}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks how the node is.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	return get[Status](ctx, c, "/v1/status")
}

// Structure asks for the node's place in the network.
func (c *Client) Structure(ctx context.Context) (*Structure, error) {
	return get[Structure](ctx, c, "/v1/structure")
}

// Members asks for all nodes of the network.
func (c *Client) Members(ctx context.Context) (*Members, error) {
	return get[Members](ctx, c, "/v1/members")
}

// Sync makes the node sync and returns when it has.
func (c *Client) Sync(ctx context.Context) error {
	return c.ask(ctx, http.MethodPost, "/v1/sync", nil, nil)
}

// Bans asks for all bans, oldest first.
func (c *Client) Bans(ctx context.Context) ([]Ban, error) {
	list, err := get[[]Ban](ctx, c, "/v1/bans")
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// Ban asks for the ban of an address.
func (c *Client) Ban(ctx context.Context, address string) (*Ban, error) {
	return get[Ban](ctx, c, banPath(address))
}

// AddBan bans an address, or renews its ban.
func (c *Client) AddBan(ctx context.Context, address string, request BanRequest) (*Ban, error) {
	var ban Ban
	err := c.ask(ctx, http.MethodPut, banPath(address), request, &ban)
	return &ban, err
}

// RemoveBan lifts the ban of an address.
func (c *Client) RemoveBan(ctx context.Context, address string) error {
	return c.ask(ctx, http.MethodDelete, banPath(address), nil, nil)
}

// ClearBans lifts all bans and returns how many there were.
func (c *Client) ClearBans(ctx context.Context) (int, error) {
	var n Count
	err := c.ask(ctx, http.MethodDelete, "/v1/bans", nil, &n)
	return n.Count, err
}

func banPath(address string) string { return "/v1/bans/" + url.PathEscape(address) }

// Backup writes a copy of the node's state. After an error the part that was written is
// useless.
func (c *Client) Backup(ctx context.Context, to io.Writer) error {
	resp, err := c.send(ctx, http.MethodPost, "/v1/backup", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(to, resp.Body); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// Reload makes the node read its options again.
func (c *Client) Reload(ctx context.Context) (*Reloaded, error) {
	var r Reloaded
	err := c.ask(ctx, http.MethodPost, "/v1/reload", nil, &r)
	return &r, err
}

// Leave makes the node leave. It returns before the node has ended.
func (c *Client) Leave(ctx context.Context) error {
	return c.ask(ctx, http.MethodPost, "/v1/leave", nil, nil)
}

// Bootstrap asks for the bootstrap addresses.
func (c *Client) Bootstrap(ctx context.Context) ([]string, error) {
	b, err := get[Bootstrap](ctx, c, "/v1/bootstrap")
	if err != nil {
		return nil, err
	}
	return b.Addresses, nil
}

// SetBootstrap changes the bootstrap addresses until the node's next start.
func (c *Client) SetBootstrap(ctx context.Context, addresses []string) error {
	return c.ask(ctx, http.MethodPut, "/v1/bootstrap", Bootstrap{addresses}, nil)
}

// Answer asks a node that was started for tests for the answer to an approval.
func (c *Client) Answer(ctx context.Context, key string) (*Answer, error) {
	return get[Answer](ctx, c, "/v1/answers/"+url.PathEscape(key))
}

// Command makes an extension of the node run one of its commands, and returns what that
// has written.
func (c *Client) Command(ctx context.Context, extension, name string, args []string) (string, error) {
	var out CommandOutput
	path := "/v1/extensions/" + url.PathEscape(extension) + "/" + url.PathEscape(name)
	err := c.ask(ctx, http.MethodPost, path, CommandRequest{args}, &out)
	return out.Output, err
}

// Metrics returns the node's metrics in the form of Prometheus.
func (c *Client) Metrics(ctx context.Context) (string, error) {
	resp, err := c.send(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func get[T any](ctx context.Context, c *Client, path string) (*T, error) {
	var value T
	if err := c.ask(ctx, http.MethodGet, path, nil, &value); err != nil {
		return nil, err
	}
	return &value, nil
}

// ask sends a request and decodes the answer into a value; nil if the answer does not
// matter.
func (c *Client) ask(ctx context.Context, method, path string, body, into any) error {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if into == nil {
		into = new(json.RawMessage)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: not an answer of a node: %w", c.endpoint, err)
	}
	return nil
}

// send sends a request; what is not an answer of status 200 is an error.
func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://spreadnode"+path, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.failure(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, c.refusal(resp)
	}
	return resp, nil
}

// failure says in plain words why there was no answer.
func (c *Client) failure(err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		cause := dial.Unwrap().Error()
		if i := strings.LastIndex(cause, ": "); i >= 0 {
			cause = cause[i+2:]
		}
		return fmt.Errorf("%s: %w (%s)", c.endpoint, ErrNotRunning, cause)
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: the node does not answer: %w", c.endpoint, err)
	}
	return fmt.Errorf("%s: %w", c.endpoint, err)
}

// refusal reads an Error.
func (c *Client) refusal(resp *http.Response) error {
	refused := Error{Status: resp.StatusCode}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil || json.Unmarshal(data, &refused) != nil || refused.Message == "" {
		refused.Message = resp.Status
	}
	return &refused
}
