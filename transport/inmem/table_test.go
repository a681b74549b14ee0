package inmem

import (
	"testing"

	"pgregory.net/rapid"
)

// A table gives back what was put under a number, once, and never to the number's next
// owner.
func TestTableForgetsNobodyAndNothingTwice(t *testing.T) {
	type ticket struct{ number, gen uint32 }
	rapid.Check(t, func(r *rapid.T) {
		var table table[int]
		live := make(map[ticket]int)
		var open, dead []ticket
		for step := range rapid.IntRange(1, 200).Draw(r, "steps") {
			switch i := 0; rapid.IntRange(0, 2).Draw(r, "what") {
			case 0:
				number, gen := table.put(&step)
				k := ticket{number, gen}
				if _, taken := live[k]; taken {
					r.Fatalf("ticket %v was given twice", k)
				}
				live[k] = step
				open = append(open, k)
			case 1:
				if len(open) == 0 {
					continue
				}
				i = rapid.IntRange(0, len(open)-1).Draw(r, "which")
				k := open[i]
				open[i] = open[len(open)-1]
				open = open[:len(open)-1]
				if v, ok := table.take(k.number, k.gen); !ok || v != live[k] {
					r.Fatalf("ticket %v gave %d, %v", k, v, ok)
				}
				delete(live, k)
				dead = append(dead, k)
			case 2:
				if len(dead) == 0 {
					continue
				}
				k := dead[rapid.IntRange(0, len(dead)-1).Draw(r, "which")]
				if v, ok := table.take(k.number, k.gen); ok {
					r.Fatalf("ticket %v, used before, gave %d", k, v)
				}
			}
		}
		if used := len(table.slots) - len(table.vacant); used != len(open) {
			r.Fatalf("%d slots in use for %d values", used, len(open))
		}
	})
}
