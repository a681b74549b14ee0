package docs

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"spreadable/core/draw"
	"spreadable/internal/theory"
)

// twoThirds of a number of approvers, rounded up.
func twoThirds(approvers int) int { return (2*approvers + 2) / 3 }

// number reads a number as the tables have it: 10,000 or 1e-6 or 10%.
func number(t *testing.T, text string) float64 {
	t.Helper()
	digits, isShare := strings.CutSuffix(strings.ReplaceAll(text, ",", ""), "%")
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		t.Fatal(err)
	}
	if isShare {
		return x / 100
	}
	return x
}

// tableOf returns the rows below a head of a table.
func tableOf(t *testing.T, text, head string) (list [][]string) {
	t.Helper()
	_, body, found := strings.Cut(text, head+"\n")
	if !found {
		t.Fatalf("no table %q", head)
	}
	body, _, _ = strings.Cut(body, "\n\n")
	return rows(body)[1:]
}

func TestTheTableOfApproversIsAsComputed(t *testing.T) {
	for _, row := range tableOf(t, read(t, "docs/approval.md"), "| colluders | target | approvers | must agree | captured | denied |") {
		const nodes = 10_000
		colluders := int(number(t, row[0]) * nodes)
		count, _ := theory.FewestApprovers(nodes, colluders, number(t, row[1]), twoThirds)
		d := theory.Draw{Nodes: nodes, Colluders: colluders, Approvers: count, Agree: twoThirds(count)}
		got := fmt.Sprintf("%d %d %.2g %.2g", count, d.Agree, d.Capture(), d.Denial())
		if want := strings.Join(row[2:], " "); got != want {
			t.Errorf("%s and %s: the table says %s, computed are %s", row[0], row[1], want, got)
		}
	}
}

func TestTheTableOfGrindingIsAsComputed(t *testing.T) {
	for _, row := range tableOf(t, read(t, "docs/approval.md"), "| network | approvers | must agree | one IP, all ports | ten IPs |") {
		nodes := int(number(t, row[0]))
		var byDefault draw.Count
		count := byDefault.Of(nodes)
		agree := draw.Decision{}.Of(count)
		got := fmt.Sprintf("%d %d %.4f %.4f", count, agree, theory.Ground(nodes, 1, count, agree), theory.Ground(nodes, 10, count, agree))
		if want := strings.Join(row[1:], " "); got != want {
			t.Errorf("%s nodes: the table says %s, computed are %s", row[0], want, got)
		}
	}
}
