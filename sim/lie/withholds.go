package lie

import (
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// withholds commits, as a master, to bytes that it never reveals, wherever the salt of
// draws is made by the masters. It commits before its node does: when it hears the first
// commit of another.
func (l *Liar) withholds() Answer {
	latest := time.Duration(0)
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		asked, ok := req.Body.(*message.BeaconRequest)
		if !ok || asked.Commit == (message.Secret{}) || asked.Turn <= latest {
			return message.Response{}, false
		}
		latest = asked.Turn
		var commit message.Secret
		for i := range commit {
			commit[i] = byte(l.Random.Uint32())
		}
		for _, m := range l.Structure().Masters.List {
			if m.Peer != l.Peer() {
				l.Call(m.Peer, message.Request{
					Kind: message.KindBeacon, Timeout: time.Second, Body: &message.BeaconRequest{Turn: asked.Turn, Commit: commit},
				}, func(message.Response) {})
			}
		}
		return message.Response{}, false
	}
}
