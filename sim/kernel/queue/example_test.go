package queue_test

import (
	"fmt"

	"spreadable/sim/kernel/queue"
)

func Example() {
	q := queue.New()
	q.Push(queue.Event{Time: 20, To: 1, From: 2, Seq: 1})
	q.Push(queue.Event{Time: 10, To: 3, From: 2, Seq: 2})
	for e, ok := q.Pop(); ok; e, ok = q.Pop() {
		fmt.Println(e.Time, "ns: node", e.To)
		if e.To == 3 { // answers at once, and is served before the event at 20
			q.Push(queue.Event{Time: e.Time, To: e.From, From: e.To, Seq: 1})
		}
	}
	// Output:
	// 10 ns: node 3
	// 10 ns: node 2
	// 20 ns: node 1
}

func ExampleQueue_PopBefore() {
	q := queue.New()
	for i := range uint32(6) {
		q.Push(queue.Event{Time: int64(i) * 2, Seq: i})
	}
	var e queue.Event
	for end := int64(5); q.Len() > 0; end += 5 {
		fmt.Print("before ", end, ":")
		for q.PopBefore(end, &e) {
			fmt.Print(" ", e.Time)
		}
		fmt.Println()
	}
	// Output:
	// before 5: 0 2 4
	// before 10: 6 8
	// before 15: 10
}
