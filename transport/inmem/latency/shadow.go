package latency

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxGraph bounds the nodes of a graph: the time to find all shortest paths grows with the
// third power, to some ten seconds here.
const maxGraph = 2000

// ReadShadow reads a network graph of the simulator Shadow, in GML: nodes with an id, and
// edges with source, target and latency ("10 ms", one way). As in Shadow, a message takes
// the shortest path, and to the same node the edge from the node to itself. Bandwidths,
// losses and jitter of the graph are no latencies, and are left out.
func ReadShadow(file string, data []byte) (*Table, error) {
	g := &graph{file: file, numbers: make(map[string]int)}
	words := &gmlWords{file: file, rest: string(data), line: 1}
	if err := g.read(words); err != nil {
		return nil, err
	}
	if len(g.nodes) == 0 {
		return nil, fmt.Errorf("%s: expected graph [ node [ ... ] edge [ ... ] ], and found no node", file)
	}
	if len(g.nodes) > maxGraph {
		return nil, fmt.Errorf("%s: %d nodes are more than %d", file, len(g.nodes), maxGraph)
	}
	t := newTable("graph node", g.nodes)
	for _, e := range g.edges {
		if err := g.put(t, e); err != nil {
			return nil, err
		}
	}
	t.shorten()
	return t, nil
}

// graph is a GML graph that is being read.
type graph struct {
	file     string
	directed bool
	nodes    []string
	numbers  map[string]int
	edges    []gmlEdge
}

type gmlEdge struct {
	line           int
	source, target string
	latency        time.Duration
}

// put writes the latency of an edge into the table. Of two edges the shorter one counts. An
// edge is checked only here, because its nodes may stand behind it in the file.
func (g *graph) put(t *Table, e gmlEdge) error {
	from, known := g.numbers[e.source]
	to, both := g.numbers[e.target]
	if !known || !both {
		return fmt.Errorf("%s:%d: an edge from node %q to %q, one of which there is not", g.file, e.line, e.source, e.target)
	}
	pairs := [][2]int{{from, to}}
	if !g.directed {
		pairs = append(pairs, [2]int{to, from})
	}
	for _, pair := range pairs {
		if at := &t.latency[pair[0]*len(t.names)+pair[1]]; *at == 0 || e.latency < *at {
			*at = e.latency
		}
	}
	return nil
}

// shorten replaces the latencies between different places by those of the shortest paths
// (Floyd and Warshall). 0 is none.
func (t *Table) shorten() {
	n := len(t.names)
	for k := range n {
		for i := range n {
			there := t.latency[i*n+k]
			if there == 0 || i == k {
				continue
			}
			for j := range n {
				back, at := t.latency[k*n+j], &t.latency[i*n+j]
				if back != 0 && i != j && j != k && (*at == 0 || there+back < *at) {
					*at = there + back
				}
			}
		}
	}
}

// read reads the whole file. Keys beside the graph, such as Creator, are passed over.
func (g *graph) read(w *gmlWords) error {
	for {
		key, err := w.next()
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return err
		}
		if key != "graph" {
			err = w.skip()
		} else {
			err = w.group("graph", g.member)
		}
		if err != nil {
			return err
		}
	}
}

// member reads what stands behind a key of the graph.
func (g *graph) member(key string, w *gmlWords) error {
	at := w.line
	switch key {
	case "directed":
		value, err := w.value(key)
		if err != nil {
			return err
		}
		if value != "0" && value != "1" {
			return w.errorf(at, "directed: expected 0 or 1, not %.40q", value)
		}
		g.directed = value == "1"
	case "node":
		return g.node(w)
	case "edge":
		return g.edge(w)
	default:
		return w.skip()
	}
	return nil
}

// node reads a node. Of its keys only the id matters here.
func (g *graph) node(w *gmlWords) error {
	at, values, err := w.values("node")
	if err != nil {
		return err
	}
	id, given := values["id"]
	if _, err := strconv.Atoi(id); !given || err != nil {
		return w.errorf(at, "a node without a number as its id")
	}
	if _, again := g.numbers[id]; again {
		return w.errorf(at, "node %s is there twice", id)
	}
	g.numbers[id] = len(g.nodes)
	g.nodes = append(g.nodes, id)
	return nil
}

