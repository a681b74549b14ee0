// Package summary tells masters which keys their slaves have. Each slave gives its master a
// summary of its keys, a Bloom filter, and then the keys that have come since; so a master
// knows of nearly all keys which slaves do not have them, without asking. Beside the keys a
// report has what the extension wants to tell.
//
// What a slave has added is known to its master once Report or Settle has returned true.
// When the extension calls them is its own affair.
package summary

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/internal/bloom"
)

const (
	// longest is how long a filter may be, in bytes, for its report to be well below the
	// option max_body. More keys than 160,000 at a rate of 0.0005 make it less exact.
	longest = 300 << 10
	// mostKeys is how many new keys go into a report; if there are more, the filter does.
	mostKeys = 1000
	// timeout of a report. A master that takes longer may have got it or not.
	timeout = 2 * time.Second
)

// Options say what is reported. P is what the extension tells beside the keys.
type Options[P any] struct {
	Rate  float64                  // share of other keys for which a summary is wrong
	Count func() int               // how many keys there are
	Keys  func(add func(host.Key)) // all of them
	Tell  func() P
	Check func(*P) error // what is wrong with what another node tells
	// Fresh is how long a master may rely on a report; see Report.Fresh. An extension in which
	// masters rely on none leaves it at 0.
	Fresh time.Duration
}

// Reports are what a node tells its master, and what it has been told by its slaves.
type Reports[P any] struct {
	Options[P]
	h      *host.Host
	ask    host.Send[question[P], answer]
	own    own
	slaves map[string]*Report[P] // by address
}

// own is what this node tells its master.
type own struct {
	filter     *bloom.Filter
	capacity   int    // keys that the filter is made for
	generation uint64 // of the filter: a new one each time that it is made anew
	changes    uint64 // keys added to this generation
	life       uint64 // the first generation
	serial     uint64 // of the last report

	// What the master has.
	master   string // its address; "" if that is not known
	reported uint64 // generation
	changed  uint64 // changes
	fresh    []host.Key
	heard    int64 // of its last answer
	// relying are the masters that may rely on a report, by address: when their last answer
	// was heard.
	relying map[string]time.Duration
}

// Report is what a master has from one slave.
type Report[P any] struct {
	// Told is what the extension of the slave has told.
	Told P
	// Sure is a time on this node's clock: what the slave had added by then is in the report.
	// It is zero after the first report, because that may have been long under way.
	Sure time.Duration

	generation, life, serial uint64
	filter                   *bloom.Filter
	answered                 time.Duration
}

// Fresh reports whether the report is complete as of a time that is not longer ago.
func (r *Report[P]) Fresh(now, within time.Duration) bool { return r.Sure > 0 && r.Sure >= now-within }

// May reports whether the slave may have a key.
func (r *Report[P]) May(key host.Key) bool { return r.filter.May(key) }

type (
	// question brings a whole filter, or keys that have come since.
	question[P any] struct {
		Generation uint64     `json:"generation"`
		Life       uint64     `json:"life"`
		Serial     uint64     `json:"serial"` // ascends in a life
		Filter     []byte     `json:"filter,omitempty"`
		Keys       []host.Key `json:"keys,omitempty"`
		// Heard is At of the last answer of this master that has come before the question was
		// written.
		Heard int64 `json:"heard,omitempty"`
		// Withdrawn says that the sender reports to another master now.
		Withdrawn bool `json:"withdrawn,omitempty"`
		Told      P    `json:"told"`
	}
	// answer says whether the master needs the whole filter.
	answer struct {
		Again bool  `json:"again,omitempty"`
		At    int64 `json:"at,omitempty"` // by the master's clock
	}
)

// Offer declares what nodes tell each other.
func Offer[P any](h *host.Host, o Options[P]) *Reports[P] {
	r := &Reports[P]{Options: o, h: h, slaves: make(map[string]*Report[P])}
	r.own.relying = make(map[string]time.Duration)
	r.ask = host.Direct[question[P], answer]{Name: "report", Timeout: timeout, Check: r.check, Serve: r.serve}.Offer(h)
	return r
}

// Renew makes the summary anew, of all keys. Before the first time nothing is reported.
func (r *Reports[P]) Renew() {
	m := &r.own
	m.capacity = max(256, r.Count()*5/4)
	rate := r.Rate
	// the rate that fits into the longest filter, by the formula of bloom.New
	if least := math.Exp(-longest * 8 * math.Ln2 * math.Ln2 / float64(m.capacity)); rate < least {
		rate = least
	}
	m.filter = bloom.New(m.capacity, rate)
	r.Keys(m.filter.Add)
	m.generation = r.h.Rand().Uint64() >> 12 // JSON has 53 bits
	if m.life == 0 {
		m.life = m.generation
	}
	m.changes, m.fresh = 0, nil
}

// Add adds a key to the summary.
func (r *Reports[P]) Add(key host.Key) {
	m := &r.own
	if m.filter == nil || m.filter.Added() >= m.capacity {
		r.Renew()
		return
	}
	m.filter.Add(key)
	m.changes++
	if len(m.fresh) < mostKeys {
		m.fresh = append(m.fresh, key)
	}
}

// backlink is the node to report to, and its address; none for a master of itself, which
// looks at its keys.
func (r *Reports[P]) backlink() (host.Peer, string) {
	to := r.h.Node().Structure().Backlink
	if to.IsZero() || to == r.h.Self() || r.own.filter == nil {
		return host.Peer{}, ""
	}
	return to, r.h.Address(to)
}

// Settled reports whether the own master knows all keys.
func (r *Reports[P]) Settled() bool {
	m := &r.own
	_, address := r.backlink()
	return m.master == address && (address == "" || m.reported == m.generation && m.changed == m.changes)
}

