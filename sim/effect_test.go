package sim

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

// effects gives for each key of a scenario settings; the last one changes what a run of
// the base measures.
var effects = map[string][]string{
	"seed":                             {"seed=2"},
	"nodes":                            {"nodes=21"},
	"duration":                         {"duration=3m1s"},
	"sync_interval":                    {"sync_interval=12s"},
	"sample":                           {"sample=3s"},
	"registration":                     {"registration=original"},
	"sync":                             {"sync=manual"},
	"sync_order":                       {"sync=manual", "sync_order=19-0"},
	"sync_gap":                         {"sync=manual", "sync_gap=10ms"},
	"sync_noise":                       {"registration=original", "sync_noise=1%"},
	"join.times":                       {"join.mode=list join.times=[0s,1s]", "join.times=[0s,2s]"},
	"latency.model":                    {"latency.stddev=9ms", "latency.model=normal", "latency.model=lognormal"},
	"latency.mean":                     {"latency.mean=30ms"},
	"latency.min":                      {"latency.model=uniform", "latency.min=1ms", "latency.max=50ms", "latency.min=2ms"},
	"latency.max":                      {"latency.model=uniform", "latency.min=1ms", "latency.max=50ms", "latency.max=60ms"},
	"latency.stddev":                   {"latency.model=normal", "latency.stddev=9ms", "latency.stddev=10ms"},
	"latency.per":                      {"latency.model=uniform latency.min=5ms latency.max=50ms", "latency.per=pair"},
	"latency.scale":                    {"latency.model=weibull latency.scale=20ms latency.shape=1", "latency.scale=21ms"},
	"latency.shape":                    {"latency.model=weibull latency.scale=20ms latency.shape=1", "latency.shape=1.1"},
	"latency.jitter":                   {"latency.per=pair", "latency.jitter=1ms"},
	"latency.file":                     {"latency.model=king latency.file=testdata/king-a.txt", "latency.file=testdata/king-b.txt"},
	"latency.servers":                  {"latency.model=wonderproxy latency.file=testdata/pings.csv latency.servers=testdata/servers-a.csv", "latency.servers=testdata/servers-b.csv"},
	"latency.places":                   {"latency.model=planet", "latency.places.Tokyo=50% latency.places.London=50%"},
	"latency.access":                   {"latency.model=planet", "latency.access.cable=100%"},
	"join.mode":                        {"join.mode=spread join.over=30s"},
	"join.rate":                        {"join.mode=growth", "join.rate=50%", "join.rate=20%"},
	"join.initial":                     {"join.mode=growth", "join.rate=50%", "join.initial=5"},
	"join.over":                        {"join.mode=spread", "join.over=30s", "join.over=40s"},
	"join.bootstrap":                   {"join.bootstrap=3"},
	"levels":                           {"levels=2"},
	"node.server_timeout":              {"latency.mean=400ms", "node.server_timeout=700ms"},
	"node.ping_timeout":                {"latency.mean=400ms", "node.ping_timeout=700ms"},
	"node.server_max_fails":            {"latency.model=lognormal latency.mean=400ms latency.stddev=600ms", "node.server_max_fails=1"},
	"node.host_limits":                 {"addresses.nodes_per_ip.model=constant addresses.nodes_per_ip.mean=10", "node.host_limits=off"},
	"node.trusted":                     {"latency.model=lognormal latency.mean=400ms latency.stddev=600ms", "registration=original", "node.trusted=true"},
	"approval.approvers":               {"approval.approvers=3"},
	"approval.decision_level":          {"approval.decision_level=9"},
	"approval.period":                  {"approval.period=10s"},
	"approval.draw":                    {"approval.draw=host"},
	"approval.per":                     {"approval.draw=host approval.group=ip", "approval.per=client"},
	"approval.salt":                    {"approval.draw=host approval.group=ip", "approval.salt=network"},
	"approval.min_age":                 {"approval.draw=host approval.group=ip approval.period=10s", "approval.min_age=10m"},
	"approval.group":                   {"approval.draw=host approval.group=ip", "approval.group=address"},
	"workload.searches.count":          {"workload.searches.count=6"},
	"workload.searches.start":          {"workload.searches.start=101s"},
	"workload.searches.over":           {"workload.searches.over=9s"},
	"workload.approvals.count":         {"workload.approvals.count=6"},
	"workload.approvals.start":         {"workload.approvals.start=121s"},
	"workload.approvals.over":          {"workload.approvals.over=9s"},
	"workload.approvals.entries":       {"workload.approvals.entries=2"},
	"workload.arrivals":                {"workload.arrivals=poisson"},
	"workload.entry":                   {"workload.entry=#3"},
	"workload.exponent":                {"workload.entry=zipf", "workload.exponent=3"},
	"workload.ips":                     {"workload.approvals.count=120", "workload.ips=1"},
	"workload.retries":                 {"workload.entry=#9-19 join.mode=spread join.over=170s", "workload.retries=2"},
	"workload.timeout":                 {"latency.mean=400ms", "workload.timeout=1s"},
	"workload.searches.rate":           {"workload.searches.rate=1"},
	"workload.searches.times":          {"workload.searches.times=testdata/times.csv"},
	"workload.approvals.rate":          {"workload.approvals.rate=1"},
	"workload.approvals.times":         {"workload.approvals.times=testdata/times.csv"},
	"measure":                          {"measure=104s"},
	"expect":                           {"expect.convergence.registered=>1"},
	"addresses.nodes_per_ip.model":     {"addresses.nodes_per_ip.model=constant addresses.nodes_per_ip.mean=2"},
	"addresses.nodes_per_ip.mean":      {"addresses.nodes_per_ip.model=constant", "addresses.nodes_per_ip.mean=2", "addresses.nodes_per_ip.mean=5"},
	"addresses.nodes_per_ip.min":       {"addresses.nodes_per_ip.model=uniform", "addresses.nodes_per_ip.max=5", "addresses.nodes_per_ip.min=1", "addresses.nodes_per_ip.min=4"},
	"addresses.nodes_per_ip.max":       {"addresses.nodes_per_ip.model=pareto", "addresses.nodes_per_ip.max=2", "addresses.nodes_per_ip.max=20"},
	"addresses.nodes_per_prefix.model": {"addresses.nodes_per_prefix.max=9", "addresses.nodes_per_prefix.model=pareto", "addresses.nodes_per_prefix.mean=3 addresses.nodes_per_prefix.model=geometric"},
	"addresses.nodes_per_prefix.mean":  {"addresses.nodes_per_prefix.model=constant", "addresses.nodes_per_prefix.mean=2", "addresses.nodes_per_prefix.mean=3"},
	"addresses.nodes_per_prefix.min":   {"addresses.nodes_per_prefix.model=uniform", "addresses.nodes_per_prefix.max=5", "addresses.nodes_per_prefix.min=1", "addresses.nodes_per_prefix.min=4"},
	"addresses.nodes_per_prefix.max":   {"addresses.nodes_per_prefix.model=pareto", "addresses.nodes_per_prefix.max=2", "addresses.nodes_per_prefix.max=20"},
	"network.up":                       {"network.up=100kbit/s"},
	"network.down":                     {"network.down=100kbit/s"},
	"network.loss":                     {"network.loss=5%"},
	"network.datagram":                 {"network.loss=5%", "network.datagram=true"},
	"network.rto":                      {"network.loss=5%", "network.rto=200ms"},
	"network.connection":               {"network.connection=reuse", "network.connection=each"},
	"network.tls":                      {"network.connection=each", "network.tls=true"},
	"network.service":                  {"network.service=2ms"},
	"network.service_model":            {"network.service=2ms", "network.service_model=exponential"},
	"network.queue":                    {"network.service=20ms", "network.queue=1"},
	"join.at":                          {"join.mode=flash join.at=30s", "join.at=40s"},
	"join.per_second":                  {"join.mode=rate", "join.per_second=1", "join.per_second=2"},
	"churn.preset":                     {"churn.preset=bittorrent-debian", "churn.preset=bittorrent-flatout"},
	"churn.trace":                      {"churn.trace=testdata/trace-a.csv", "churn.trace=testdata/trace-b.csv"},
	"churn.start":                      {"churn.session.model=exponential churn.session.mean=2m", "churn.start=1m"},
	"churn.session.model":              {"churn.session.mean=2m churn.session.shape=1", "churn.session.model=weibull", "churn.session.model=lognormal"},
	"churn.session.mean":               {"churn.session.model=exponential", "churn.session.mean=2m", "churn.session.mean=3m"},
	"churn.session.median":             {"churn.session.model=exponential", "churn.session.median=2m", "churn.session.median=3m"},
	"churn.session.scale":              {"churn.session.model=pareto churn.session.shape=2", "churn.session.scale=1m", "churn.session.scale=2m"},
	"churn.session.shape":              {"churn.session.model=weibull churn.session.scale=2m", "churn.session.shape=1", "churn.session.shape=2"},
	"churn.absence.model":              {"churn.session.model=exponential churn.session.mean=2m churn.absence.mean=1m churn.absence.shape=2", "churn.absence.model=weibull", "churn.absence.model=lognormal"},
	"churn.absence.mean":               {"churn.session.model=exponential churn.session.mean=2m churn.absence.model=exponential", "churn.absence.mean=1m", "churn.absence.mean=2m"},
	"churn.absence.median":             {"churn.session.model=exponential churn.session.mean=2m churn.absence.model=exponential", "churn.absence.median=1m", "churn.absence.median=2m"},
	"churn.absence.scale":              {"churn.session.model=exponential churn.session.mean=2m churn.absence.model=pareto churn.absence.shape=2", "churn.absence.scale=1m", "churn.absence.scale=2m"},
	"churn.absence.shape":              {"churn.session.model=exponential churn.session.mean=2m churn.absence.model=weibull churn.absence.scale=1m", "churn.absence.shape=1", "churn.absence.shape=2"},
	"churn.crash":                      {"churn.session.model=exponential churn.session.mean=2m", "churn.crash=100%"},
	"churn.memory":                     {"churn.session.model=exponential churn.session.mean=1m churn.absence.model=exponential churn.absence.mean=30s", "churn.memory=0%"},
	"churn.new_ip":                     {"churn.session.model=exponential churn.session.mean=1m churn.absence.model=exponential churn.absence.mean=30s", "churn.new_ip=50%"},
	"churn.notice":                     {"churn.session.model=exponential churn.session.mean=2m churn.crash=0%", "churn.notice=30s"},

	"leave.at":     {"leave.rate=10%", "leave.at=1m", "leave.at=2m"},
	"leave.rate":   {"leave.at=1m", "leave.rate=5%", "leave.rate=10%"},
	"leave.to":     {"leave.at=1m leave.rate=10%", "leave.to=15"},
	"leave.notice": {"leave.at=1m leave.rate=10%", "leave.notice=0s"},
	"node.fan_out": {"levels=auto", "node.fan_out=4"},

	"faults.*.at":     {`faults=[{"at":1m,"do":crash,"on":30%}]`, `faults=[{"at":2m,"do":crash,"on":30%}]`},
	"faults.*.do":     {`faults=[{"at":1m,"do":crash,"on":30%}]`, `faults=[{"at":1m,"do":hold,"on":30%}]`},
	"faults.*.on":     {`faults=[{"at":1m,"do":crash,"on":30%}]`, `faults=[{"at":1m,"do":crash,"on":40%}]`},
	"faults.*.for":    {`faults=[{"at":1m,"do":partition,"on":30%}]`, `faults=[{"at":1m,"do":partition,"on":30%,"for":1m}]`},
	"faults.*.by":     {`faults=[{"at":1m,"do":slow,"on":30%,"by":1s}]`, `faults=[{"at":1m,"do":slow,"on":30%,"by":900ms}]`},
	"faults.*.share":  {`faults=[{"at":1m,"do":loss,"share":9%}]`, `faults=[{"at":1m,"do":loss,"share":5%}]`},
	"faults.*.silent": {`faults=[{"at":1m,"do":crash,"on":30%}]`, `faults=[{"at":1m,"do":crash,"on":30%,"silent":false}]`},
	"faults.*.memory": {`faults=[{"at":1m,"do":bounce,"on":30%}]`, `faults=[{"at":1m,"do":bounce,"on":30%,"memory":false}]`},

	"preload.documents":        {"preload.documents=20", "preload.documents=30"},
	"preload.files":            {"preload.files=20", "preload.files=30"},
	"preload.at":               {"preload.files=20", "preload.at=100s"},
	"extensions.copies":        {"preload.files=20", "extensions.copies=4"},
	"extensions.acks":          {"workload.files.rate=2 workload.files.reads=0% extensions.disk.rate=10Mbit/s", "extensions.acks=3"},
	"extensions.repair":        {`preload.documents=200 faults=[{"at":90s,"do":crash,"on":30%}]`, "extensions.repair=none"},
	"extensions.repair_rate":   {`preload.documents=200 faults=[{"at":90s,"do":crash,"on":30%}]`, "extensions.repair_rate=100B"},
	"extensions.lookup":        {"preload.files=20 workload.files.rate=1", "extensions.lookup=all"},
	"extensions.disk.rate":     {"workload.files.rate=2 workload.files.reads=0%", "extensions.disk.rate=10Mbit/s"},
	"extensions.disk.seek":     {"workload.files.rate=2 workload.files.reads=0%", "extensions.disk.seek=50ms"},
	"extensions.liars":         {"workload.files.rate=2 workload.files.reads=0% extensions.disk.capacity=20MB", "extensions.liars=5"},
	"extensions.disk.capacity": {"workload.files.rate=2 workload.files.reads=0%", "extensions.disk.capacity=5MB"},

	"attacks.*.at":         {`attacks=[{"at":1m,"lie":sizes,"on":30%}]`, `attacks=[{"at":2m,"lie":sizes,"on":30%}]`},
	"attacks.*.lie":        {`attacks=[{"at":1m,"lie":sizes,"on":30%}]`, `attacks=[{"at":1m,"lie":denies,"on":30%}]`},
	"attacks.*.on":         {`attacks=[{"at":1m,"lie":sizes,"on":30%}]`, `attacks=[{"at":1m,"lie":sizes,"on":20%}]`},
	"attacks.*.identities": {`attacks=[{"at":1m,"lie":ports,"identities":3}]`, `attacks=[{"at":1m,"lie":ports,"identities":4}]`},
	"attacks.*.ips":        {`node.host_limits=off`, `attacks=[{"at":1m,"lie":grinds,"ips":1,"ports":9}]`, `attacks=[{"at":1m,"lie":grinds,"ips":2,"ports":9}]`},
	"attacks.*.ports":      {`node.host_limits=off`, `attacks=[{"at":1m,"lie":grinds,"ips":1,"ports":9}]`, `attacks=[{"at":1m,"lie":grinds,"ips":1,"ports":5}]`},
	"attacks.*.for":        {`attacks=[{"at":1m,"lie":silent,"on":30%}]`, `attacks=[{"at":1m,"lie":silent,"on":30%,"for":30s}]`},
}

