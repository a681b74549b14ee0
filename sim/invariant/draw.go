package invariant

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

// Ranking works out the order of a draw the slow way: the hex MD5 of "address+start in
// milliseconds" for every node, sorted.
func Ranking(book *peer.Book, nodes []core.Peer, start time.Duration) []core.Peer {
	hashes := make(map[core.Peer]string, len(nodes))
	for _, p := range nodes {
		sum := md5.Sum([]byte(book.Text(p) + "+" + strconv.FormatInt(start.Milliseconds(), 10)))
		hashes[p] = hex.EncodeToString(sum[:])
	}
	all := slices.Clone(nodes)
	slices.SortFunc(all, func(a, b core.Peer) int { return cmp.Compare(hashes[a], hashes[b]) })
	return all
}

// Follows reports whether a draw has as many approvers as it should, the first of the
// ranking in its order. Where a ping may fail, some may have been passed over, and if the
// network is small there may be fewer.
func Follows(drawn, ranking []core.Peer, count int, pingsMayFail bool) bool {
	if !pingsMayFail {
		return len(drawn) == count && slices.Equal(drawn, ranking[:count])
	}
	rest := ranking
	for _, p := range drawn {
		i := slices.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return len(drawn) <= count && (len(drawn) == count || len(ranking) < 4*count)
}
