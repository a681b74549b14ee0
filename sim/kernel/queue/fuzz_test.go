package queue

import "testing"

// FuzzAgainstReference reads its input as a program of three bytes a step: what
// to do, and two numbers for it.
func FuzzAgainstReference(f *testing.F) {
	f.Add([]byte{0, 0, 0, 4, 1, 0, 0, 0, 1, 0, 1, 0})    // zero delays
	f.Add([]byte{2, 1, 46, 2, 3, 40, 1, 9, 0, 4, 9, 0})  // long timers
	f.Add([]byte{3, 255, 20, 4, 1, 0, 3, 255, 0, 7, 3})  // bursts
	f.Add([]byte{3, 9, 30, 5, 9, 30, 6, 20, 0, 5, 1, 9}) // windows
	f.Fuzz(func(t *testing.T, program []byte) {
		w := newTwins(t, New())
		for len(program) >= 3 && len(w.want) < 20_000 {
			step(w, program[0], program[1], program[2])
			program = program[3:]
			w.look()
		}
		w.drain()
	})
}

func step(w *twins, op, a, b byte) {
	delay := int64(a) << (b % 48) // up to 2^56 ns, two years
	to := uint32(b >> 6)
	switch op % 7 {
	case 0:
		w.push(0, uint32(a), uint32(b))
	case 1:
		w.push(int64(a), to, 1)
	case 2:
		w.push(delay, to, 2)
	case 3:
		for i := range uint32(a) * 4 {
			w.push(1<<(b%48)+int64(i%3), i*5%7, i)
		}
	case 4:
		for range a {
			w.pop()
		}
	case 5:
		limit := w.now + delay
		for ok := true; ok; {
			_, ok = w.popBefore(limit)
		}
	case 6:
		w.q.rebuild(uint(a % 41))
	}
}
