package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/wire"
)

// attack is one kind of attack: a try at each tick of a rate, or some tries at a time of
// which each is made again when it has ended.
type attack struct {
	name  string
	item  int     // of the list of attacks that the project was judged by
	rate  float64 // per second, of all hosts
	held  int     // tries at a time; 0 for attacks with a rate
	hosts int     // IPs of the attackers, in turn
	try   func(ctx context.Context, a *attacker, i int) error
}

// attacks are all, with their rates at scale 1.
var attacks = []attack{
	{name: "captcha parts guessed", item: 2, rate: 5, hosts: 20, try: guessCaptcha},
	{name: "approvals", item: 3, rate: 500, hosts: 200, try: floodApprovals},
	{name: "approval keys", item: 3, rate: 100, hosts: 50, try: floodKeys},
	{name: "lists of internal services", item: 6, rate: 2, hosts: 8, try: registerLiar},
	{name: "port scan", item: 6, rate: 20, hosts: 8, try: scanPorts},
	{name: "passwords by cookie", item: 7, rate: 200, hosts: 50, try: guessPassword},
	{name: "names without an answer", item: 7, rate: 100, hosts: 20, try: nameNothing},
	{name: "requests hung up", item: 8, rate: 200, hosts: 20, try: hangUp},
	{name: "slow bodies", item: 8, held: 128, hosts: 16, try: slowBody},
	{name: "connections", item: 8, held: 6000, hosts: 6, try: holdConnection},
}

// attacksNamed are the attacks of a list of names, or all.
func attacksNamed(names string) (list []attack, err error) {
	if names == "" {
		return attacks, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(attacks, func(a attack) bool { return a.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no attack %q", name)
		}
		list = append(list, attacks[i])
	}
	return list, nil
}

// attacker is all hosts of one attack.
type attacker struct {
	target
	port     string // of all nodes
	duration time.Duration
	visitors []*visitor
	liars    *liars
}

// host is the visitor whose turn it is.
func (a *attacker) host(i int) *visitor { return a.visitors[i%len(a.visitors)] }

// attackAs runs all attacks until their time is over, and prints their tallies.
func attackAs(ctx context.Context, o *options, out io.Writer) error {
	var t target
	if err := json.Unmarshal([]byte(o.attack), &t); err != nil {
		return fmt.Errorf("-attack: %w", err)
	}
	_, port, err := net.SplitHostPort(t.Address)
	if err != nil {
		return err
	}
	chosen, err := attacksNamed(o.only)
	if err != nil {
		return err
	}
	tallies := make([]tally, len(chosen))
	ctx, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	var work sync.WaitGroup
	for kind, a := range chosen {
		by := &attacker{target: t, port: port, duration: o.duration, liars: &liars{}}
		for host := range a.hosts { // 127.20.*.*: the first attack, 127.21.*.*: the second, …
			by.visitors = append(by.visitors, newVisitor(fmt.Sprintf("127.%d.%d.1", 20+kind, host)))
		}
		a.rate *= o.scale
		a.held = int(float64(a.held) * o.scale)
		work.Go(func() { tallies[kind] = a.run(ctx, by) })
	}
	work.Wait()
	return json.NewEncoder(out).Encode(tallies)
}

// maxOpen is how many tries of an attack with a rate may be open: a node that does not
// answer is not worth more.
const maxOpen = 1000

// run makes all tries of an attack, and counts what becomes of them.
func (a *attack) run(ctx context.Context, by *attacker) tally {
	t := tally{Name: a.name, Item: a.item, Rate: a.rate, Held: a.held}
	var lock sync.Mutex
	try := func(i int) {
		err := a.try(ctx, by, i)
		lock.Lock()
		defer lock.Unlock()
		var no *refused
		switch {
		case err == nil:
			t.Served++
		case ctx.Err() != nil: // the time is over
		case errors.As(err, &no):
			t.Refused++
		default:
			t.Failed++
		}
	}
	if a.held > 0 {
		hold(ctx, a.held, try)
	} else {
		a.pace(ctx, by.duration, try)
	}
	by.liars.close()
	return t
}

// hold keeps so many tries open, until the time is over.
func hold(ctx context.Context, tries int, try func(i int)) {
	var work sync.WaitGroup
	for i := range tries {
		work.Go(func() {
			for ctx.Err() == nil {
				try(i)
				wait(ctx, time.Second)
			}
		})
	}
	work.Wait()
}

// pace begins a try at each tick of the rate, unless too many are open.
func (a *attack) pace(ctx context.Context, d time.Duration, try func(i int)) {
	open := make(chan struct{}, maxOpen)
	var work sync.WaitGroup
	paced(ctx, a.rate, d, func(i int) {
		select {
		case open <- struct{}{}:
			work.Go(func() {
				try(i)
				<-open
			})
		default:
		}
	})
	work.Wait()
}

// guessCaptcha gets a question and asks the node that is attacked for each symbol of its
// part, each time as another node of the own IP.
func guessCaptcha(ctx context.Context, a *attacker, i int) error {
	v := a.host(i)
	d, err := v.question(ctx, a.Address, "captcha")
	if err != nil {
		return err
	}
	const symbols = "23456789abcdefhjkmnprtuvwxy"
	for n, symbol := range symbols {
		guess := fmt.Sprintf("%c%c%c%c%c%c", symbol, symbol, symbol, symbol, symbol, symbol)
		err = v.ask(ctx, a.Address, message.KindApprovalCheck, asNode(a.Address, fmt.Sprintf("%s:%d", v.ip, 20_000+n)),
			fields{"action": "captcha", "key": d.Key, "answer": guess, "approvers": d.Approvers, "clientIp": d.ClientIP}, nil)
		if err == nil {
			break
		}
	}
	return err
}

// floodApprovals asks the node to vouch under keys of the attacker's own.
func floodApprovals(ctx context.Context, a *attacker, i int) error {
	start := draw.Start(time.Duration(time.Now().UnixNano()), 5*time.Minute)
	return a.host(i).vouch(ctx, a.Address, "client", &drawn{Key: fmt.Sprintf("key %d", i), StartedAt: float64(start.Milliseconds())})
}

func floodKeys(ctx context.Context, a *attacker, i int) error {
	_, err := a.host(i).key(ctx, a.Address, "client")
	return err
}

// scanPorts asks for an available node: the liars list what is to be scanned.
func scanPorts(ctx context.Context, a *attacker, i int) error {
	return a.host(i).ask(ctx, a.Address, message.KindAvailableNode, nil, timed(fields{}), nil)
}

// guessPassword shows a wrong password in a cookie.
func guessPassword(ctx context.Context, a *attacker, i int) error {
	guess, err := json.Marshal(fields{"username": username, "password": fmt.Sprint(i)})
	if err != nil {
		return err
	}
	h := http.Header{}
	h.Set("Cookie", "spreadableNetworkAuth["+a.Address+"]="+base64.StdEncoding.EncodeToString(guess))
	return a.host(i).ask(ctx, a.Address, message.KindAvailableNode, h, timed(fields{}), nil)
}

// nameNothing says that it is a node at a name whose name server never answers.
func nameNothing(ctx context.Context, a *attacker, i int) error {
	name := fmt.Sprintf("host%d.attack.invalid:4000", i)
	return a.host(i).ask(ctx, a.Address, message.KindStructure, asNode(a.Address, name), fields{}, nil)
}

// dial connects to the node from a host.
func (a *attacker) dial(ctx context.Context, i int) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(a.host(i).ip)}, Timeout: budget}
	return d.DialContext(ctx, "tcp", a.Address)
}

