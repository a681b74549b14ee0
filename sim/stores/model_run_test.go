package stores_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/sim"
	"spreadable/sim/scenario"
)

// How a plan is carried out: by the stores themselves, in the simulator, with a driver on
// each node that does the steps of its clients.

// driver is the extension that does what a plan says of its node.
type driver struct {
	documents *documents.Store
	files     *files.Store
	begin     *time.Duration // when the run began; set by the first life of any node
	steps     []*op
	tokens    map[int]string // of files, by number
	h         *host.Host
}

func (*driver) Name() string { return "driver" }

// Start implements host.Extension. What was due while the node was away is not done.
func (d *driver) Start(h *host.Host) {
	d.h = h
	h.OnStart(func(t *host.Task) {
		if *d.begin == 0 {
			*d.begin = h.Now()
		}
		now := h.Now() - *d.begin
		clients := make(map[int][]*op)
		var order []int
		for _, o := range d.steps {
			if o.at < now {
				continue
			}
			if clients[o.client] == nil {
				order = append(order, o.client)
			}
			clients[o.client] = append(clients[o.client], o)
		}
		for _, c := range order {
			t.Fork(func(t *host.Task) { d.client(t, clients[c]) })
		}
	})
}

// client does its steps one after the other, none before its time.
func (d *driver) client(t *host.Task, steps []*op) {
	for _, o := range steps {
		t.Sleep(o.at - (d.h.Now() - *d.begin))
		o.begun = d.h.Now() - *d.begin
		d.step(t, o)
		o.size = d.h.NetworkSize()
		o.done, o.ended = true, d.h.Now()-*d.begin
	}
}

func (d *driver) step(t *host.Task, o *op) {
	switch o.do {
	case doAdd:
		d.write(t, o, documents.Write{IfAbsent: true})
	case doWrite:
		d.write(t, o, documents.Write{})
	case doRead, doLook:
		d.read(t, o)
	case doSwap:
		d.swap(t, o)
	case doDelete:
		w, err := d.documents.Delete(t, documents.Write{Collection: "model", Key: documents.Key(o.key)})
		o.copies, o.err = w.Copies, err
	case doFile:
		var s *files.Stored
		if s, o.err = d.files.PutSized(t, fileKey(o.number), 1_000_000, files.Wish{}); o.err == nil {
			d.tokens[o.number], o.copies = s.Token, len(s.Holders)
		}
	case doForget:
		if token := d.tokens[o.number]; token != "" {
			o.copies, o.err = d.files.Remove(t, files.Removal{Key: fileKey(o.number), Token: token})
		} else {
			o.err = errors.New("it was not stored")
		}
	case doFind:
		holders, err := d.files.Locate(t, fileKey(o.number))
		o.found, o.err = len(holders) > 0, err
		if errors.Is(err, files.ErrNotFound) {
			o.err = nil
		}
	}
}

func (d *driver) read(t *host.Task, o *op) documents.Found {
	f, err := d.documents.Get(t, "model", documents.Key(o.key))
	o.err, o.found, o.full = err, f.Document != nil, f.Coverage.Answered == f.Coverage.Asked
	if o.found {
		o.got = valueOf(f.Document)
	}
	return f
}

// write writes the value of an operation on a condition.
func (d *driver) write(t *host.Task, o *op, w documents.Write) {
	w.Collection, w.Document = "model", content(o)
	written, err := d.documents.Put(t, w)
	o.copies, o.err = written.Copies, err
}

// swap writes a value in the place of the one that it reads.
func (d *driver) swap(t *host.Task, o *op) {
	f := d.read(t, o)
	if o.err != nil {
		o.lost = true // nothing was written
		return
	}
	d.write(t, o, documents.Write{IfAbsent: !o.found, IfVersion: f.Version})
	o.swapped = o.err == nil
	o.lost = errors.Is(o.err, documents.ErrConflict) || errors.Is(o.err, documents.ErrExists)
}

func content(o *op) []byte { return fmt.Appendf(nil, `{"id":%q,"value":%d}`, o.key, o.value) }

func valueOf(document []byte) int {
	var v struct{ Value int }
	if err := json.Unmarshal(document, &v); err != nil {
		panic(err)
	}
	return v.Value
}

func fileKey(number int) host.Key { return sha256.Sum256(fmt.Append(nil, "file ", number)) }

// run carries out a plan.
func run(p *plan) (looks []*op, err error) {
	s, err := scenario.Parse("model.yaml", []byte(p.scenario()), nil)
	if err != nil {
		return nil, err
	}
	looks = p.looks()
	steps := make([][]*op, p.nodes)
	for _, o := range append(append([]*op(nil), p.ops...), looks...) {
		steps[o.node] = append(steps[o.node], o)
	}
	begin, tokens := time.Duration(0), make(map[int]string)
	_, err = sim.Run(s, sim.Options{
		Extensions: func(node int) []host.Extension {
			d, err := documents.New(documents.Options{Collections: []documents.Collection{{Name: "model"}}})
			if err != nil {
				panic(err)
			}
			f, err := files.New(files.Options{})
			if err != nil {
				panic(err)
			}
			var own []*op
			if node < len(steps) {
				own = steps[node]
			}
			return []host.Extension{d, f, &driver{documents: d, files: f, begin: &begin, steps: own, tokens: tokens}}
		},
		Disk: func(_ int, _ string, b *memory.Blobs) {
			if d := p.disk; d != nil {
				b.Rate, b.Seek, b.Limit = d.rate, d.seek, d.limit
			}
		},
	})
	return looks, err
}
