package latency

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxServers bounds the list of servers: what they measured takes its square.
const maxServers = 1000

// Servers are the servers of WonderProxy, by the numbers in which the pings name them.
type Servers struct {
	names   []string
	numbers map[string]int // by id
}

// ReadPings reads what the servers have measured of each other, as WonderProxy publishes
// it: CSV with the columns source, destination and avg, in milliseconds. A round trip is
// the mean of all pings of the pair in this direction, or in the other if there are none.
// Servers without pings are left out.
func ReadPings(file string, data []byte, servers *Servers) (*Table, error) {
	sums, err := sumPings(file, data, servers.numbers)
	if err != nil {
		return nil, err
	}
	n := len(servers.names)
	table, weights := newTable("server", servers.names), make([]uint64, n)
	for i := range n {
		for j := range n {
			there := sums[i*n+j]
			if there.count == 0 {
				there = sums[j*n+i]
			}
			if there.count > 0 {
				table.set(i, j, there.sum/time.Duration(2*there.count))
				if i != j {
					weights[i] = 1
				}
			}
		}
	}
	if len(positive(weights)) == 0 {
		return nil, fmt.Errorf("%s: no pings between two servers", file)
	}
	return table.part(weights), nil
}

// trips are the round trips of one pair in one direction.
type trips struct {
	sum   time.Duration
	count int
}

// ReadServers reads the list of servers that WonderProxy publishes: CSV with the columns id
// and name, or title.
func ReadServers(file string, data []byte) (*Servers, error) {
	s := &Servers{numbers: make(map[string]int)}
	err := eachNamed(file, data, []string{"id", "name|title"}, func(l line) error {
		id, name := l.cells[0], l.cells[1]
		if _, again := s.numbers[id]; again {
			return l.errorf(file, "the server %.40q is there twice", id)
		}
		if len(s.names) == maxServers {
			return l.errorf(file, "more than %d servers", maxServers)
		}
		if name == "" || find(s.names, name) >= 0 {
			name += "#" + id // some names are those of a city with several servers
		}
		s.numbers[id] = len(s.names)
		s.names = append(s.names, name)
		return nil
	})
	if err == nil && len(s.names) == 0 {
		err = fmt.Errorf("%s: no server below the names of the columns", file)
	}
	return s, err
}

// sumPings adds up the pings of each pair of servers.
func sumPings(file string, data []byte, numbers map[string]int) ([]trips, error) {
	sums := make([]trips, len(numbers)*len(numbers))
	err := eachNamed(file, data, []string{"source", "destination", "avg"}, func(l line) error {
		from, known := numbers[l.cells[0]]
		if !known {
			return l.errorf(file, "unknown server %.40q", l.cells[0])
		}
		to, known := numbers[l.cells[1]]
		if !known {
			return l.errorf(file, "unknown server %.40q", l.cells[1])
		}
		trip, err := duration(l.cells[2], "ms")
		if err != nil {
			return l.errorf(file, "%w", err)
		}
		if trip == 0 && from != to {
			return l.errorf(file, "a round trip of 0 between two servers, %.40q and %.40q", l.cells[0], l.cells[1])
		}
		at := &sums[from*len(numbers)+to]
		at.sum, at.count = at.sum+trip, at.count+1
		return nil
	})
	return sums, err
}

// eachNamed calls a function with the wanted cells of every line of a CSV file, whose
// first line names the columns. A column may have either of two names ("name|title").
func eachNamed(file string, data []byte, wanted []string, do func(line) error) error {
	var columns []int
	width, cells := 0, make([]string, len(wanted))
	err := eachCSV(file, data, func(l line) error {
		if columns == nil {
			width = len(l.cells)
			var err error
			columns, err = findColumns(file, l, wanted)
			return err
		}
		if len(l.cells) != width {
			return l.errorf(file, "%d cells under %d columns", len(l.cells), width)
		}
		for i, column := range columns {
			cells[i] = l.cells[column]
		}
		return do(line{l.number, cells})
	})
	if err == nil && columns == nil {
		err = fmt.Errorf("%s: the file is empty", file)
	}
	return err
}

// findColumns finds the wanted columns in the line that names them.
func findColumns(file string, head line, wanted []string) ([]int, error) {
	var columns []int
	for _, names := range wanted {
		column := slices.IndexFunc(head.cells, func(cell string) bool {
			return slices.Contains(strings.Split(names, "|"), strings.TrimSpace(cell))
		})
		if column < 0 {
			return nil, head.errorf(file, "no column is named %s", strings.ReplaceAll(names, "|", " or "))
		}
		columns = append(columns, column)
	}
	return columns, nil
}
