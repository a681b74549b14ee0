package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"spreadable/core/message"
)

// fakes is how many internal services a liar names in one answer.
const fakes = 200

// liars are nodes that register at the node that is attacked, and name services that it
// should not call.
type liars struct {
	lock    sync.Mutex
	servers map[string]*http.Server // by address
	named   int                     // services until now: each is named once in 65,536
}

// registerLiar registers the next liar, once more if it is registered already.
func registerLiar(ctx context.Context, a *attacker, i int) error {
	v := a.host(i)
	address := net.JoinHostPort(v.ip, a.port)
	if err := a.liars.serve(address, a); err != nil {
		return err
	}
	return v.ask(ctx, a.Address, message.KindRegister, asNode(a.Address, address), timed(fields{"target": address}), nil)
}

// serve starts a liar, if there is none at this address.
func (l *liars) serve(address string, a *attacker) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.servers[address] != nil {
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc(message.KindInterview.Row().Path, func(w http.ResponseWriter, _ *http.Request) {
		write(w, fields{"summary": fields{"address": address}})
	})
	mux.HandleFunc(message.KindStructure.Row().Path, func(w http.ResponseWriter, _ *http.Request) {
		write(w, l.lie(address, a))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	if l.servers == nil {
		l.servers = make(map[string]*http.Server)
	}
	l.servers[address] = server
	go server.Serve(listener)
	return nil
}

// lie is a structure that lists the node that is attacked, as it should, and masters that
// are internal services: of loopback, the private network and the cloud's metadata.
func (l *liars) lie(address string, a *attacker) fields {
	l.lock.Lock()
	defer l.lock.Unlock()
	masters := []fields{{"address": a.Address, "size": 1}}
	for range fakes {
		n := l.named
		l.named++
		rest := fmt.Sprintf("%d.%d", n>>8&255, n&255)
		for _, ip := range []string{"127.200." + rest, "10.0." + rest, fmt.Sprintf("169.254.169.%d", n&255)} {
			masters = append(masters, fields{"address": net.JoinHostPort(ip, a.Hidden), "size": 3})
		}
	}
	return fields{"address": address, "backlink": fields{"address": a.Address}, "slaves": []fields{}, "masters": masters}
}

func (l *liars) close() {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, s := range l.servers {
		s.Close()
	}
}

func write(w http.ResponseWriter, body fields) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body) // a node that hangs up is of no interest
}
