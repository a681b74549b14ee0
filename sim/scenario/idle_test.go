package scenario_test

import (
	"path/filepath"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

const hundred = "name: t\nnodes: 100\nduration: 160s\n"

// stored is a case with documents of which clients read and write some.
const stored = "preload: {documents: 100, at: 80s}\nworkload: {documents: {rate: 3, start: 100s}}\n"

// What has no meaning beside the rest, or is never measured, is an error at its line.
func TestWhatDoesNothingIsRefused(t *testing.T) {
	const kept = "preload: {files: 50}\nworkload: {files: {"
	for _, c := range []struct{ text, want string }{
		{`expect: {documents.reads: "== 1"}`, "4:27: expect.documents.reads: is never measured, because nodes have no store of documents (preload.documents or workload.documents.rate)"},
		{`expect: {files.availability: "== 1"}`, "4:30: expect.files.availability: is never measured, because nodes have no store of files"},
		{"preload: {files: 5}\n" + `expect: {documents.whole: "== 1"}`, "expect.documents.whole: is never measured"},
		{stored + `expect: {files.whole: "== 1"}`, "expect.files.whole: is never measured"},
		{"preload: {documents: 5}\n" + `expect: {documents.read_ms.p50: "< 1"}`, "expect.documents.read_ms.p50: is never measured, because clients read no documents"},
		{"workload: {files: {rate: 1, reads: 100%}}\n" + `expect: {files.write_ms.max: "< 1"}`, "because clients write no files"},
		{"workload: {files: {rate: 1}}\n" + `expect: {files.stale: "< 1"}`, "because a file does not change"},
		{stored + "extensions: {disk: {seek: 1s}}", "6:27: extensions.disk.seek: has no meaning without files: give preload.files or workload.files.rate"},
		{stored + "extensions: {disk: {rate: 1Mbit/s}}", "extensions.disk.rate: has no meaning without files"},
		{stored + "extensions: {disk: {capacity: 1GB}}", "extensions.disk.capacity: has no meaning without files"},
		{stored + "extensions: {liars: 1}", "extensions.liars: has no meaning without files"},
		{"sync_interval: 40s\npreload: {documents: 50}", "5:22: preload: 4 sync intervals after the last node has joined it is 2m40s or later, not before the end of the run at 2m40s; give preload.at"},
		{"join: {mode: spread, over: 96s}\npreload: {files: 50}", "preload: 4 sync intervals"},
		{"join: {mode: flash, at: 90s, over: 6s}\npreload: {files: 50}", "preload: 4 sync intervals"},
		{"join: {mode: list, times: [0s, 96s]}\npreload: {files: 50}", "preload: 4 sync intervals"},
		{"preload: {files: 50, at: 0s}", "4:26: preload.at: expected more than 0s"},
		{stored + "extensions: {repair: none, repair_rate: 1B}", "extensions.repair_rate: has no meaning with extensions.repair none"},
		{kept + "keys: 60}}", "workload.files.keys: has no meaning without workload.files.rate"},
		{kept + "start: 100s}}", "5:27: workload.files.start: has no meaning without workload.files.rate: clients ask for no files"},
		{kept + "over: 10s}}", "workload.files.over: has no meaning without"},
		{kept + "reads: 50%}}", "workload.files.reads: has no meaning without"},
		{kept + "exponent: 1}}", "workload.files.exponent: has no meaning without"},
		{"workload: {documents: {rate: 0}}", "4:30: workload.documents.rate: expected a number of operations a second from 0.000001 to 1000000, not 0"},
		{"workload: {documents: {size: 1kB}}", "workload.documents: has no meaning without a rate, or preload.documents"},
		{"leave: {at: 159999ms, rate: 5%}", "leave.at: the first node leaves at 2m43.199s, not before the end of the run at 2m40s"},
		{"measure: 150s\nworkload: {searches: {count: 5, start: 100s}}\n" + `expect: {search.complete: "> 0"}`, "expect.search.complete: is never measured, because all requests begin before measure, 150s"},
	} {
		_, err := scenario.Parse("f.yaml", []byte(hundred+c.text), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}

// What may be meant in a sweep, or in another scenario, is warned of.
func TestWhatDoesNothingIsWarnedOf(t *testing.T) {
	const busy = "preload: {documents: 100, at: 80s}\nworkload: {documents: {rate: 50, start: 100s, over: 50s}}\n"
	for _, c := range []struct{ text, want string }{
		{stored, ""},
		{stored + "extensions: {acks: 1}", ""},
		{"network: {service: 20ms}\n" + busy, "4:20: network.service: a master gets up to 51.2 requests a second, one of each operation with documents and files, and serves one in 20ms: a load of 1.02"},
		{"network: {service: 19ms}\n" + busy, ""},
		{"network: {service: 20ms, queue: 10}\n" + busy, ""},
		{"network: {service: 100ms}", "network.service: 99 newcomers register at once at a node that all know (join.bootstrap): the last wait 9.9s there, and a node waits 2s"},
		{"network: {service: 100ms, queue: 10}", ""},
		{"network: {service: 100ms}\njoin: {bootstrap: 5}", ""},
		{"network: {service: 100ms}\njoin: {mode: spread, over: 7s}", "99 newcomers register within 7s at a node"},
		{"network: {service: 100ms}\njoin: {mode: spread, over: 8s}", ""},
		{"network: {service: 100ms}\njoin: {mode: flash, at: 50s, over: 1s}", "90 newcomers register within 1s at a node"},
		{"preload: {documents: 50, at: 100s}\nworkload: {documents: {rate: 5, start: 10s, over: 50s, reads: 100%}}", "5:40: workload.documents.start: clients read from 10s on, and what is preloaded is there from 1m40s on: before, they do not find it"},
		{"preload: {files: 50}\nworkload: {files: {rate: 5, start: 60s}}", "and what is preloaded is there from 1m4s on"},
		{"preload: {files: 50}\nworkload: {files: {rate: 5, start: 64s}}", ""},
		{"preload: {files: 50, at: 100s}\nworkload: {files: {rate: 5, start: 60s, reads: 0%}}", ""},
		{"workload: {files: {rate: 5, reads: 100%}}", "workload.files.reads: clients only read, and nothing is preloaded: they find nothing (preload.files)"},
		{"workload: {files: {rate: 5, start: 160s}}", "workload.files.rate: clients begin at 2m40s, and the run ends at 2m40s: they do nothing"},
		{"sync_interval: 40s\nworkload: {files: {rate: 5}}", "clients begin at 2m40s, and the run ends at 2m40s"},
		{"measure: 150s\nworkload: {searches: {count: 5, start: 100s, over: 20s}}", "4:10: measure: the last of workload.searches begins at 1m56s: none counts"},
		{"measure: 116s\nworkload: {searches: {count: 5, start: 100s, over: 20s}}", ""},
		{"measure: 150s\nworkload: {approvals: {count: 5, start: 100s}}", "measure: the last of workload.approvals begins at"},
		{"network: {loss: 0%, rto: 20s}", "4:26: network.rto: has no effect: no message is lost"},
		{"network: {loss: 0%, datagram: true}", "network.datagram: has no effect: no message is lost"},
		{"network: {loss: 0%}", ""},
		{"network: {loss: 0%, rto: 20s}\nclasses: {laggy: {share: 5%}}", ""},
		{"network: {loss: 0%, rto: 20s}\nfaults: [{at: 60s, do: loss, share: 5%}]", ""},
		{"join: {mode: flash, initial: 100, at: 60s}", "4:30: join.initial: all 100 nodes are there from the start: mode flash has no effect"},
		{"join: {mode: growth, initial: 100, rate: 50%}", "all 100 nodes are there from the start: mode growth has no effect"},
		{"join: {mode: flash, initial: 99, at: 60s}", ""},
		{"leave: {at: 5s, rate: 50%, to: 100}", "leave.to: all 100 nodes stay: leave has no effect"},
		{"leave: {at: 5s, rate: 50%, to: 99}", ""},
		{"preload: {documents: 5}\nextensions: {acks: 1}\nworkload: {documents: {rate: 1, reads: 100%}}", "extensions.acks: has no effect: clients write nothing"},
		{"workload: {entry: \"#3\", documents: {rate: 3}}", "workload.entry: has no effect: it is about searches and approvals, and there are none"},
	} {
		s, err := scenario.Parse("f.yaml", []byte(hundred+c.text), nil)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := s.Warnings()
		if len(got) != min(1, len(c.want)) || c.want != "" && !strings.Contains(got[0], c.want) {
			t.Errorf("%s\ngot  %q\nwant %s", c.text, got, c.want)
		}
	}
}

// What a file says can take the meaning of a key away, too.
func TestKeysThatAFileLeavesNothingToAreFound(t *testing.T) {
	const up, down, back = "20,6,up\n", "20,6,down\n", "20,6,down\n30,6,up\n"
	const noLeave, noReturn = "in which no node leaves before the end of the run at 2m40s", "in which no node that leaves comes back before the end"
	for _, c := range []struct{ keys, trace, want string }{
		{"crash: 100%", up, "churn.crash: has no meaning with this churn.trace, t.csv, " + noLeave},
		{"notice: 9s", up, noLeave},
		{"memory: 0%", up, noLeave},
		{"memory: 0%", down, "churn.memory: has no meaning with this churn.trace, t.csv, " + noReturn},
		{"new_ip: 100%", down, noReturn},
		{"new_ip: 100%", down + "200,6,up\n", noReturn},
		{"new_ip: 100%", "0,6,down\n30,6,up\n", noLeave},
		{"crash: 100%, memory: 0%, new_ip: 100%", back, ""},
		{"crash: 50%, memory: 100%", up, ""}, // the defaults, as the record of a run has them
	} {
		dir := write(t, map[string]string{"f.yaml": hundred + "churn: {trace: t.csv, " + c.keys + "}\n", "t.csv": c.trace})
		_, err := scenario.Load(filepath.Join(dir, "f.yaml"), nil)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), "f.yaml:4:") || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %q: %v", c.keys, c.trace, err)
		}
	}
	for text, want := range map[string]int{"searches: {times: times}": 1, "searches: {times: times}, approvals: {count: 5, start: 100s}": 0} {
		dir := write(t, map[string]string{"f.yaml": hundred + "workload: {arrivals: poisson, " + text + "}\n", "times": "100s\n"})
		if got := load(t, filepath.Join(dir, "f.yaml")).Warnings(); len(got) != want || want > 0 && !strings.Contains(got[0], "4:22: workload.arrivals: has no effect: a file says when requests come") {
			t.Errorf("%s: %q", text, got)
		}
	}
}
