package faults

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

var (
	falsehood = flag.String("lie", "", "lies to run by hand, separated by commas, or all, or toggle")
	nliars    = flag.Int("liars", 0, "liars of a run by hand; 0 is 1 to 3, by the seed")
	rounds    = flag.Int("rounds", 300, "rounds of a run of liars or of the toggle by hand")
)

// TestLiesByHand runs what its flags say and prints what became of the honest nodes.
func TestLiesByHand(t *testing.T) {
	if *falsehood == "" {
		t.Skip("by hand only, with -lie")
	}
	kinds := strings.Split(*falsehood, ",")
	if *falsehood == "all" {
		kinds = append(Liars(), "toggle")
	}
	log := io.Discard
	if *trace {
		log = os.Stdout
	}
	for _, kind := range kinds {
		if kind != "toggle" && !slices.Contains(Liars(), kind) {
			t.Fatalf("there is no lie %q, only toggle and %s", kind, strings.Join(Liars(), ", "))
		}
		for seed := *from; seed < *from+*count; seed++ {
			var w *World
			if kind == "toggle" {
				w = RunToggle(t, *size, seed, *rounds, log)
			} else {
				liars := *nliars
				if liars == 0 {
					liars = 1 + int(seed%3)
				}
				w = RunLiars(t, kind, *size, liars, seed, *rounds, log)
			}
			t.Logf("%s of %d, seed %d: %s", kind, *size, seed, w.harm())
		}
	}
}

// harm says what a run of liars has done to the honest nodes.
func (w *World) harm() string {
	captives, without, low, high := 0, 0, 1<<30, 0
	for _, h := range w.Live() {
		s := h.Node.Structure()
		switch b := w.HostOf(s.Backlink); {
		case s.Backlink.IsZero():
			without++
		case b == nil || b.Actor != nil:
			captives++
		}
		low, high = min(low, h.Node.NetworkSize()), max(high, h.Node.NetworkSize())
	}
	falsely, reasons, banned := len(w.FalseBans()), map[string]int{}, map[uint32]map[uint32]bool{}
	for _, b := range w.Bans {
		if w.honest(b.By) && !w.honest(b.Who) {
			if banned[b.Who] == nil {
				banned[b.Who] = map[uint32]bool{}
			}
			banned[b.Who][b.By] = true
			reasons[b.Reason]++
		}
	}
	by := ""
	for _, h := range w.Hosts() {
		if h.Actor != nil {
			by += fmt.Sprintf(" %d", len(banned[h.Number]))
		}
	}
	return fmt.Sprintf("%d false bans %v, liars banned by%s %v, %d captives, %d without a place, sizes %d to %d",
		falsely, w.FalseBans(), by, reasons, captives, without, low, high)
}
