package laws

import (
	"fmt"
	"testing"

	"spreadable/internal/theory"
)

// A draw of all nodes that are not hidden is certain: the colluders capture it if they are
// enough, and deny it if the others are not.
func TestADrawOfAllNodesIsCertain(t *testing.T) {
	const nodes, draws = 20, 100
	kinds, err := drawKinds(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []float64{0, 0.5} {
		for colluders := 1; colluders < nodes; colluders++ {
			drawn := theory.Visible(nodes, colluders, hidden)
			for _, agree := range []int{max(1, drawn-colluders), drawn - colluders + 1, colluders, colluders + 1} {
				s, err := capture().settings(Settings{Sets: []string{
					fmt.Sprint("nodes=", nodes), fmt.Sprint("approvers=", drawn), fmt.Sprint("agree=", agree), fmt.Sprint("draws=", draws),
				}})
				if err != nil {
					t.Fatal(err)
				}
				for _, kind := range kinds {
					captured, denied := drawMany(kind.order, s, []float64{float64(colluders) / nodes}, hidden)
					if all := captured[0] == draws; all != (colluders >= agree) || !all && captured[0] != 0 {
						t.Errorf("%s: %d of %d must agree, %d collude: %d of %d draws are captured", kind.name, agree, drawn, colluders, captured[0], draws)
					}
					if all := denied[0] == draws; all != (drawn-colluders < agree) || !all && denied[0] != 0 {
						t.Errorf("%s: %d of %d must agree, %d collude: %d of %d draws are denied", kind.name, agree, drawn, colluders, denied[0], draws)
					}
				}
			}
		}
	}
}
