package httptransport

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What an owner asks of another node is what that node says of itself, and stays out of the
// own node's book.
func TestOwnersAskOtherNodes(t *testing.T) {
	const timeout = 5 * time.Second
	nodes := startNetwork(t, 5, nil)
	stranger := startNode(t, "127.0.0.9", nil, nil)
	asker, of := nodes[4], nodes[0].options.Address
	bookOf := func(n *Node) (size int) {
		in(t, n, func(*core.Node) { size = n.loop.book.Len() })
		return size
	}
	var slaves, masters []peer.Address
	in(t, nodes[0], func(c *core.Node) {
		for _, p := range c.Structure().Slaves {
			slaves = append(slaves, c.Book().Address(p))
		}
		for _, m := range c.Structure().Masters.List {
			masters = append(masters, c.Book().Address(m.Peer))
		}
	})
	if len(slaves) == 0 || len(masters) == 0 {
		t.Fatalf("the node has %d slaves and %d masters", len(slaves), len(masters))
	}
	for _, branch := range []peer.Address{{}, of} {
		got, err := asker.Neighbours(t.Context(), of, branch, timeout)
		if err != nil || !slices.Equal(got.Slaves, slaves) || !slices.Equal(got.Masters, masters) {
			t.Errorf("as a member of %q: %+v, %v, want %v and %v", branch, got, err, slaves, masters)
		}
	}
	if got, err := asker.Neighbours(t.Context(), of, stranger.options.Address, timeout); !errors.Is(err, message.ErrWrongRoot) || !strings.HasPrefix(err.Error(), of.String()+": ") {
		t.Errorf("as a member of another network: %+v, %v", got, err)
	}
	before := bookOf(stranger)
	if got, err := stranger.Neighbours(t.Context(), of, of, timeout); err != nil || len(got.Masters) != len(masters) || bookOf(stranger) != before+1 {
		t.Errorf("from outside: %+v, %v; the book has %d more addresses, want that of the node", got, err, bookOf(stranger)-before)
	}
	if got, err := asker.Branches(t.Context(), of, timeout); !errors.Is(err, message.ErrWrongRoot) {
		t.Errorf("in a network of one level the branches are %v, %v", got, err)
	}
	if err := asker.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := asker.Neighbours(t.Context(), of, peer.Address{}, timeout); err == nil {
		t.Error("a node that is closed asks")
	}
}

// In a network of several levels the branches are those that the node knows.
func TestOwnersAskForBranches(t *testing.T) {
	nodes := startNetwork(t, 3, func(o *Options) { o.Config.Levels = 2 })
	var want [][]Branch
	for round := 0; len(want) == 0; round++ {
		if round == 12 {
			t.Fatal("the network has no branches")
		}
		for _, n := range nodes {
			sync1(t, n)
		}
		in(t, nodes[0], func(c *core.Node) {
			for _, list := range c.Branches() {
				var level []Branch
				for _, b := range list.List {
					level = append(level, Branch{c.Book().Address(b.Name), c.Book().Address(b.Head), int(b.Size)})
				}
				want = append(want, level)
			}
		})
	}
	got, err := nodes[1].Branches(t.Context(), nodes[0].options.Address, 5*time.Second)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
