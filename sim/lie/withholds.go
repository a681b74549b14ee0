package lie

import (
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// withholds commits to bytes that it never reveals, wherever the salt of draws is made by
// masters and it is one of those that make it. It commits before its node does: when it
// hears the first commit of another. It tells the masters that it lists, and all others of
// which it has heard a commit: in a network of several levels these are the heads of the
// top.
func (l *Liar) withholds() Answer {
	latest := time.Duration(0)
	var makers []core.Peer
	return func(from core.Peer, req *message.Request) (message.Response, bool) {
		asked, ok := req.Body.(*message.BeaconRequest)
		if !ok || asked.Commit == (message.Secret{}) {
			return message.Response{}, false
		}
		if !slices.Contains(makers, from) {
			makers = append(makers, from)
		}
		if asked.Turn <= latest {
			return message.Response{}, false
		}
		latest = asked.Turn
		var commit message.Secret
		for i := range commit {
			commit[i] = byte(l.Random.Uint32())
		}
		told := slices.Clone(makers)
		for _, m := range l.Structure().Masters.List {
			if !slices.Contains(told, m.Peer) {
				told = append(told, m.Peer)
			}
		}
		for _, p := range told {
			if p != l.Peer() {
				l.Call(p, message.Request{
					Kind: message.KindBeacon, Timeout: time.Second, Body: &message.BeaconRequest{Turn: asked.Turn, Commit: commit},
				}, func(message.Response) {})
			}
		}
		return message.Response{}, false
	}
}
