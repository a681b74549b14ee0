package result_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
)

func TestASampleIsSmallEvenOrderedAndAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 3000).Draw(t, "nodes")
		limit := rapid.IntRange(2, 1000).Draw(t, "limit")
		masters := rapid.IntRange(1, 100).Draw(t, "every how many is a master")
		run := &result.Run{Nodes: make([]result.Node, total)}
		rare := 0
		for i := range run.Nodes {
			run.Nodes[i].Index = i
			if i%masters == 0 {
				run.Nodes[i].Slaves = 3
				rare++
			}
		}
		run.Thin(limit)
		rows := run.Summary.Rows
		if rows.NodesTotal != total || rows.NodesWritten != len(run.Nodes) ||
			len(run.Nodes) > max(limit, 0) && total > limit {
			t.Fatalf("%+v for %d nodes, limit %d", rows, len(run.Nodes), limit)
		}
		sum, found := 0, 0
		for i := range run.Nodes {
			n := &run.Nodes[i]
			sum += n.Weight()
			if n.Slaves > 0 && n.Weight() == 1 {
				found++
			}
			if i > 0 && run.Nodes[i-1].Index >= n.Index {
				t.Fatal("out of order")
			}
		}
		if sum != total {
			t.Errorf("the rows stand for %d of %d nodes", sum, total)
		}
		if rare <= limit/2 && found != rare {
			t.Errorf("%d of %d masters kept", found, rare)
		}
		if total > 2*limit && rare <= limit/2 && len(run.Nodes) < limit/2 {
			t.Errorf("only %d rows of %d allowed", len(run.Nodes), limit)
		}
	})
}

func TestASampleReadsBackWithItsColumn(t *testing.T) {
	run := resulttest.Run(500, 1)
	before := slices.Clone(run.Nodes)
	run.Thin(100_000)
	if !reflect.DeepEqual(run.Nodes, before) {
		t.Error("a table below the limit was changed")
	}
	run.Thin(120)
	dir := filepath.Join(t.TempDir(), "run")
	if err := run.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{result.NodesFile, result.RequestsFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := bytes.Cut(text, []byte("\n"))
		if !bytes.HasSuffix(header, []byte(",stands_for")) {
			t.Errorf("%s begins with %s", name, header)
		}
	}
	got, err := result.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Nodes, run.Nodes) || !reflect.DeepEqual(got.Requests, run.Requests) {
		t.Error("the sample came back changed")
	}
	if len(result.ApproverLoad(got.Nodes)) == 0 || got.Summary.Rows.NodesTotal != 500 {
		t.Errorf("%d loads, %+v", len(result.ApproverLoad(got.Nodes)), got.Summary.Rows)
	}
}
