package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestTheReportOfALoadIsRead(t *testing.T) {
	out := "Running 10s test @ http://127.0.0.1:4000\n  1 threads and 8 connections\nRequests/sec:  25.00\n" +
		`{"requests":250,"duration":10000000,"bytes":5,"failed":2,"p50":120,"p99":3400}` + "\n"
	r, err := parseRun([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	r.processor = 5 * time.Millisecond
	if r.rate() != 25 || r.cost() != 20 || r.P50 != 120 || r.P99 != 3400 || r.Failed != 2 {
		t.Errorf("read %+v: %v requests/s at %v µs", r, r.rate(), r.cost())
	}
	for _, wrong := range []string{"", "unable to connect", "{", `{"requests":0,"duration":5}`} {
		if r, err := parseRun([]byte(wrong)); err == nil {
			t.Errorf("%q is read as %+v", wrong, r)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, args := range []string{"-connections 8,x", "-connections 0", "-duration 10ms", "-pairs 0", "more", "-no"} {
		if o, err := parse(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s is taken as %+v", args, o)
		}
	}
	o, err := parse(strings.Fields("-connections 1,2 -duration 3s"), io.Discard)
	if err != nil || len(o.connections) != 2 || o.duration != 3*time.Second || o.pairs != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestOursIsBetterByWhatTheTableSays(t *testing.T) {
	var b strings.Builder
	writeRatio(&b,
		&run{Requests: 80, Duration: 1e6, P50: 1, P99: 2, processor: 80 * time.Microsecond, memory: 10},
		&run{Requests: 10, Duration: 1e6, P50: 3, P99: 8, processor: 90 * time.Microsecond, memory: 60})
	if got, want := strings.Join(strings.Fields(b.String()), " "), "better by 8.0x 3.0x 4.0x 9.0x 6.0x"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
