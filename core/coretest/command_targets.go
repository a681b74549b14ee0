package coretest

import (
	"fmt"
	"strings"
)

func (s *Script) targets() string {
	counts := make([]int, s.Net.Book.Len()+1)
	for _, r := range s.recent() {
		counts[r.To.ID()]++
	}
	var lines []string
	for i, n := range counts {
		if n > 0 {
			lines = append(lines, fmt.Sprintf("%d: %d", i, n))
		}
	}
	return strings.Join(lines, "\n")
}