// send writes a request to a connection, with a body that may be shorter than is said.
func (a *attacker) send(c net.Conn, kind message.Kind, length int, body []byte) error {
	req := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		kind.Row().Path, a.Address, base64.StdEncoding.EncodeToString([]byte(username+":"+password)), wire.RequestType, length, body)
	_, err := io.WriteString(c, req)
	return err
}

// hangUp asks for what makes the node ask others, and resets the connection.
func hangUp(ctx context.Context, a *attacker, i int) error {
	c, err := a.dial(ctx, i)
	if err != nil {
		return err
	}
	defer c.Close()
	c.(*net.TCPConn).SetLinger(0)
	kind := []message.Kind{message.KindApprovalKey, message.KindAvailableNode}[i%2]
	body, err := json.Marshal(timed(fields{"action": "captcha"}))
	if err != nil {
		return err
	}
	return a.send(c, kind, len(body), body)
}

// slowBody sends a large body, a hundred bytes a second, until the node has enough of it.
func slowBody(ctx context.Context, a *attacker, i int) error {
	c, err := a.dial(ctx, i)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := a.send(c, message.KindApprovalAdd, 400<<10, nil); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if _, err := c.Write(make([]byte, 100)); err != nil {
			return err
		}
		wait(ctx, time.Second)
	}
	return nil
}

// holdConnection connects and stays silent until the node closes.
func holdConnection(ctx context.Context, a *attacker, i int) error {
	c, err := a.dial(ctx, i)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	_, err = c.Read(make([]byte, 1))
	return err
}
