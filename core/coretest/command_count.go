package coretest

import (
	"fmt"
	"slices"
	"strings"
)

func (s *Script) count() string {
	counts := make(map[string]int)
	for _, r := range s.recent() {
		counts[r.Kind.String()+" "+r.Outcome]++
	}
	var lines []string
	for what, n := range counts { // order-free: sorted below
		lines = append(lines, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
