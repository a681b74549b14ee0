package files

import (
	"errors"
	"fmt"
	"time"

	"spreadable/core/host"
)

// What nodes say to each other. Addresses are texts.
type (
	nothing struct{}

	// whereQuestion asks a master which nodes may have a file, by the summaries of its
	// slaves, and which could take a copy.
	whereQuestion struct {
		Key    host.Key `json:"key"`
		Places int      `json:"places,omitempty"`
		Size   int64    `json:"size,omitempty"` // that a place must have free
	}
	whereAnswer struct {
		Likely []string `json:"likely,omitempty"`
		Places []place  `json:"places,omitempty"`
	}
	// place is a node that could take a copy.
	place struct {
		Address string  `json:"address"`
		Free    int64   `json:"free"` // bytes
		Used    float64 `json:"used"` // the share of its space that is used
	}

	hasQuestion struct {
		Key host.Key `json:"key"`
	}
	// hasAnswer is what the asked node knows of the file, if it keeps it, and when it was
	// removed, in milliseconds.
	hasAnswer struct {
		File *File `json:"file,omitempty"`
		Gone int64 `json:"gone,omitempty"`
	}

	// putQuestion brings a copy, as the stream behind it.
	putQuestion struct {
		File
	}

	// tellQuestion says which nodes keep a file.
	tellQuestion struct {
		Key     host.Key `json:"key"`
		Holders []string `json:"holders"`
	}

	// shortQuestion says that files have too few copies and that it is the turn of the one
	// that is asked to make the others.
	shortQuestion struct {
		Keys []host.Key `json:"keys"`
	}

	// awayQuestion asks a master which of some nodes are not in the network.
	awayQuestion struct {
		Nodes []string `json:"nodes"`
	}
	// awayAnswer has their places in the question, ascending.
	awayAnswer struct {
		Away []int `json:"away,omitempty"`
	}

	// fetchQuestion asks a holder to put a copy to the asker.
	fetchQuestion struct {
		Key host.Key `json:"key"`
	}

	// partQuestion asks for bytes of a file, at most mostPart.
	partQuestion struct {
		Key    host.Key `json:"key"`
		From   int64    `json:"from"`
		Length int      `json:"length"`
	}
	partAnswer struct {
		Data []byte `json:"data"`
	}

	// copiesQuestion asks all nodes which of some files they have.
	copiesQuestion struct {
		Keys []host.Key `json:"keys"`
	}
	copiesAnswer struct {
		Nodes []holding `json:"nodes,omitempty"`
		Gone  []removed `json:"gone,omitempty"`
	}
	// holding is what a node has: places in the list of keys, ascending.
	holding struct {
		At  string `json:"at"`
		Has []int  `json:"has"`
	}
	// heldAnswer says which of the files of a shortQuestion are not here, by their place.
	heldAnswer struct {
		Lacks []int `json:"lacks,omitempty"`
	}
	removed struct {
		Index int       `json:"index"`
		Proof tombstone `json:"proof"`
	}

	removedAnswer struct {
		Removed int `json:"removed"`
		Denied  int `json:"denied"` // holders for which the proof is none
	}
)

const (
	// askTimeout is for questions that are answered from memory. A node that takes longer
	// is done without.
	askTimeout = 2 * time.Second

	mostPart   = 256 << 10 // bytes of a file in one answer
	mostLikely = 64        // nodes that a master names
	mostPlaces = 16
)

// Codes of refusals.
const (
	codeHas     = "ERR_FILES_HAS"
	codeRemoved = "ERR_FILES_REMOVED"
	codeFull    = "ERR_FILES_FULL"
	codeNone    = "ERR_FILES_NOT_FOUND"
	codeBusy    = "ERR_FILES_BUSY"
	codeMaster  = "ERR_FILES_NO_MASTER"
)