// classEffects are those of the keys of each class.
var classEffects = map[string][]string{
	"share":   {"share=50%", "share=60%"},
	"up":      {"share=50%", "up=100kbit/s"},
	"down":    {"share=50%", "down=100kbit/s"},
	"delay":   {"share=50%", "delay=70ms"},
	"loss":    {"share=50%", "loss=5%"},
	"service": {"share=50%", "service=3ms"},
	"queue":   {"share=50%", "service=30ms", "queue=1"},
	"nat":     {"share=50%", "nat=true"},
}

// storeEffects are those of what clients do with each store.
var storeEffects = map[string][]string{
	"rate":       {"rate=1", "rate=2"},
	"reads":      {"rate=1", "reads=50%"},
	"start":      {"rate=1", "start=100s"},
	"over":       {"rate=1", "over=30s"},
	"keys":       {"rate=1", "keys=500"},
	"exponent":   {"rate=1 reads=50%", "exponent=3"},
	"size":       {"rate=1 reads=50%", "size=20kB"},
	"size_model": {"rate=1 reads=50%", "size_model=exponential"},
}

// named are the keys that say what a run is called, and which runs there are, not what
// happens in one.
var named = []string{"name", "description", "sweep", "repeat"}

const effectBase = `
name: base
nodes: 20
duration: 3m
workload: {searches: {count: 5, start: 100s, over: 8s}, approvals: {count: 5, start: 120s, over: 8s}}
`

