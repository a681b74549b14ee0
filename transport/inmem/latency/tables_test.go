package latency_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/transport/inmem/latency"
)

// between returns the latencies of a table by the names of the places: "a>b".
func between(t *testing.T, table *latency.Table, err error) map[string]time.Duration {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]time.Duration)
	for i, from := range table.Names() {
		for j, to := range table.Names() {
			if d := table.At(i, j); d != 0 {
				list[from+">"+to] = d
			}
		}
	}
	return list
}

// check compares the latencies of a table.
func check(t *testing.T, got map[string]time.Duration, want string) {
	t.Helper()
	var list []string
	for pair, d := range got {
		list = append(list, fmt.Sprintf("%s %v", pair, d))
	}
	slices.Sort(list)
	if is := strings.Join(list, ", "); is != want {
		t.Errorf("got  %s\nwant %s", is, want)
	}
}

// A matrix of King has round trips in microseconds; a message takes half of one.
func TestAKingMatrixIsHalvedRoundTrips(t *testing.T) {
	table, err := latency.ReadKing("king", []byte("# hosts\n0 10000 20000\n\n10000 0  31250\r\n20000\t31250 0\n"))
	check(t, between(t, table, err), "1>2 5ms, 1>3 10ms, 2>1 5ms, 2>3 15.625ms, 3>1 10ms, 3>2 15.625ms")
}

// A square table may differ by direction, have latencies within a place, and units.
func TestASquareTableIsTakenAsItIs(t *testing.T) {
	table, err := latency.ReadSquare("square", []byte(",here,\"far, away\"\nhere,,88.5\n\"far, away\",90.5,1200us\n"))
	check(t, between(t, table, err), "far, away>far, away 600µs, far, away>here 45.25ms, here>far, away 44.25ms")
}

// Pings of WonderProxy are averaged; where one direction was not measured, the other one
// counts; servers that were not measured are left out.
func TestPingsAreAveraged(t *testing.T) {
	servers, err := latency.ReadServers("servers", []byte("id,name,latitude\n7,Oslo,59.9\n3,Lima,-12\n5,Rome,41.9\n9,Nowhere,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := latency.ReadPings("pings", []byte("source,destination,timestamp,min,avg,max,mdev\n"+
		"7,3,2020-07-19 00:05:29,1,200,300,1\n7,3,2020-07-19 01:05:29,1,210,300,1\n3,7,2020-07-19 00:05:29,1,190,300,1\n"+
		"5,3,2020-07-19 00:05:29,1,180,300,1\n7,5,2020-07-19 00:05:29,1,40,300,1\n"), servers)
	check(t, between(t, table, err), "Lima>Oslo 95ms, Lima>Rome 90ms, Oslo>Lima 102.5ms, Oslo>Rome 20ms, Rome>Lima 90ms, Rome>Oslo 20ms")
}

// In a graph of Shadow a message takes the shortest path, and to its own node the edge to
// itself; an edge has one direction only in a directed graph.
func TestAGraphGivesShortestPaths(t *testing.T) {
	const graph = `# made by hand
graph [
  %s
  node [ id 0 label "a [b]" host_bandwidth_up "1 Gbit" ]
  node [
    id 1
  ]
  node [ id 2 ]
  edge [ source 0 target 0 latency "1 us" packet_loss 0.0 ]
  edge [ source 0 target 1 latency "10 ms" jitter "0 ms" ]
  edge [ source 1 target 2 latency "20 milliseconds" ]
  edge [ source 2 target 0 latency "100 ms" extra [ deep 1 ] ]
]
`
	sound := strings.Replace(graph, " extra [ deep 1 ]", "", 1)
	table, err := latency.ReadShadow("graph", fmt.Appendf(nil, sound, "directed 0"))
	check(t, between(t, table, err), "0>0 1µs, 0>1 10ms, 0>2 30ms, 1>0 10ms, 1>2 20ms, 2>0 30ms, 2>1 20ms")
	table, err = latency.ReadShadow("graph", fmt.Appendf(nil, sound, "directed 1"))
	check(t, between(t, table, err), "0>0 1µs, 0>1 10ms, 0>2 30ms, 1>0 120ms, 1>2 20ms, 2>0 100ms, 2>1 110ms")
	if _, err := latency.ReadShadow("graph", fmt.Appendf(nil, graph, "")); err == nil || !strings.HasPrefix(err.Error(), "graph:12: ") {
		t.Errorf("a group in an edge: %v", err)
	}
}

