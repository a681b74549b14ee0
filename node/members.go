package node

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"spreadable/admin"
	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	httptransport "spreadable/transport/http"
	"spreadable/wire"
)

// directory asks masters for their slaves on behalf of the owner, outside of the node's
// thread. The core keeps no list of all nodes, because no node needs one.
type directory struct {
	http   *http.Client
	scheme string
	header http.Header
	login  withLogin
}

// withLogin is the transport's: it shows to each node what it may see.
type withLogin func(context.Context, peer.Address, func(string) (*http.Response, error)) (*http.Response, error)

const (
	askTimeout = 3 * time.Second
	askAtOnce  = 32
	maxAnswer  = 4 << 20 // bytes: the structure of a network of some millions
)

func newDirectory(o *httptransport.Options) *directory {
	dialer := &net.Dialer{}
	if o.Source.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: o.Source.AsSlice()}
	}
	d := &directory{scheme: "http", header: http.Header{
		wire.AddressHeader:     {o.Address.String()},
		wire.NodeVersionHeader: {cmp.Or(o.Version, wire.DefaultVersion)},
		"Content-Type":         {wire.RequestType},
	}}
	if o.HTTPS {
		d.scheme = "https"
	}
	d.http = &http.Client{
		Timeout: askTimeout,
		// No connection is kept: npm nodes close idle ones without notice.
		Transport: &http.Transport{
			DialContext:       dialer.DialContext,
			TLSClientConfig:   &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return d
}

func (d *directory) close() { d.http.CloseIdleConnections() }

// slaves asks one master for its slaves.
func (d *directory) slaves(ctx context.Context, master, root string) ([]string, error) {
	url := d.scheme + "://" + master + message.KindStructure.Row().Path
	to, err := peer.Parse(master)
	if err != nil {
		return nil, err
	}
	resp, err := d.login(ctx, to, func(authorization string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, wire.Method(message.KindStructure), url, nil)
		if err != nil {
			return nil, err
		}
		r.Header = d.header.Clone()
		r.Header.Set(wire.RootHeader, root)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		return d.http.Do(r)
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", master, resp.StatusCode)
	}
	var body struct {
		Slaves []struct {
			Address string `json:"address"`
		} `json:"slaves"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&body); err != nil {
		return nil, fmt.Errorf("%s: %w", master, err)
	}
	var list []string
	for _, s := range body.Slaves {
		list = append(list, s.Address)
	}
	return list, nil
}

// Members lists all nodes of the network, asked from the masters now: one request to
// each. It is an error if none answers; Members.Answered says how many did.
func (n *Node) Members(ctx context.Context) (*admin.Members, error) {
	var root string
	if err := n.Do(ctx, func(c *core.Node) { root = n.text(c.NetworkRoot()) }); err != nil {
		return nil, err
	}
	own, err := n.Structure(ctx)
	if err != nil {
		return nil, err
	}
	lists := make([][]string, len(own.Masters))
	failures := make([]error, len(own.Masters))
	gate := make(chan struct{}, askAtOnce)
	var asked sync.WaitGroup
	for i, m := range own.Masters {
		if m.Address == own.Address {
			lists[i] = own.Slaves
			continue
		}
		asked.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			lists[i], failures[i] = n.peers.slaves(ctx, m.Address, root)
		})
	}
	asked.Wait()
	members := &admin.Members{Masters: len(own.Masters), Answered: len(own.Masters)}
	for i, err := range failures {
		if err != nil {
			members.Answered--
			n.options.Log.Warn("a master does not tell its slaves",
				"master", own.Masters[i].Address, "error", err)
		}
	}
	if members.Answered == 0 && members.Masters > 0 {
		return nil, errors.Join(errors.New("no master answers"), ctx.Err())
	}
	members.Members = collect(own, lists)
	return members, nil
}

// collect merges the masters' lists. A node that two masters list, which can last for a
// round, counts once, at the first of them.
func collect(own *admin.Structure, lists [][]string) []admin.Member {
	found := map[string]*admin.Member{own.Address: {Address: own.Address, Backlink: own.Backlink}}
	at := func(address string) *admin.Member {
		if found[address] == nil {
			found[address] = &admin.Member{Address: address}
		}
		return found[address]
	}
	for i, m := range own.Masters {
		at(m.Address).Slaves = len(lists[i])
		for _, slave := range lists[i] {
			member := at(slave)
			member.Backlink = cmp.Or(member.Backlink, m.Address)
		}
	}
	var members []admin.Member
	for _, m := range found { // order-free: sorted below
		members = append(members, *m)
	}
	slices.SortFunc(members, func(a, b admin.Member) int { return cmp.Compare(a.Address, b.Address) })
	return members
}
