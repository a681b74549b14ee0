package queue

// plain is the reference: a binary heap over container/heap, by value.
type plain []Event

func (p plain) Len() int           { return len(p) }
func (p plain) Less(i, j int) bool { return p[i].Before(&p[j]) }
func (p plain) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *plain) Push(x any)        { *p = append(*p, x.(Event)) }
func (p *plain) Pop() any {
	s := *p
	e := s[len(s)-1]
	*p = s[:len(s)-1]
	return e
}