// What a table has below the floor is raised to it, and a place without a latency of its
// own has 3 ms there and back.
func TestNoLatencyIsBelowTheFloor(t *testing.T) {
	table, err := latency.ReadSquare("square", []byte(",a,b\na,0.2,0.4\nb,80,\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := latency.NewPlaced(table, nil, terms(1))
	if err != nil {
		t.Fatal(err)
	}
	check(t, between(t, m.Table(), nil), "a>a 500µs, a>b 500µs, b>a 40ms, b>b 1.5ms")
	if m.Min() != latency.DefaultFloor || m.Max() != 40*ms {
		t.Errorf("from %v to %v", m.Min(), m.Max())
	}
}

// A place without a latency to another can be left out.
func TestAPlaceWithAHoleCanBeLeftOut(t *testing.T) {
	servers, err := latency.ReadServers("servers", []byte("id,title\n1,a\n2,b\n3,c\n"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := latency.ReadPings("pings", []byte("source,destination,avg\n1,2,20\n2,3,30\n"), servers)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := latency.NewPlaced(table, nil, terms(1)); !latency.IsHole(err) {
		t.Errorf("with all three: %v", err)
	}
	m, err := latency.NewPlaced(table, []latency.Share{{Name: "a", Part: 0.5}, {Name: "b", Part: 0.5}}, terms(1))
	if err != nil {
		t.Fatal(err)
	}
	check(t, between(t, m.Table(), nil), "a>a 1.5ms, a>b 10ms, b>a 10ms, b>b 1.5ms")
}

// Whatever a file holds, it is a table without negative latencies, or an error that names
// the file and says more in one line.
func FuzzFiles(f *testing.F) {
	for _, text := range []string{
		"0 1\n1 0\n", ",a,b\na,,1ms\nb,2,\n", "graph [ node [ id 0 ] edge [ source 0 target 0 latency \"1 ms\" ] ]",
		"id,name\n1,a\n2,b\n", "source,destination,avg\n1,2,3\n", "0,5ms\n1,9ms\n", "name,latitude,longitude,weight\na,1,2,3\nb,3,4,5\n",
		"q,x_us\n0,1\n0.5,2\n1,3\n", "\ufeff0,1s\n1,2s", "\"", "graph [ [", "a,b\n,\n",
	} {
		f.Add([]byte(text))
	}
	servers, err := latency.ReadServers("servers", []byte("id,name\n1,a\n2,b\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var errs []error
		for _, read := range []func() (*latency.Table, error){
			func() (*latency.Table, error) { return latency.ReadKing("file", data) },
			func() (*latency.Table, error) { return latency.ReadSquare("file", data) },
			func() (*latency.Table, error) { return latency.ReadShadow("file", data) },
			func() (*latency.Table, error) { return latency.ReadPings("file", data, servers) },
		} {
			table, err := read()
			if err == nil {
				for i := range table.Names() {
					if table.At(i, i) < 0 || table.At(0, i) < 0 || table.At(i, 0) < 0 {
						t.Errorf("a negative latency in %q", data)
					}
				}
			}
			errs = append(errs, err)
		}
		_, err := latency.ReadServers("file", data)
		errs = append(errs, err)
		_, err = latency.ReadCities("file", data)
		errs = append(errs, err)
		measured, err := latency.ReadEmpirical("file", data)
		errs = append(errs, err)
		if err == nil && (measured.At(0) != measured.Min() || measured.At(1<<64-1) != measured.Max()) {
			t.Errorf("%q: drew %v to %v", data, measured.At(0), measured.At(1<<64-1))
		}
		for _, err := range errs {
			if err != nil && (!strings.HasPrefix(err.Error(), "file:") || strings.ContainsAny(err.Error(), "\n\r")) {
				t.Errorf("%q: %q", data, err)
			}
		}
	})
}
