package result

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Paths lists the dotted path of every number that a summary can hold, in the order of
// the file. The elements of lists and the counts of errors, which a type does not know,
// are left out; [Known] accepts them.
func Paths() []string {
	return numberPaths(nil, "", reflect.TypeFor[Summary]())
}

func numberPaths(paths []string, prefix string, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isNumber(t.Kind()) {
		return append(paths, prefix)
	}
	if t.Kind() != reflect.Struct {
		return paths
	}
	for i := range t.NumField() {
		paths = numberPaths(paths, join(prefix, jsonName(t.Field(i))), t.Field(i).Type)
	}
	return paths
}

// Known reports whether path names a number that some summary can hold. Places in lists
// are counted from 0: structure.levels.0.masters. Errors are named:
// search.errors.REQUEST_TIMEDOUT.
func Known(path string) bool {
	t := reflect.TypeFor[Summary]()
	for _, name := range strings.Split(path, ".") {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Struct:
			f, ok := fieldByJSON(t, name)
			if !ok {
				return false
			}
			t = f.Type
		case reflect.Slice:
			if _, ok := place(name); !ok {
				return false
			}
			t = t.Elem()
		case reflect.Map:
			if !errorName.MatchString(name) {
				return false
			}
			t = t.Elem()
		default:
			return false
		}
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return isNumber(t.Kind())
}

// errorName is the shape of the names of errors. Only a run knows which there are.
var errorName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// Value returns the number at a dotted path. It is false when the path names no number
// and when the number, or the section around it, is null; [Summary.Absent] tells why.
func (s *Summary) Value(path string) (float64, bool) {
	v, at := s.walk(path)
	if at != "" {
		return 0, false
	}
	switch {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanUint():
		return float64(v.Uint()), true
	case v.CanFloat() && !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0):
		return v.Float(), true
	}
	return 0, false
}

// Number is a number of a summary.
type Number struct {
	Path  string
	Value float64
}

// Numbers lists all numbers that the summary holds, those in lists and the counts of
// errors included, in the order of the file.
func (s *Summary) Numbers() []Number { return numbers(nil, "", reflect.ValueOf(s).Elem()) }

func numbers(list []Number, path string, v reflect.Value) []Number {
	switch {
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			list = numbers(list, path, v.Elem())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			list = numbers(list, join(path, jsonName(v.Type().Field(i))), v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			list = numbers(list, join(path, strconv.Itoa(i)), v.Index(i))
		}
	case v.Kind() == reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int {
			return strings.Compare(a.String(), b.String())
		}) {
			list = numbers(list, join(path, key.String()), v.MapIndex(key))
		}
	case v.CanInt():
		list = append(list, Number{path, float64(v.Int())})
	case v.CanUint():
		list = append(list, Number{path, float64(v.Uint())})
	case v.CanFloat() && !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0):
		list = append(list, Number{path, v.Float()})
	}
	return list
}

