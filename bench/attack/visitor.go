package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"spreadable/core/message"
	"spreadable/wire"
)

// budget is the timeout budget of one request. One that fails counts as having taken so
// long.
const budget = 10 * time.Second

// visitor is a client or a false node at one IP.
type visitor struct {
	ip     string
	client *http.Client
}

func newVisitor(ip string) *visitor {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: budget}
	return &visitor{ip, &http.Client{Timeout: budget, Transport: &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: 5 * time.Second,
	}}}
}

// ask posts a body to the path of a kind and reads the answer. A status other than 200 is
// a refused.
func (v *visitor) ask(ctx context.Context, to string, kind message.Kind, header http.Header, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, wire.Method(kind), "http://"+to+kind.Row().Path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	for key, values := range header {
		req.Header[key] = values
	}
	req.Header.Set("Content-Type", wire.RequestType)
	if req.Header.Get("Cookie") == "" {
		req.SetBasicAuth(username, password)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return &refused{resp.StatusCode, string(read)}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(read, answer)
}

// refused is an answer that is no success.
type refused struct {
	status int
	text   string
}

func (r *refused) Error() string { return fmt.Sprintf("status %d: %.200s", r.status, r.text) }

// asNode are the headers of a node of the network.
func asNode(root, address string) http.Header {
	h := http.Header{}
	h.Set(wire.NodeVersionHeader, wire.DefaultVersion)
	h.Set(wire.RootHeader, root)
	h.Set(wire.AddressHeader, address)
	return h
}

// fields is a body.
type fields map[string]any

// timed adds the timeout budget of a client's request.
func timed(f fields) fields {
	f["timeout"], f["timestamp"] = budget.Milliseconds(), time.Now().UnixMilli()
	return f
}

// drawn is a key and the approvers that were drawn for it.
type drawn struct {
	Key       string
	Approvers []string
	StartedAt float64
	ClientIP  string
}

func (v *visitor) key(ctx context.Context, entry, action string) (d drawn, err error) {
	err = v.ask(ctx, entry, message.KindApprovalKey, nil, timed(fields{"action": action}), &d)
	return d, err
}

// vouch asks an approver to vouch for us.
func (v *visitor) vouch(ctx context.Context, approver, action string, d *drawn) error {
	return v.ask(ctx, approver, message.KindApprovalAdd, nil,
		timed(fields{"action": action, "key": d.Key, "startedAt": d.StartedAt}), nil)
}

// question gets a question: a key, the word of each approver, and their parts.
func (v *visitor) question(ctx context.Context, entry, action string) (d drawn, err error) {
	if d, err = v.key(ctx, entry, action); err != nil {
		return d, err
	}
	for _, approver := range d.Approvers {
		if err := v.vouch(ctx, approver, action, &d); err != nil {
			return d, fmt.Errorf("approver %s: %w", approver, err)
		}
	}
	return d, v.ask(ctx, entry, message.KindApprovalQuestion, nil,
		timed(fields{"action": action, "key": d.Key, "confirmedAddresses": d.Approvers}), nil)
}
