package kernel

import (
	"sync"
	"sync/atomic"
)

// mailbox holds the envelopes that one partition has handed over to another, and that the
// receiver has not taken over yet. The path of a message has no lock: envelopes change
// hands by the box.
type mailbox[E any] struct {
	full  atomic.Bool // saves the lock when there is nothing
	mutex sync.Mutex
	box   []E
	spare []E // the receiver's: the box that it emptied last
	_     [64]byte
}

// put takes what the sender has for the receiver, by the receiver's number.
func (m *mailbox[E]) put(sender Handler[E], to int) {
	m.mutex.Lock()
	if len(m.box) == 0 {
		m.box = sender.Seal(to, m.box)
	} else {
		sent := sender.Seal(to, nil)
		m.box = append(m.box, sent...)
		clear(sent)
		sender.Seal(to, sent)
	}
	m.full.Store(true)
	m.mutex.Unlock()
}

// empty gives all that is in the box to the receiver.
func (m *mailbox[E]) empty(receiver Handler[E]) {
	if !m.full.Load() {
		return
	}
	m.mutex.Lock()
	got := m.box
	m.box = m.spare[:0]
	m.full.Store(false)
	m.mutex.Unlock()
	receiver.Accept(got)
	m.spare = got[:0]
}
