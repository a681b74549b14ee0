package core

// urn draws numbers, 0 and up, in proportion to their weights. It is a binary indexed
// tree (Fenwick: A new data structure for cumulative frequency tables, 1994): a draw, and
// a change of a weight, take as many steps as the numbers have bits.
type urn struct {
	weights []int
	sums    []int // sums[k-1] sums the weights of the last low(k) numbers up to k-1
	total   int
}

// low is the lowest bit that is set in k.
func low(k int) int { return k & -k }

// empty takes all numbers out.
func (u *urn) empty() { u.weights, u.sums, u.total = u.weights[:0], u.sums[:0], 0 }

// set gives a number its weight, 0 or more.
func (u *urn) set(number, weight int) {
	for len(u.weights) <= number {
		u.grow()
	}
	change := weight - u.weights[number]
	u.weights[number] = weight
	u.total += change
	for k := number + 1; k <= len(u.sums); k += low(k) {
		u.sums[k-1] += change
	}
}

// grow puts in one more number, with weight 0.
func (u *urn) grow() {
	k, sum := len(u.sums)+1, 0
	for step := 1; step < low(k); step <<= 1 {
		sum += u.sums[k-step-1]
	}
	u.weights, u.sums = append(u.weights, 0), append(u.sums, sum)
}

// at returns the number in whose share of the total a point falls. The point is 0 or
// more, and below the total.
func (u *urn) at(point int) int {
	step := 1
	for 2*step <= len(u.sums) {
		step *= 2
	}
	number := 0
	for ; step > 0; step /= 2 {
		if next := number + step; next <= len(u.sums) && u.sums[next-1] <= point {
			number = next
			point -= u.sums[next-1]
		}
	}
	return number
}
