package result

import (
	"slices"

	"spreadable/internal/stream"
)

// MaxRows is how many rows nodes.csv and requests.csv have at most: some 10 MB each,
// which spreadsheets still open.
const MaxRows = 100_000

// Thin replaces the nodes and the requests by samples of at most limit rows each, where
// there are more, and records in the summary how many rows there were. It must be called
// after the summary was computed, and before plots are drawn. Of more notes than the limit
// the first ones are kept.
//
// What is rare and worth looking at is kept in full: masters, nodes that were drawn as
// approvers, searches that failed or were partial, approvals that failed (unless that
// alone is more than half the limit). The rest is divided into blocks of neighbours. One
// row of each block is kept, chosen by a hash of its first row's number, and stands for
// its block: so the sample is even, follows no period of the network, and is
// the same for equal runs. StandsFor adds up to the number of rows there were.
func (r *Run) Thin(limit int) {
	rows := &r.Summary.Rows
	rows.NodesTotal, rows.RequestsTotal = len(r.Nodes), len(r.Requests)
	r.Nodes = thin(r.Nodes, limit, (*Node).distinguished, func(n *Node) *int { return &n.StandsFor })
	r.Requests = thin(r.Requests, limit, (*Request).imperfect, func(q *Request) *int { return &q.StandsFor })
	rows.NotesTotal = len(r.Notes)
	r.Notes = r.Notes[:min(limit, len(r.Notes))]
	rows.NotesWritten = len(r.Notes)
	rows.NodesWritten, rows.RequestsWritten = len(r.Nodes), len(r.Requests)
}

func (n *Node) distinguished() bool { return n.Slaves > 0 || n.Approvals > 0 }

func (r *Request) imperfect() bool {
	outcome := r.Outcome()
	return outcome == Failed || outcome == Partial
}

// Weight is how many nodes the row stands for, at least 1.
func (n *Node) Weight() int { return max(1, n.StandsFor) }

// Weight is how many requests the row stands for, at least 1.
func (r *Request) Weight() int { return max(1, r.StandsFor) }

// thin returns a sample of rows that keeps their order.
func thin[Row any](rows []Row, limit int, rare func(*Row) bool, standsFor func(*Row) *int) []Row {
	if len(rows) <= limit {
		return rows
	}
	var kept, common []int
	for i := range rows {
		if rare(&rows[i]) {
			kept = append(kept, i)
		} else {
			common = append(common, i)
		}
	}
	if len(kept) > limit/2 {
		kept, common = nil, wholeNumbers(len(rows))
	}
	// Rounded up, so that there are no more blocks than rows to keep.
	size := (len(common) + limit - len(kept) - 1) / (limit - len(kept))
	weight := make(map[int]int, limit)
	for block := range slices.Chunk(common, size) {
		pick := block[stream.Mix(0, uint64(block[0]))%uint64(len(block))]
		kept = append(kept, pick)
		weight[pick] = len(block)
	}
	slices.Sort(kept)
	sample := make([]Row, len(kept))
	for i, row := range kept {
		sample[i] = rows[row]
		*standsFor(&sample[i]) = max(1, weight[row])
	}
	return sample
}

func wholeNumbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
