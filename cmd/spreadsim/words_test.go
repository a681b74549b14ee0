package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"spreadable/cmd/internal/command"
	"spreadable/sim"
)

func TestFlagsStandOnBothSidesOfTheFiles(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"spreadsim", "spreadsim"},
		{"spreadsim --version", "spreadsim --version"},
		{"spreadsim list", "spreadsim list --"},
		{"spreadsim run a.yaml --seed 7", "spreadsim run --seed 7 -- a.yaml"},
		{"spreadsim run --seed 7 a.yaml", "spreadsim run --seed 7 -- a.yaml"},
		{"spreadsim run a.yaml --seed=7 b.yaml --json", "spreadsim run --seed=7 --json -- a.yaml b.yaml"},
		{"spreadsim run --set nodes=5 a.yaml -set seed=-1 b.yaml", "spreadsim run --set nodes=5 -set seed=-1 -- a.yaml b.yaml"},
		{"spreadsim run -- --seed", "spreadsim run -- --seed"},
		{"spreadsim run - --quiet", "spreadsim run --quiet -- -"},
		{"spreadsim run a.yaml --unknown b.yaml", "spreadsim run --unknown -- a.yaml b.yaml"},
		{"spreadsim run a.yaml --seed", "spreadsim run --seed"},
		{"spreadsim run a.yaml --seed 7 -h", "spreadsim run -h"},
		{"spreadsim rnu a --b", "spreadsim rnu a --b"},
	} {
		got := command.FlagsFirst(newApp(io.Discard, io.Discard, canned), strings.Fields(c.in))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.in, strings.Join(got, " "), c.want)
		}
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(1234567), "1,234,567"}, {count(-1234), "-1,234"},
		{amount(950), "950"}, {amount(9999), "9,999"}, {amount(12345), "12.35k"}, {amount(4.561e6), "4.56M"}, {amount(2e9), "2G"},
		{size(0), "0 B"}, {size(999), "999 B"}, {size(4512), "4.51 kB"}, {size(3.2e8), "320 MB"}, {size(5e12), "5,000 GB"},
		{decimal(3), "3"}, {decimal(2.966), "2.97"}, {decimal(100), "100"}, {decimal(12345.6), "12,346"}, {decimal(-1.5), "-1.5"},
		{percent(1), "100%"}, {percent(0.99996), "99.99%"}, {percent(0), "0%"}, {percent(0.29), "29%"}, {percent(0.125), "12.5%"},
		{short(76500 * time.Millisecond), "1m17s"}, {short(320 * time.Second), "5m20s"}, {short(300 * time.Second), "5m"},
		{short(2 * time.Hour), "2h"}, {short(1500 * time.Microsecond), "1.5ms"}, {short(0), "0s"},
		{maybe(nil, four), "not measured"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestTheProgressLineTellsHowFarHowFastAndHowLong(t *testing.T) {
	got := progressLine("quickstart", sim.Progress{Virtual: 40 * time.Second, Total: 160 * time.Second, Events: 2_500_000}, 2*time.Second)
	want := "quickstart   25%  40s of 2m40s  1.25M events/s  6s left"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := progressLine("start", sim.Progress{Total: time.Minute}, 0); got != "start    0%  0s of 1m" {
		t.Errorf("at the start: %s", got)
	}
	long := progressLine(strings.Repeat("n", 64), sim.Progress{Virtual: 364 * 24 * time.Hour, Total: 365 * 24 * time.Hour, Events: 1e15}, time.Hour*100)
	if len(long) > 100 {
		t.Errorf("%d columns: %s", len(long), long)
	}
}

func TestMemoryIsForetold(t *testing.T) {
	for _, c := range []struct {
		expected, available int64
		watched             bool
		want                string
	}{
		{500e6, 2e9, false, ""},
		{500e6, 2e9, true, "spreadsim: net: about 500 MB of memory expected\n"},
		{4.16e9, 20e9, false, "spreadsim: net: about 4.2 GB of memory expected\n"},
		{4.16e9, 0, false, "spreadsim: net: about 4.2 GB of memory expected\n"},
		{4.16e9, 2.04e9, false, "spreadsim: warning: net: about 4.2 GB of memory expected, only 2 GB available; fewer nodes (--set nodes=N) take less\n"},
	} {
		var out strings.Builder
		forecast(&out, "net", c.expected, c.available, c.watched)
		if out.String() != c.want {
			t.Errorf("%+v: %q", c, out.String())
		}
	}
}
