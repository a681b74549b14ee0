package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a node of either store that keeps documents in memory; it loses every tenth add.
func fake(t *testing.T, d dialect) string {
	var mu sync.Mutex
	kept := make(map[string]bool)
	adds := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Document     struct{ ID string }
			Key, PkValue string
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		id := q.Key + q.PkValue
		var answer any
		switch strings.TrimPrefix(r.URL.Path, "/client/") {
		case d.paths[add]:
			if adds++; adds%10 == 0 {
				http.Error(w, "{}", http.StatusUnprocessableEntity)
				return
			}
			kept[q.Document.ID] = true
			answer = map[string]any{"document": q.Document, "written": map[string]string{"key": q.Document.ID}}
		case d.paths[get]:
			if kept[id] {
				answer = map[string]any{"document": map[string]any{"id": id, "document": map[string]string{"id": id}}}
			}
		}
		_ = json.NewEncoder(w).Encode(answer) // a client that is gone needs no answer
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestALoadCountsWhatIsDone(t *testing.T) {
	o := &options{nodes: 1, entries: 1, keys: 5, size: 20, duration: 100 * time.Millisecond}
	for _, d := range []dialect{own, metastocle} {
		s := &store{dialect: d, addresses: []string{fake(t, d)}}
		if err := s.fill(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		added := s.load(context.Background(), add, 3, o)
		if added.failed == 0 || len(added.times) < 5*added.failed || added.last == nil {
			t.Errorf("%d added, %d failed", len(added.times), added.failed)
		}
		if want := 5 + len(added.times); s.written != want || s.next != want+added.failed {
			t.Errorf("%d of %d written, want %d", s.written, s.next, want)
		}
		if got := s.load(context.Background(), get, 1, o); got.failed > 0 || len(got.times) == 0 || got.rate() <= 0 {
			t.Errorf("%d read, %d failed: %v", len(got.times), got.failed, got.last)
		}
		o.keys = s.next + 1000 // most are not there
		if got := s.load(context.Background(), get, 1, o); got.failed == 0 {
			t.Error("documents are read that are not there")
		}
		o.keys = 5
	}
}

func TestQuantilesAndRatios(t *testing.T) {
	r := &run{took: 2 * time.Second, processor: 400 * time.Millisecond}
	for i := range 100 {
		r.times = append(r.times, time.Duration(i+1)*time.Millisecond)
	}
	var b strings.Builder
	r.write(&b, get, 16, "Go")
	writeRatios(&b, []float64{7, 5, 6})
	got := strings.Join(strings.Fields(b.String()), " ")
	if want := "get 16 Go 50 51.00 ms 100.00 ms 4.00 ms 0 ratio 6.0x 5.0x to 7.0x"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, args := range []string{
		"-clients 8,x", "-clients 0", "-duration 10ms", "-pairs 0", "more", "-no", "-copies 10", "-entries 10", "-remember 0", "-lookup none", "-nodes 1",
	} {
		if o, err := parse(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s is taken as %+v", args, o)
		}
	}
	o, err := parse(strings.Fields("-clients 1,2 -duration 3s -nodes 4"), io.Discard)
	if err != nil || len(o.clients) != 2 || o.duration != 3*time.Second || o.entries != 4 {
		t.Errorf("%+v, %v", o, err)
	}
}
