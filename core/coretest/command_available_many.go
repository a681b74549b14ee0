package coretest

import (
	"fmt"
	"slices"
	"strings"
)

func (s *Script) availableMany() string {
	counts := make(map[string]int)
	for range s.Number("times", 1) {
		counts[s.available()]++
	}
	var lines []string
	for node, n := range counts { // order-free: sorted below
		lines = append(lines, fmt.Sprintf("%s: %d", node, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