func refuse(code, format string, args ...any) error {
	return &host.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// offer declares what this node answers and asks.
func (s *Store) offer(h *host.Host) {
	s.askWhere = host.Direct[whereQuestion, whereAnswer]{
		Name: "where", Timeout: askTimeout, Serve: func(_ *host.Task, _ host.Peer, q *whereQuestion, _ *host.Pending) (*whereAnswer, error) {
			return s.lookUp(q), nil
		},
		Valid: func(_ *whereQuestion, a *whereAnswer) error {
			if len(a.Likely) > mostLikely || len(a.Places) > mostPlaces {
				return errors.New("more nodes than were asked for")
			}
			return nil
		},
	}.Offer(h)
	s.askHas = host.Direct[hasQuestion, hasAnswer]{
		Name: "has", Timeout: askTimeout,
		Serve: func(_ *host.Task, _ host.Peer, q *hasQuestion, _ *host.Pending) (*hasAnswer, error) {
			return s.tellHas(q.Key), nil
		},
		Valid: func(q *hasQuestion, a *hasAnswer) error {
			switch {
			case a.File == nil:
				return nil
			case a.File.Key != q.Key:
				return errors.New("another file than was asked for")
			}
			return a.File.check()
		},
	}.Offer(h)
	s.askPut = host.Direct[putQuestion, nothing]{
		Name: "put", MaxStream: mostSize, Check: s.checkPut, Serve: s.servePut,
	}.Offer(h)
	s.offerReports(h)
	s.askTell = host.Direct[tellQuestion, nothing]{Name: "tell", Check: checkTell, Serve: s.serveTell}.Offer(h)
	s.askShort = host.Direct[shortQuestion, nothing]{Name: "short", Check: checkShort, Serve: s.serveShort}.Offer(h)
	s.askHeld = host.Direct[shortQuestion, heldAnswer]{
		Name: "held", Timeout: askTimeout, Check: checkShort, Serve: s.serveHeld,
		Valid: func(q *shortQuestion, a *heldAnswer) error {
			if !ascending(a.Lacks, len(q.Keys)) {
				return errors.New("files that were not asked for")
			}
			return nil
		},
	}.Offer(h)
	s.askGone = host.Direct[goneQuestion, nothing]{Name: "gone", Check: checkGone, Serve: s.serveGone}.Offer(h)
	s.askAway = host.Direct[awayQuestion, awayAnswer]{
		Name: "away", Timeout: askTimeout, Check: checkAway, Serve: s.serveAway,
		Valid: func(q *awayQuestion, a *awayAnswer) error {
			if !ascending(a.Away, len(q.Nodes)) {
				return errors.New("nodes that were not asked for")
			}
			return nil
		},
	}.Offer(h)
	s.askFetch = host.Direct[fetchQuestion, nothing]{Name: "fetch", Serve: s.serveFetch}.Offer(h)
	s.askPart = host.Direct[partQuestion, partAnswer]{Name: "part", Check: checkPart, Serve: s.servePart}.Offer(h)
	copies := host.Query[copiesQuestion, copiesAnswer]{
		Name: "copies", Check: checkCopies, Local: s.localCopies, Merge: s.mergeCopies, Valid: validCopies,
	}
	s.askCopies = copies.Offer(h)
	copies.Name = "any"
	copies.Enough = func(_ *copiesQuestion, a *copiesAnswer) bool { return len(a.Nodes) > 0 }
	s.askAny = copies.Offer(h)
	s.askRemove = host.Query[Removal, removedAnswer]{
		Name: "remove", Check: (*Removal).check, Work: s.workRemove, Merge: mergeRemoved, Valid: validRemoved,
	}.Offer(h)
}

func checkTell(_ host.Peer, q *tellQuestion, _ int64) error {
	if len(q.Holders) > mostCopies {
		return errors.New("too many holders")
	}
	return nil
}

func checkShort(_ host.Peer, q *shortQuestion, _ int64) error {
	if len(q.Keys) > mostKeys {
		return fmt.Errorf("at most %d files", mostKeys)
	}
	return nil
}

func checkAway(_ host.Peer, q *awayQuestion, _ int64) error {
	if len(q.Nodes) > mostKeys {
		return fmt.Errorf("at most %d nodes", mostKeys)
	}
	return nil
}

func checkPart(_ host.Peer, q *partQuestion, _ int64) error {
	if q.From < 0 || q.Length < 1 || q.Length > mostPart {
		return fmt.Errorf("want 1 to %d bytes of a file", mostPart)
	}
	return nil
}

func checkCopies(q *copiesQuestion) error {
	if len(q.Keys) == 0 || len(q.Keys) > mostKeys {
		return fmt.Errorf("want 1 to %d keys", mostKeys)
	}
	return nil
}