// edge reads an edge. Its latency is above 0, because 0 stands for none in the table.
func (g *graph) edge(w *gmlWords) error {
	at, values, err := w.values("edge")
	if err != nil {
		return err
	}
	for _, key := range []string{"source", "target", "latency"} {
		if _, given := values[key]; !given {
			return w.errorf(at, "an edge without %s", key)
		}
	}
	latency, err := duration(shadowUnits.Replace(values["latency"]), "")
	if err != nil {
		return w.errorf(at, "%w", err)
	}
	if latency == 0 {
		return w.errorf(at, "expected a latency above 0, not %q", values["latency"])
	}
	g.edges = append(g.edges, gmlEdge{at, values["source"], values["target"], latency})
	return nil
}

// shadowUnits writes the units that Shadow knows in words as Go does.
var shadowUnits = strings.NewReplacer("nanoseconds", "ns", "nanosecond", "ns", "microseconds", "us", "microsecond", "us",
	"milliseconds", "ms", "millisecond", "ms", "seconds", "s", "second", "s", "secs", "s", "sec", "s",
	"minutes", "m", "minute", "m", "mins", "m", "min", "m")

// gmlWords are the words of a GML file: keys, numbers, texts in quotes, and brackets.
type gmlWords struct {
	file, rest string
	line       int
}

var errEnd = errors.New("the file ends too early")

func (w *gmlWords) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", w.file, line, fmt.Errorf(format, args...))
}

// next returns the next word, a text with its opening quote.
func (w *gmlWords) next() (string, error) {
	for w.rest != "" {
		switch c := w.rest[0]; {
		case c == '\n':
			w.line++
			w.rest = w.rest[1:]
		case c == ' ', c == '\t', c == '\r':
			w.rest = w.rest[1:]
		case c == '#':
			_, w.rest, _ = strings.Cut(w.rest, "\n")
			w.line++
		default:
			return w.word()
		}
	}
	return "", w.errorf(w.line, "%w", errEnd)
}

// word cuts off the word that the rest begins with.
func (w *gmlWords) word() (string, error) {
	end := strings.IndexAny(w.rest, " \t\r\n[]")
	switch w.rest[0] {
	case '[', ']':
		end = 1
	case '"':
		length := strings.IndexByte(w.rest[1:], '"')
		if length < 0 {
			return "", w.errorf(w.line, "a text without its closing quote")
		}
		word := w.rest[:1+length]
		w.line += strings.Count(word, "\n")
		w.rest = w.rest[length+2:]
		return word, nil
	}
	if end < 0 {
		end = len(w.rest)
	}
	word := w.rest[:end]
	w.rest = w.rest[end:]
	return word, nil
}

// group reads "[ key value ... ]" and hands each key to a function that reads the value.
func (w *gmlWords) group(name string, member func(key string, w *gmlWords) error) error {
	open, err := w.next()
	if err != nil {
		return err
	}
	if open != "[" {
		return w.errorf(w.line, "%s: expected [, not %.40q", name, open)
	}
	for {
		key, err := w.next()
		switch {
		case err != nil:
			return err
		case key == "]":
			return nil
		case key == "[" || key[0] == '"':
			return w.errorf(w.line, "%s: expected the name of a key, not %.40q", name, key)
		}
		if err := member(key, w); err != nil {
			return err
		}
	}
}

// values reads a group of plain values.
func (w *gmlWords) values(name string) (line int, values map[string]string, err error) {
	line, values = w.line, make(map[string]string)
	err = w.group(name, func(key string, w *gmlWords) error {
		value, err := w.value(key)
		if err != nil {
			return err
		}
		if _, again := values[key]; again {
			return w.errorf(w.line, "%s: %s is given twice", name, key)
		}
		values[key] = value
		return nil
	})
	return line, values, err
}

// value reads a number or a text.
func (w *gmlWords) value(key string) (string, error) {
	word, err := w.next()
	if err == nil && (word == "[" || word == "]") {
		err = w.errorf(w.line, "%s: expected a value, not %s", key, word)
	}
	return strings.TrimPrefix(word, `"`), err
}

// skip passes over a value, however deep it is.
func (w *gmlWords) skip() error {
	for depth := 0; ; {
		word, err := w.next()
		if err != nil {
			return err
		}
		switch word {
		case "[":
			depth++
		case "]":
			depth--
		}
		if depth < 0 {
			return w.errorf(w.line, "a ] too many")
		}
		if depth == 0 {
			return nil
		}
	}
}