// reasons say why a part of the summary is null, by its path.
var reasons = map[string]string{
	"convergence.registered":      "no node was left at the end",
	"convergence.exact_size":      "no node was left at the end",
	"convergence.coverage":        "no node was left at the end",
	"convergence.time_s":          "the network had not settled at the end",
	"convergence.rounds":          "the network had not settled at the end",
	"engine.peak_rss_bytes":       "the operating system does not tell",
	"structure.slaves_per_master": "there is no master",
	"sync.bytes_per_master_round": "there is no master",
	"search":                      "no searches were run after the warm-up",
	"search.coverage":             "no search had ended",
	"search.partial_coverage":     "no search was partial",
	"search.hops":                 "no search was complete or partial",
	"search.latency_ms":           "no search was complete",
	"search.partial_latency_ms":   "no search was partial",
	"search.failed_latency_ms":    "no search ended in failure",
	"search.fanout_max":           "no search was complete or partial",
	"documents":                   "the nodes have no store of documents",
	"files":                       "the nodes have no store of files",
	"approval":                    "no approvals were requested after the warm-up",
	"approval.latency_ms":         "no approval was granted",
	"approval.jain":               "no node was drawn",
	"approval.jain_fair":          "no node was drawn",
	"approval.gini":               "no node was drawn",
	"approval.gini_fair":          "no node was drawn",
	"approval.chi2":               "too few draws for the test",
	"approval.chi2_df":            "too few draws for the test",
	"approval.chi2_p":             "too few draws for the test",
	"approval.agreement":          "no two entry nodes drew for the same period",
	"approval.captured":           "there was no attack, or no draw",
	"approval.captured_expected":  "there was no attack, or no draw",
	"approval.denied":             "there was no attack, or no draw",
	"approval.denied_expected":    "there was no attack, or no draw",
	"network":                     "nothing happens to messages but their latency",
	"network.lost":                "there is no loss",
	"network.retransmissions":     "there is no loss, or messages are datagrams",
	"network.handshakes":          "connections cost nothing",
	"network.refused":             "no queue is bounded",
	"network.abandoned":           "no line has a limit",
	"network.unreachable":         "no node is behind a NAT",
	"network.uplink":              "no uplink has a limit",
	"network.downlink":            "no downlink has a limit",
	"network.service":             "serving takes no time",
	"churn":                       "there was no churn",
	"churn.alive":                 "the run ended before the network counted as settled",
	"churn.registered":            "the run ended before the network counted as settled, or no node was left",
	"churn.coverage":              "the run ended before the network counted as settled, or no node was left",
	"churn.stale":                 "the run ended before the network counted as settled, or no node was left",
	"churn.delisted_s":            "no master took a slave off its list that was gone",
	"churn.relisted_s":            "no node was listed again after the silent death of its master",
	"churn.relisted_max_s":        "no node was listed again after the silent death of its master",
	"faults":                      "nothing broke",
	"faults.rounds":               "the network had not settled after the last fault",
	"attacks":                     "no node lied",
	"attacks.registered":          "the run ended before the network counted as settled, or no honest node was left",
	"attacks.coverage":            "the run ended before the network counted as settled, or no honest node was left",
	"sync":                        "the run left no time to measure the steady state, or no node was left",
}

// Absent says in a few words why there is no number at path, for example "search is null:
// no searches were run". It is empty when there is one.
func (s *Summary) Absent(path string) string {
	if _, ok := s.Value(path); ok {
		return ""
	}
	if !Known(path) {
		return fmt.Sprintf("the summary has no number %s", path)
	}
	_, at := s.walk(path)
	if reason, ok := reasons[at]; ok {
		return fmt.Sprintf("%s is null: %s", at, reason)
	}
	if at == "" {
		return path + " is not a finite number"
	}
	return at + " is null"
}

// walk follows path through the summary. When it cannot reach the end, it returns the
// part of the path at which the summary is null or has no such place.
func (s *Summary) walk(path string) (v reflect.Value, stopped string) {
	v = reflect.ValueOf(s).Elem()
	at := ""
	for _, name := range strings.Split(path, ".") {
		at = join(at, name)
		switch v.Kind() {
		case reflect.Struct:
			f, ok := fieldByJSON(v.Type(), name)
			if !ok {
				return v, at
			}
			v = v.FieldByIndex(f.Index)
		case reflect.Slice:
			i, ok := place(name)
			if !ok || i >= v.Len() {
				return v, at
			}
			v = v.Index(i)
		case reflect.Map:
			count := v.MapIndex(reflect.ValueOf(name))
			if !count.IsValid() { // it did not happen
				count = reflect.Zero(v.Type().Elem())
			}
			v = count
		default:
			return v, at
		}
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, at
			}
			v = v.Elem()
		}
	}
	return v, ""
}

func fieldByJSON(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if jsonName(t.Field(i)) == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// place reads a place in a list, written as the index is: without sign or leading zeros.
func place(name string) (int, bool) {
	i, err := strconv.Atoi(name)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == name
}

func isNumber(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}