// Settle reports to the own master unless that knows all keys, and returns whether it does.
func (r *Reports[P]) Settle(t *host.Task) bool {
	if r.Settled() {
		return true
	}
	begun := r.own.serial
	defer r.h.Lock(t, "report")()
	if r.own.serial > begun { // another procedure has reported meanwhile, all that there was
		_, address := r.backlink()
		return r.own.master == address
	}
	return r.Settled() || r.send(t)
}

// Report tells the own master what has changed, and returns whether that has taken it.
func (r *Reports[P]) Report(t *host.Task) bool {
	defer r.h.Lock(t, "report")()
	return r.send(t)
}

func (r *Reports[P]) send(t *host.Task) bool {
	m := &r.own
	to, address := r.backlink()
	if address == "" {
		m.master, m.fresh = "", nil
		return true
	}
	whole := m.master != address || m.reported != m.generation || m.changes-m.changed != uint64(len(m.fresh))
	for range 2 {
		q := r.question(address, whole)
		changes := m.changes
		a, err := r.ask(t, to, q, nil)
		if err != nil || a == nil {
			m.master = "" // it may have got it or not
			return false
		}
		if !a.Again {
			m.master, m.reported, m.changed, m.heard = address, q.Generation, changes, a.At
			if q.Generation == m.generation {
				m.fresh = m.fresh[max(0, len(m.fresh)-int(m.changes-changes)):]
			}
			if r.Options.Fresh > 0 {
				m.relying[address] = r.h.Now()
			}
			return true
		}
		whole = true
	}
	return false
}

// RelyOn are the other masters than the present one that may still rely on an earlier report.
func (r *Reports[P]) RelyOn() (others []string) {
	_, address := r.backlink()
	for master, heard := range r.own.relying { // order-free: sorted below
		switch {
		case r.h.Now()-heard > r.Options.Fresh:
			delete(r.own.relying, master)
		case master != address:
			others = append(others, master)
		}
	}
	slices.Sort(others)
	return others
}

// Withdraw tells the other masters that they must not rely on what this node has reported.
func (r *Reports[P]) Withdraw(t *host.Task) {
	for _, master := range r.RelyOn() {
		to, err := r.h.Peer(master)
		if err != nil {
			continue
		}
		if _, err := r.ask(t, to, &question[P]{Withdrawn: true}, nil); err == nil {
			delete(r.own.relying, master)
		}
	}
}

// question is a report, with the whole filter or what is new.
func (r *Reports[P]) question(master string, whole bool) *question[P] {
	m := &r.own
	m.serial++
	q := &question[P]{Generation: m.generation, Life: m.life, Serial: m.serial, Told: r.Tell()}
	if m.master == master {
		q.Heard = m.heard
	}
	if whole {
		q.Filter = m.filter.Encode()
	} else {
		q.Keys = slices.Clone(m.fresh)
	}
	return q
}

// check takes reports of own slaves only, so that what they take is bounded.
func (r *Reports[P]) check(from host.Peer, q *question[P], _ int64) error {
	switch {
	case q.Withdrawn:
		return nil
	case !slices.Contains(r.h.Node().Structure().Slaves, from):
		return &host.Error{Code: "ERR_" + strings.ToUpper(r.h.Name()) + "_NO_SLAVE", Message: "only own slaves report"}
	case len(q.Filter) > longest+16 || len(q.Keys) > mostKeys:
		return errors.New("the report is too long")
	}
	return r.Check(&q.Told)
}

var errLate = errors.New("a later report has come before")

// serve keeps what a slave reports.
func (r *Reports[P]) serve(_ *host.Task, from host.Peer, q *question[P], _ *host.Pending) (*answer, error) {
	address := r.h.Address(from)
	if q.Withdrawn {
		delete(r.slaves, address)
		return &answer{}, nil
	}
	report := r.slaves[address]
	known := report != nil && report.life == q.Life
	switch {
	case known && q.Serial <= report.serial:
		return nil, errLate
	case len(q.Filter) > 0:
		filter, err := bloom.Decode(q.Filter)
		if err != nil {
			return nil, fmt.Errorf("summary: %w", err)
		}
		if !known {
			report = &Report[P]{life: q.Life}
			r.slaves[address] = report
		}
		report.generation, report.filter = q.Generation, filter
	case !known || report.generation != q.Generation:
		return &answer{Again: true}, nil
	}
	for _, key := range q.Keys {
		report.filter.Add(key)
	}
	if q.Heard != 0 && q.Heard == int64(report.answered) {
		report.Sure = report.answered
	}
	report.Told, report.serial = q.Told, q.Serial
	if r.Options.Fresh == 0 {
		return &answer{}, nil
	}
	report.answered = r.h.Now()
	return &answer{At: int64(report.answered)}, nil
}

// Prune forgets the reports of nodes that are slaves no more.
func (r *Reports[P]) Prune() {
	if len(r.slaves) == 0 {
		return
	}
	slaves := make(map[string]bool)
	for _, p := range r.h.Node().Structure().Slaves {
		slaves[r.h.Address(p)] = true
	}
	maps.DeleteFunc(r.slaves, func(address string, _ *Report[P]) bool { return !slaves[address] })
}

// Of is the report of a slave; nil if there is none.
func (r *Reports[P]) Of(address string) *Report[P] { return r.slaves[address] }

// All are the reports of all slaves, in the order of their addresses.
func (r *Reports[P]) All() iter.Seq2[string, *Report[P]] {
	return func(yield func(string, *Report[P]) bool) {
		for _, address := range slices.Sorted(maps.Keys(r.slaves)) {
			if !yield(address, r.slaves[address]) {
				return
			}
		}
	}
}
