package latency

import (
	"slices"
	"strings"
	"time"
)

// ReadWonderProxy reads the two CSV files in which WonderProxy publishes what its servers
// measure of each other: the servers (with the columns id and name, or title), and the
// pings (with source, destination and avg, in milliseconds). A round trip is the mean of
// all pings of the pair in this direction, or in the other if there are none. Servers
// without pings are left out.
func ReadWonderProxy(serverFile string, servers []byte, pingFile string, pings []byte) (*Table, error) {
	names, numbers, err := readServers(serverFile, servers)
	if err != nil {
		return nil, err
	}
	g, err := newGrid(serverFile, "server", names)
	if err != nil {
		return nil, err
	}
	sums, err := sumPings(pingFile, pings, numbers)
	if err != nil {
		return nil, err
	}
	n := len(names)
	weights := make([]uint64, n)
	for i := range n {
		for j := range n {
			there := sums[i*n+j]
			if there.count == 0 {
				there = sums[j*n+i]
			}
			if there.count > 0 {
				g.table.latency[i*n+j] = there.sum / time.Duration(2*there.count)
				if i != j {
					weights[i] = 1
				}
			}
		}
	}
	return g.table.part(weights), nil
}

// trips are the round trips of one pair in one direction.
type trips struct {
	sum   time.Duration
	count int
}

// readServers reads the names of the servers, and their numbers by their ids.
func readServers(file string, data []byte) (names []string, numbers map[string]int, err error) {
	lines, columns, err := readColumns(file, data, "id", "name|title")
	if err != nil {
		return nil, nil, err
	}
	numbers = make(map[string]int)
	for _, line := range lines {
		id, name := line.cells[columns[0]], line.cells[columns[1]]
		if _, again := numbers[id]; again {
			return nil, nil, line.errorf(file, "the server %.40q is there twice", id)
		}
		if name == "" || find(names, name) >= 0 {
			name += "#" + id // some names are those of a city with several servers
		}
		numbers[id] = len(names)
		names = append(names, name)
	}
	return names, numbers, nil
}

// sumPings adds up the pings of each pair of servers.
func sumPings(file string, data []byte, numbers map[string]int) ([]trips, error) {
	lines, columns, err := readColumns(file, data, "source", "destination", "avg")
	if err != nil {
		return nil, err
	}
	sums := make([]trips, len(numbers)*len(numbers))
	for _, line := range lines {
		var pair [2]int
		for i := range pair {
			id := line.cells[columns[i]]
			number, known := numbers[id]
			if !known {
				return nil, line.errorf(file, "unknown server %.40q", id)
			}
			pair[i] = number
		}
		trip, err := duration(line.cells[columns[2]], "ms")
		if err != nil {
			return nil, line.errorf(file, "%w", err)
		}
		at := &sums[pair[0]*len(numbers)+pair[1]]
		at.sum, at.count = at.sum+trip, at.count+1
	}
	return sums, nil
}

// readColumns reads CSV with a line of column names, and finds the wanted columns; one may
// have either of two names.
func readColumns(file string, data []byte, wanted ...string) (lines []line, columns []int, err error) {
	lines, err = readCSV(file, data)
	if err != nil {
		return nil, nil, err
	}
	if len(lines) == 0 {
		lines = []line{{number: 1}}
	}
	head, lines := lines[0], lines[1:]
	for _, names := range wanted {
		column := slices.IndexFunc(strings.Split(names, "|"), func(name string) bool { return slices.Contains(head.cells, name) })
		if column < 0 {
			return nil, nil, head.errorf(file, "no column is named %s", strings.ReplaceAll(names, "|", " or "))
		}
		columns = append(columns, slices.Index(head.cells, strings.Split(names, "|")[column]))
	}
	for _, line := range lines {
		if len(line.cells) != len(head.cells) {
			return nil, nil, line.errorf(file, "%d cells under %d columns", len(line.cells), len(head.cells))
		}
	}
	return lines, columns, nil
}
