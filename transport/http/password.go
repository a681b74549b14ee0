package httptransport

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"spreadable/core/peer"
	"spreadable/wire"
)

// A password that was refused is refused the next time too, and counts as another guess
// there. So a node does not go on asking with it: only now and then, because the other
// side may have been the one that was wrong.

// passwordPause is how long a node that has refused our password is not asked. It is long
// enough that the questions never add up to what is limited there (core.Node.LogIn).
const passwordPause = 5 * time.Minute

// maxPasswordRefusals bounds the nodes that are remembered.
const maxPasswordRefusals = 1 << 12

// passwordRefusals are the nodes that have refused our password lately.
type passwordRefusals struct {
	now func() time.Time

	mu    sync.Mutex
	until map[peer.Address]time.Time
}

// errPassword is the answer 401 to a request with credentials.
var errPassword = wire.Denied(fmt.Sprintf("it refuses us: its network has another username or password than ours (401); "+
	"it is asked again after %v, or when this node is started anew", passwordPause))

// check returns an error while a node is not to be asked.
func (p *passwordRefusals) check(a peer.Address) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until, found := p.until[a]; found && p.now().Before(until) {
		return errPassword
	}
	return nil
}

// note remembers an answer to a request with credentials, and returns its error.
func (p *passwordRefusals) note(a peer.Address, status int, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if status != http.StatusUnauthorized {
		delete(p.until, a)
		return err
	}
	if len(p.until) >= maxPasswordRefusals {
		clear(p.until)
	}
	if p.until == nil {
		p.until = make(map[peer.Address]time.Time)
	}
	p.until[a] = p.now().Add(passwordPause)
	return errPassword
}
