package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// ports is an honest node on each of many ports of one host, so that its owner has more
// voices than others.
func (l *Liar) ports() Answer {
	return func(core.Peer, *message.Request) (message.Response, bool) { return message.Response{}, false }
}