// measured runs the base with the sets and returns all that was measured, as text.
func measured(t *testing.T, sets []string) string {
	t.Helper()
	base := effectBase
	for _, series := range []string{"searches", "approvals"} { // a rate or a file takes the place of the count
		if joined := strings.Join(sets, " "); strings.Contains(joined, series+".rate") || strings.Contains(joined, series+".times") {
			base = regexp.MustCompile(series+`: \{[^}]*\}`).ReplaceAllString(base, series+": {}")
		}
	}
	s, err := scenario.Parse("base.yaml", []byte(base), strings.Fields(strings.Join(sets, " ")))
	if err != nil {
		t.Fatalf("%v: %v", sets, err)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatalf("%v: %v", sets, err)
	}
	defer w.net.Close()
	m := newMeter(w)
	if err := w.live(m, Options{}); err != nil {
		t.Fatalf("%v: %v", sets, err)
	}
	run := w.results(m)
	suspicions := 0 // that could lead to bans
	for i := range s.Nodes {
		suspicions += len(w.node(i).State().Scores)
	}
	run.Scenario, run.Summary.Scenario.Hash = nil, ""
	run.Summary.Scenario.Seed, run.Summary.Scenario.Nodes = 0, 0
	text, err := json.Marshal(map[string]any{"run": run, "suspicions": suspicions})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryKeyHasAnEffect: a key that changes nothing is none. A new key needs a line
// above.
func TestEveryKeyHasAnEffect(t *testing.T) {
	keys := keysBelow("", reflect.TypeFor[scenario.Scenario]())
	effects := maps.Clone(effects)
	for f := range reflect.TypeFor[scenario.Classes]().Fields() {
		for key, sets := range classEffects {
			path := "classes." + f.Tag.Get("yaml") + "."
			var full []string
			for _, set := range sets {
				full = append(full, path+set)
			}
			effects[path+key] = full
		}
	}
	for _, store := range []string{"documents", "files"} {
		for key, sets := range storeEffects {
			full := []string{"preload." + store + "=20"}
			for _, set := range sets {
				for _, one := range strings.Fields(set) {
					full = append(full, "workload."+store+"."+one)
				}
			}
			effects["workload."+store+"."+key] = full
		}
	}
	if known := slices.Sorted(maps.Keys(effects)); !slices.Equal(slices.Sorted(slices.Values(keys)), slices.Sorted(slices.Values(append(known, named...)))) {
		t.Errorf("the table of effects names %v, the scenarios know %v", known, keys)
	}
	for _, key := range slices.Sorted(maps.Keys(effects)) {
		sets := effects[key]
		last := len(sets) - 1
		if measured(t, sets[:last]) == measured(t, sets) {
			t.Errorf("%s: %s changes nothing", key, sets[last])
		}
	}
}

// keysBelow lists the dotted paths of all keys that hold a value. Items of lists of groups
// are all called *.
func keysBelow(path string, t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		switch {
		case key == "":
		case f.Type.Kind() == reflect.Struct:
			keys = append(keys, keysBelow(path+key+".", f.Type)...)
		case slices.Contains([]string{"faults", "attacks"}, key):
			keys = append(keys, keysBelow(path+key+".*.", f.Type.Elem())...)
		default:
			keys = append(keys, path+key)
		}
	}
	return keys
}
