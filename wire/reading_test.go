package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// requestTexts are bodies of requests, good ones and such as a careless or hostile sender
// could write, by kind.
var requestTexts = map[message.Kind][]string{
	message.KindStructure: {`{}`, `{"introduce":true}`, `{"introduce":1}`, `{"introduce":"true"}`},
	message.KindProvide:   {`{"target":"one.org:1"}`, `{"target":"one.org:1","places":true}`, `{"target":"one.org:1","places":1}`, `{"target":5}`, `{"target":"one.org"}`, `{}`},
	message.KindRegister: {
		`{"target":"one.org:1"}`, `{"target":"one.org:1","networkSize":7}`, `{"target":"one.org:1","networkSize":"7"}`, `{"target":"one.org:1","networkSize":-7}`,
		`{"target":"one.org:1","networkSize":1e300}`, `{"target":"one.org:1","networkSize":1.5}`, `{"networkSize":null}`, `{"networkSize":"x"}`, `{"networkSize":""}`,
	},
	message.KindApprovalInfo: {`{"action":"client","key":"k"}`, `{"action":"client"}`, `{"key":"k"}`, `{"action":5,"key":"k"}`, `{"action":"client","key":""}`, `{"action":"client","key":5}`},
	message.KindApprovalCheck: {
		`{"action":"client","key":"k","answer":"x","approvers":["one.org:1","two.org:2"],"clientIp":"192.0.2.7"}`,
		`{"action":"client","key":"k","approvers":[],"clientIp":"x"}`, `{"action":"client","key":"k","answer":5,"approvers":["one.org:1","one.org:1"]}`,
		`{"action":"client","key":"k","approvers":["one.org"]}`, `{"action":"client","key":"k","approvers":"one.org:1"}`, `{"action":"client","key":"k"}`,
		`{"action":"client","approvers":[]}`, `{"action":"client","key":"k","approvers":[5]}`,
	},
	message.KindApprovalKey: {`{"action":"client"}`, `{}`, `{"action":[]}`},
	message.KindApprovalAdd: {
		`{"action":"client","key":"k","startedAt":1795355400000}`, `{"action":"client","key":"k","startedAt":"1795355400000"}`, `{"action":"client","key":"k"}`,
		`{"action":"client","key":"k","startedAt":1,"info":{"a": [1, 2]}}`, `{"action":"client","key":"k","startedAt":1,"info":null}`, `{"startedAt":1}`,
	},
	message.KindApprovalQuestion: {
		`{"action":"client","key":"k","confirmedAddresses":["one.org:1"]}`, `{"action":"client","key":"k","confirmedAddresses":[]}`, `{"action":"client","key":"k"}`,
		`{"action":"client","key":"k","confirmedAddresses":["a"]}`, `{"action":"client","key":"k","confirmedAddresses":["one.org:1"],"info":"x"}`, `{"confirmedAddresses":[]}`,
	},
	message.KindEntrants: {
		`{"startedAt":1795355400000,"limit":"00c49ba5e353f7ced916872b020c49b9"}`, `{"startedAt":0,"limit":"ffffffffffffffffffffffffffffffff","hosts":true}`,
		`{}`, `{"startedAt":"x","limit":5,"hosts":1}`, `{"startedAt":-1,"limit":"ff"}`, `{"startedAt":1e300,"limit":"00c49ba5e353f7ced916872b020c49bx"}`,
		`{"startedAt":0,"limit":"ffffffffffffffffffffffffffffffff","action":"client","group":"/16,/32","salt":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","client":"192.0.2.7"}`,
		`{"startedAt":0,"group":"prefix","salt":"00","client":"x"}`, `{"startedAt":0,"group":"/99,/99"}`, `{"group":5,"salt":5,"client":5,"action":5}`,
	},
	message.KindQueryMaster: {`{"arg":1}`, `{}`, `{"arg":{"a":null}}`, `{"arg":1,"level":9}`}, message.KindQueryButler: {`{"arg":1}`}, message.KindQuerySlave: {`{"arg":"x"}`}, message.KindQuery: {`{"arg":[]}`},
	message.KindWork:   {`{"arg":1,"level":7}`},
	message.KindBranch: {`{"levels":2,"level":1,"networkSize":9,"alone":true}`, `{"levels":"2","level":-1,"networkSize":1e300,"alone":1}`, `{"levels":null,"alone":"true"}`, `{}`},
	message.KindTree: {
		`{}`, `{"place":true}`, `{"level":2,"name":"one.org:1","head":"two.org:2","size":7,"closing":true}`, `{"level":1,"name":"one.org:1","head":"two.org:2","size":1073741825,"place":true}`,
		`{"level":1,"name":"one.org:1","size":7}`, `{"level":1,"head":"one.org:1"}`, `{"level":-1,"name":"one.org:1","head":"no","size":7}`, `{"level":"x","name":"one.org:1","head":"two.org:2","size":-7,"closing":1}`,
	},
	message.KindLeave: {`{"gone":true}`, `{"gone":false,"heir":"one.org:1"}`, `{"gone":1,"heir":"no"}`, `{"heir":5}`, `{}`},
	message.KindBranchEntrants: {
		`{"startedAt":0,"limit":"ffffffffffffffffffffffffffffffff","level":2}`, `{"level":-1}`, `{"level":1e300}`,
	},
	message.KindAges: {`{"of":["one.org:1","one.org:1","two.org:2"]}`, `{"of":["no"]}`, `{"of":5}`, `{}`},
	message.KindBeacon: {
		`{"turn":1795355400000,"commit":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","reveal":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","echo":[{"address":"one.org:1","value":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},{"address":"no","value":"00"}]}`,
		`{"turn":-1,"commit":"00","reveal":"x","echo":5}`, `{"turn":"x","commit":5,"echo":[{"address":"one.org:1","value":"000102"}]}`, `{}`,
	},
	message.KindDirect: {
		`{"arg":1}`, `{}`, `{"stream":{"size":5000000000,"hash":"01ab000000000000000000000000000000000000000000000000000000000000"}}`,
		`{"stream":{"size":-1,"hash":"01ab000000000000000000000000000000000000000000000000000000000000"}}`, `{"stream":{"size":1,"hash":"01ab"}}`,
		`{"stream":{"size":1,"hash":"01ab00000000000000000000000000000000000000000000000000000000000x"}}`, `{"stream":5}`, `{"stream":{"size":1e300}}`,
	},
}

// answerTexts are bodies of answers.
var answerTexts = map[message.Kind][]string{
	message.KindPing: {`{"version":"x"}`, `5`, `x`},
	message.KindEntrants: {`{}`, `{"slaves":["one.org:1","one.org:1","no","two.org:2"]}`, `{"slaves":[],"npmSlaves":true}`, `{"slaves":[5]}`, `{"slaves":"one.org:1"}`, `[]`, `5`, `x`,
		`{"slaves":["one.org:1","no","two.org:2"],"ips":["192.0.2.7","192.0.2.8","192.0.2.9"]}`, `{"slaves":["one.org:1","two.org:2"],"ips":["x"]}`, `{"slaves":["one.org:1"],"ips":[5]}`},
	message.KindStatus: {
		`{"root":"one.org:1","availability":0.25,"syncAvgTime":12.5,"isMaster":true,"isNormalized":false,"isRegistered":true,"networkSize":7,"more":1}`,
		`{"root":"","availability":2,"syncAvgTime":-1,"isNormalized":true,"networkSize":-7}`, `{"availability":-1,"syncAvgTime":1e300,"networkSize":1e300}`,
		`{"availability":"0.5","syncAvgTime":"5ms"}`, `{"root":"one.org"}`, `{"root":5}`, `[]`, `{}`, `{} x`,
	},
	message.KindStructure: {
		`{"address":"zero.org:9","backlink":null,"slaves":[{"address":"two.org:2"},{"address":"two.org:2"},{"address":"no"},{"address":"three.org:3"}],"masters":[{"address":"one.org:1","size":2},{"address":"one.org:1","size":3},{"address":"two.org:2","size":0}]}`,
		`{"backlink":{"address":"two.org:2"},"slaves":[],"masters":[]}`, `{"slaves":[]}`, `{"masters":[]}`, `{"slaves":null,"masters":[]}`, `{"backlink":{"address":""},"slaves":[],"masters":[]}`,
		`{"slaves":[],"masters":[{"address":"one.org:1","size":-1}]}`, `{"slaves":[],"masters":[{"address":"one.org:1","size":1.5}]}`, `{"slaves":[],"masters":[{"address":"no","size":1}]}`,
		`{"slaves":[],"masters":[{"address":"one.org:1","size":1000000000},{"address":"two.org:2","size":73741824},{"address":"three.org:3","size":1}]}`,
		`{"slaves":[],"masters":[{"address":"one.org:1","size":1000000000},{"address":"two.org:2","size":73741825},{"address":"three.org:3","size":73741824}]}`,
		`{"slaves":[],"masters":[{"address":"one.org:1","size":1073741825}]}`, `{"slaves":[],"masters":[{"address":"one.org:1"}]}`, `{"address":5,"slaves":[],"masters":[]}`,
	},
	message.KindInterview: {`{"summary":{"address":"one.org:1"}}`, `{"summary":{"address":"one.org:1"},"address":"two.org:2"}`, `{"summary":{"address":"one.org:1"},"more":1}`, `{"summary":{"address":"no"}}`, `{"summary":null}`, `{}`, `{"summary":{"address":"one.org:1"}}{}`},
	message.KindProvide: {
		`{"results":[{"address":"one.org:1","networkSize":4,"candidates":[{"address":"two.org:2"},{"address":"no"},{"address":"two.org:2"}]},{"address":"one.org:1","networkSize":5,"candidates":[]}],"syncLifetime":320000,"networkSize":4}`,
		`{"results":[{"address":"no","networkSize":4,"candidates":[]}],"syncLifetime":320000,"networkSize":4}`, `{"results":[],"syncLifetime":0,"networkSize":-4}`, `{"results":[],"syncLifetime":-1,"networkSize":4}`,
		`{"results":[],"syncLifetime":8e12,"networkSize":4}`, `{"results":[],"syncLifetime":7999999999999,"networkSize":1e300}`, `{"syncLifetime":1,"networkSize":4}`, `{"results":[],"more":1}`, `{"results":[],"address":"x"}`, `{"results":[]} 1`,
	},
	message.KindRegister:         {`{"size":2}`, `{"size":2,"address":"one.org:1"}`, `{"size":-1}`, `{"size":1e300}`, `{"size":null}`, `{}`, `{"size":2,"more":1}`, `{"size":2}{`},
	message.KindApprovalInfo:     {`{"info":"x"}`, `{"info":"","address":"one.org:1"}`, `{"info":null}`, `{"info":5}`, `{}`, `{"info":"x","more":1}`},
	message.KindApprovalCheck:    {`{"success":true}`, `nothing`},
	message.KindAvailableNode:    {`{"address":"one.org:1"}`, `{"address":"no"}`, `{}`, `5`},
	message.KindApprovalKey:      {`{"approvers":["one.org:1","two.org:2","one.org:1"],"key":"k","startedAt":1795355400000,"clientIp":"192.0.2.7"}`, `{"approvers":["no"],"key":"k","startedAt":1,"clientIp":"192.0.2.7"}`, `{"approvers":[],"key":"k","startedAt":-1,"clientIp":"192.0.2.7"}`, `{"approvers":[],"key":"k","startedAt":8e12,"clientIp":"192.0.2.7"}`, `{"approvers":[],"key":"k","startedAt":0,"clientIp":"::1"}`, `{"key":"k","startedAt":0,"clientIp":"x"}`},
	message.KindApprovalQuestion: {`{"question":"q"}`, `{"question":5}`, `{}`},
	message.KindQuery: {
		`{"result":5,"coverage":{"asked":3,"answered":2},"cost":{"hops":1,"fanout":2}}`, `{"result":null}`, `{}`, `{"result":{"a":[1]}}`, `{"coverage":{"asked":-1}}`, `{"coverage":{"answered":1073741825}}`,
		`{"cost":{"hops":-1}}`, `{"cost":{"fanout":1073741825}}`, `{"cost":{"hops":1073741824,"fanout":0}}`, `5`,
	},
	message.KindBranch: {
		`{"network":"one.org:1","founder":true,"branch":{"name":"one.org:1","head":"two.org:2","size":7},"siblings":[{"name":"one.org:1","head":"two.org:2","size":7},{"name":"one.org:1","head":"two.org:2","size":7},{"name":"two.org:2","head":"two.org:2","size":3,"closing":true}],"networkSize":9}`,
		`{"network":"one.org:1","branch":{"name":"one.org:1","head":"two.org:2","size":7},"siblings":[],"networkSize":1e300,"levels":2,"level":1,"above":[{"name":"one.org:1","head":"two.org:2","size":7},{"name":"one.org:1","head":"two.org:2","size":7}]}`,
		`{"network":"no","branch":{"name":"one.org:1","head":"two.org:2","size":7}}`, `{"network":"one.org:1","branch":{"name":"no","head":"two.org:2"}}`, `{"network":"one.org:1","branch":{"name":"one.org:1","head":"no"}}`,
		`{"network":"one.org:1","branch":{"name":"one.org:1","head":"two.org:2","size":7},"siblings":[{"name":"one.org:1","head":"no"}]}`, `{"network":"one.org:1","branch":{"name":"one.org:1","head":"two.org:2","size":7},"levels":2,"above":[{"name":"no"}]}`,
		`{"network":"","branch":{"name":"","head":""},"siblings":[{"name":"one.org:1","head":""},{"name":"","head":"one.org:1"}]}`, `{"branch":5}`, `{}`, `5`,
	},
	message.KindTree: {
		`{"network":"one.org:1","path":[{"name":"one.org:1","head":"two.org:2","size":7}],"lists":[[{"name":"one.org:1","head":"two.org:2","size":7},{"name":"one.org:1","head":"two.org:2","size":7},{"name":"two.org:2","head":"two.org:2","size":1073741825}]]}`,
		`{"network":"one.org:1","path":[{"name":"one.org:1","head":"two.org:2","size":7},{"name":"one.org:1","head":"two.org:2","size":7}],"lists":[[{"name":"one.org:1","head":"two.org:2","size":7}]]}`, `{"network":"one.org:1","path":[],"lists":[],"levels":3}`, `{"network":"no"}`, `{"network":"one.org:1","path":[{"name":"no"}],"lists":[[]]}`,
		`{"network":"one.org:1","path":[{"name":"one.org:1","head":"two.org:2","size":7}],"lists":[[{"name":"one.org:1","head":"no","size":-1}]]}`, `{"network":"one.org:1","path":[{"name":"one.org:1","head":"two.org:2","size":7}],"lists":[[{"name":"one.org:1","head":"two.org:2","size":-1}]]}`,
		`{"network":"one.org:1","place":{"address":"one.org:1","backlink":null,"slaves":[],"masters":[]}}`, `{"network":"one.org:1","place":{"slaves":5}}`, `{}`, `5`,
	},
	message.KindAges: {
		`{"began":1795355400000,"seen":[{"address":"one.org:1","first":1795355400000},{"address":"no","first":1},{"address":"two.org:2","first":-1}]}`, `{"began":-1,"seen":[]}`, `{"began":1e300}`, `{"seen":5}`, `{}`, `5`,
	},
	message.KindBranchEntrants: {`{"slaves":["one.org:1"]}`, `5`},
	message.KindBeacon:         {`{"value":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}`, `{"value":"00"}`, `{"value":5}`, `{}`},
	message.KindWork:           {`{"result":5,"coverage":{"asked":1,"answered":1}}`},
	message.KindDirect:         {`{"result":{"a":[1]}}`, `{}`, `{"result":null}`, `5`},
}

// echo is a query whose values are as they come.
type echo struct{}

func (echo) Name() string { return "echo" }

// What is made of bodies is what would be written for them, or the reason why nothing is:
// see testdata/readings.txt, which `go test ./wire -run Read -update` writes anew.
func TestWhatIsReadOfBodies(t *testing.T) {
	const file = "testdata/readings.txt"
	var b bytes.Buffer
	told := func(kind message.Kind, text string, read Body, err error, write func(s *Speaker, body any) Encoded) {
		result := "nothing"
		switch {
		case err != nil:
			status, body := Failure(err)
			said, _ := body.JSON()
			// what encoding/json says changes with it
			before, _, _ := strings.Cut(string(said), "json: ")
			result = fmt.Sprintf("error %d %s", status, before)
		case read != nil:
			book := peer.NewBook(0)
			in := Interner{Book: book}
			in.Other = in.Peer(peer.MustParse("other.org:1"))
			body := read(&in)
			if body == nil {
				break
			}
			encoded := write(&Speaker{Book: book, Self: in.Other}, body)
			said, err := encoded.JSON()
			result = fmt.Sprintf("%s %v", said, errors.Join(err))
			result = strings.TrimSuffix(result, " <nil>")
		}
		fmt.Fprintf(&b, "%s\n  %s\n  %s\n", kind, text, result)
	}
	for kind := range message.NumKinds {
		for _, text := range requestTexts[kind] {
			f, err := ParseJSON([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			read, err := ReadRequest(kind, echo{}, f)
			told(kind, text, read, err, func(s *Speaker, body any) Encoded {
				return s.Request(s.Self, &message.Request{Kind: kind, Body: body}, 0).body
			})
		}
	}
	b.WriteString("\nAnswers\n")
	for kind := range message.NumKinds {
		for _, text := range answerTexts[kind] {
			read, err := ReadAnswer(kind, echo{}, []byte(text))
			told(kind, text, read, err, func(s *Speaker, body any) Encoded { return s.Answer(kind, body) })
		}
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	is, was := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range is {
		if i >= len(was) || is[i] != was[i] {
			t.Fatalf("line %d is\n%s\nafter\n%s\n%s", i+1, is[i], is[max(0, i-2)], is[max(0, i-1)])
		}
	}
}

// Each limit is the most that is taken: one more is refused, or as good as none.
func TestLimitsOfWhatIsRead(t *testing.T) {
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	long := func(n int) string { return strings.Repeat("x", n) }
	addresses := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"ten%d.org:1"`, i))
		}
		return strings.Join(list, ",")
	}
	request := func(kind message.Kind, format string) func(string) bool {
		return func(part string) bool {
			f, err := ParseJSON(fmt.Appendf(nil, format, part))
			if err != nil {
				t.Fatal(err)
			}
			_, err = ReadRequest(kind, nil, f)
			return err == nil
		}
	}
	answer := func(kind message.Kind, format string) func(string) bool {
		return func(part string) bool {
			_, err := ReadAnswer(kind, nil, fmt.Appendf(nil, format, part))
			return err == nil
		}
	}
	field := func(of func(f Fields) bool) func(string) bool {
		return func(part string) bool { return of(Fields{"x": json.RawMessage(part)}) }
	}
	proof := func(name string) func(string) bool {
		return func(part string) bool {
			f, err := ParseJSON([]byte(`{"action":"client","key":"k","startedAt":1,"clientIp":"192.0.2.7","approvers":[],"answer":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			f[name] = json.RawMessage(part)
			_, err = ReadProof(f, func(string) bool { return true })
			return err == nil
		}
	}
	for _, test := range []struct {
		what  string
		takes func(part string) bool
		most  int
		part  func(n int) string
	}{
		{"key of a request", request(message.KindApprovalInfo, `{"action":"client","key":"%s"}`), 128, long},
		{"info of a request", request(message.KindApprovalAdd, `{"action":"client","key":"k","startedAt":1,"info":"%s"}`), 4094, long},
		{"info of a question", request(message.KindApprovalQuestion, `{"action":"client","key":"k","confirmedAddresses":[],"info":"%s"}`), 4094, long},
		{"confirmed approvers", request(message.KindApprovalQuestion, `{"action":"client","key":"k","confirmedAddresses":[%s]}`), 4096, addresses},
		{"approvers of a check", request(message.KindApprovalCheck, `{"action":"client","key":"k","approvers":[%s]}`), 4096, addresses},
		{"info of an approver", answer(message.KindApprovalInfo, `{"info":"%s"}`), 65536, long},
		{"key of a draw", answer(message.KindApprovalKey, `{"approvers":[],"key":"%s","startedAt":1,"clientIp":"192.0.2.7"}`), 128, long},
		{"approvers of a draw", answer(message.KindApprovalKey, `{"approvers":[%s],"key":"k","startedAt":1,"clientIp":"192.0.2.7"}`), 4096, addresses},
		{"slaves", answer(message.KindStructure, `{"slaves":[%s],"masters":[]}`), 8192, func(n int) string { return many(n, `{"address":"one.org:1"}`) }},
		{"masters", answer(message.KindStructure, `{"slaves":[],"masters":[%s]}`), 8192, func(n int) string { return many(n, `{"address":"one.org:1","size":1}`) }},
		{"results", answer(message.KindProvide, `{"results":[%s]}`), 8192, func(n int) string { return many(n, `{"address":"one.org:1","networkSize":1,"candidates":[]}`) }},
		{"candidates", answer(message.KindProvide, `{"results":[{"address":"one.org:1","networkSize":1,"candidates":[%s]}]}`), 8192, func(n int) string { return many(n, `{"address":"one.org:1"}`) }},
		{"siblings of a branch", answer(message.KindBranch, `{"network":"one.org:1","branch":{"name":"one.org:1","head":"one.org:1","size":1},"siblings":[%s]}`), 8192, func(n int) string { return many(n, `{"name":"one.org:1","head":"one.org:1","size":1}`) }},
		{"branches above", answer(message.KindBranch, `{"network":"one.org:1","branch":{"name":"one.org:1","head":"one.org:1","size":1},"above":[%s]}`), 8, func(n int) string { return many(n, `{"name":"one.org:1","head":"one.org:1","size":1}`) }},
		{"branches of a node", answer(message.KindTree, `{"network":"one.org:1",%s}`), 8, func(n int) string {
			return fmt.Sprintf(`"path":[%s],"lists":[%s]`, many(n, `{"name":"one.org:1","head":"one.org:1","size":1}`), many(n, `[]`))
		}},
		{"ages", answer(message.KindAges, `{"seen":[%s]}`), 8192, func(n int) string { return many(n, `{"address":"one.org:1","first":1}`) }},
		{"answer to a check", field(func(f Fields) bool {
			f = Fields{"action": json.RawMessage(`"client"`), "key": json.RawMessage(`"k"`), "approvers": json.RawMessage(`[]`), "answer": f["x"]}
			body, err := ReadRequest(message.KindApprovalCheck, nil, f)
			return err == nil && body(new(Interner)).(*message.ApprovalCheckRequest).Answer != ""
		}), 4096, func(n int) string { return `"` + long(n) + `"` }},
		{"answer of a proof", proof("answer"), 4096, func(n int) string { return `"` + long(n) + `"` }},
		{"key of a proof", proof("key"), 128, func(n int) string { return `"` + long(n) + `"` }},
		{"an action", field(func(f Fields) bool { return Fields{"action": f["x"]}.Action() != "" }), 128, func(n int) string { return `"` + long(n) + `"` }},
		{"a text", field(func(f Fields) bool { _, ok := f.text("x", 10); return ok }), 10, func(n int) string { return `"` + long(n) + `"` }},
		{"an escaped text", field(func(f Fields) bool { _, ok := f.text("x", 10); return ok }), 10, func(n int) string { return `"` + strings.Repeat(`\u0041`, n) + `"` }},
		{"a number", field(func(f Fields) bool { _, ok := f.number("x"); return ok }), 32, func(n int) string { return "0." + strings.Repeat("1", n-2) }},
		{"digits in a text", field(func(f Fields) bool { _, ok := f.number("x"); return ok }), 32, func(n int) string { return `"0.` + strings.Repeat("1", n-2) + `"` }},
		{"an IP", field(func(f Fields) bool { return f.ip("x").IsValid() }), 39, func(n int) string { return `"` + long(max(0, n-39)) + `2001:0db8:0000:0000:0000:0000:0000:0007"` }},
	} {
		if !test.takes(test.part(test.most)) {
			t.Errorf("%s: %d are refused", test.what, test.most)
		}
		if test.takes(test.part(test.most + 1)) {
			t.Errorf("%s: %d are taken", test.what, test.most+1)
		}
	}
}

// A number field is a number, or a text of one; a time is no longer than a duration can
// be.
func TestNumbersOfFields(t *testing.T) {
	for text, want := range map[string]float64{
		`5`: 5, `-2.5`: -2.5, `"7"`: 7, `1e3`: 1000, `0`: 0, `"0"`: 0,
		``: math.NaN(), `null`: math.NaN(), `"null"`: math.NaN(), `""`: math.NaN(), `"x"`: math.NaN(), `true`: math.NaN(), `[]`: math.NaN(), `1e999`: math.NaN(),
	} {
		got, ok := Fields{"n": json.RawMessage(text)}.number("n")
		if ok == math.IsNaN(want) || ok && got != want {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
	for text, want := range map[string]time.Duration{`1.5`: 1500 * time.Microsecond, `8e12`: 8e12 * time.Millisecond, `-8e12`: -8e12 * time.Millisecond, `8000000000001`: -1, `-8000000000001`: -1, `x`: -1} {
		got, ok := Fields{"n": json.RawMessage(text)}.Millis("n")
		if ok != (want != -1) || ok && got != want {
			t.Errorf("%s ms are %v, %v", text, got, ok)
		}
	}
	for x, want := range map[float64]int{-1: 0, 0: 0, 0.5: 0, 1: 1, 1 << 30: 1 << 30, 1<<30 + 1: 1 << 30, math.Inf(1): 1 << 30, math.Inf(-1): 0} {
		if got := count(x); got != want {
			t.Errorf("a count of %v is %d, want %d", x, got, want)
		}
	}
	if got := count(math.NaN()); got != 0 {
		t.Errorf("a count of no number is %d", got)
	}
}

// A timeout budget is what the sender had, less the time since, and a minute at the most.
func TestBudgetsShrinkOnTheirWay(t *testing.T) {
	const now, otherwise = 1_000_000 * time.Millisecond, 10 * time.Second
	for text, want := range map[string]time.Duration{
		`{}`: otherwise, `{"timeout":5000}`: 5 * time.Second, `{"timeout":60000}`: time.Minute, `{"timeout":60001}`: time.Minute,
		`{"timeout":5000,"timestamp":999000}`: 4 * time.Second, `{"timeout":5000,"timestamp":1009000}`: 5 * time.Second,
		`{"timeout":5000,"timestamp":990000}`: -5 * time.Second, `{"timeout":90000,"timestamp":990000}`: time.Minute, `{"timestamp":990000}`: otherwise,
		`{"timeout":"x"}`: otherwise, `{"timeout":-1}`: -time.Millisecond, `{"timeout":5000,"timestamp":"x"}`: 5 * time.Second,
	} {
		f, err := ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Budget(now, otherwise); got != want {
			t.Errorf("%s leaves %v, want %v", text, got, want)
		}
	}
}

// Bodies are objects, arrays without fields, or forms, of which the last of a name
// counts.
func TestBodiesAreObjects(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, " \t\r\n": 0, " \r\n\t{}": 0, `{"a":1,"b":2}`: 2, ` {"a":1}`: 1, `[1]`: 0, ` []`: 0,
		`{`: -1, `[`: -1, `5`: -1, `"x"`: -1, `null`: -1, `{"a":1}x`: -1, `[1]x`: -1, `{a:1}`: -1,
	} {
		for name, parse := range map[string]func([]byte) (Fields, error){"read": ParseJSON, "checked": CheckJSON} {
			f, err := parse([]byte(text))
			switch {
			case (err != nil) != (want < 0):
				t.Errorf("%q, %s: %v", text, name, err)
			case err == nil && name == "read" && len(f) != want, name == "checked" && f != nil:
				t.Errorf("%q, %s: %d fields, want %d", text, name, len(f), want)
			}
			if err == nil {
				continue
			}
			if status, _ := Failure(err); status != http.StatusBadRequest {
				t.Errorf("%q, %s: status %d", text, name, status)
			}
		}
	}
	f, err := ParseForm([]byte("a=1&b=x&a=2"))
	if action, ok := f.text("a", 5); err != nil || len(f) != 2 || action != "2" || !ok {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := ParseForm([]byte("%zz")); err == nil {
		t.Error("a broken form is read")
	}
}

// A proof has its six fields, each of its form, and no others; no approver is named
// twice.
func TestProofsAreExact(t *testing.T) {
	good := map[string]string{
		"action": `"client"`, "key": `"k"`, "startedAt": `1795355400000`, "clientIp": `"192.0.2.7"`, "approvers": `["one.org:1","two.org:2"]`, "answer": `"x"`,
	}
	read := func(changed, to string, accepts bool) (any, error) {
		f := Fields{}
		for name, value := range good {
			f[name] = json.RawMessage(value)
		}
		if f[changed] = json.RawMessage(to); to == "" {
			delete(f, changed)
		}
		body, err := ReadProof(f, func(answer string) bool { return accepts && answer == "x" })
		if err != nil {
			return nil, err
		}
		return body(&Interner{Book: peer.NewBook(0)}), nil
	}
	body, err := read("key", `"k"`, true)
	if err != nil {
		t.Fatal(err)
	}
	if p := body.(*message.ActionRequest).Proof; p.Action != "client" || p.Key != "k" || p.Answer != "x" || len(p.Approvers) != 2 || p.ClientIP.String() != "192.0.2.7" || p.StartedAt != 1795355400*time.Second {
		t.Errorf("%+v", p)
	}
	if _, err := read("key", `"k"`, false); !message.IsRefusal(err, message.CodeInvalidApproval) {
		t.Errorf("an answer that is not accepted: %v", err)
	}
	for name := range good {
		if _, err := read(name, "", true); err == nil {
			t.Errorf("without %s", name)
		}
		// what it is for was looked at before
		if _, err := read(name, "{}", true); err == nil && name != "action" {
			t.Errorf("with an object as %s", name)
		}
	}
	for changed, to := range map[string]string{"more": `1`, "approvers": `["one.org:1","one.org:1"]`, "clientIp": `"x"`, "startedAt": `"x"`, "key": `"` + strings.Repeat("k", 129) + `"`, "answer": `"y"`} {
		if _, err := read(changed, to, true); err == nil {
			t.Errorf("with %s %s", changed, to)
		}
	}
}

// Each error is answered with its status, and understood by its reader as what it was.
func TestFailuresAreUnderstood(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		want   error // what the reader makes of it
	}{
		{message.Refusal(message.CodeInvalidTarget, ""), 422, message.Refusal(message.CodeInvalidTarget, "")},
		{&message.Error{Code: "ERR_MUSIC_NONE", Message: "none"}, 422, &message.Error{Code: "ERR_MUSIC_NONE", Message: "none"}},
		{message.ErrDenied, 403, message.ErrDenied},
		{WithStatus(403, RootMessage+": x"), 403, message.ErrWrongRoot},
		{message.ErrWrongRoot, 403, message.ErrWrongRoot},
		{WithStatus(401, "password"), 401, message.ErrDenied},
		{context.DeadlineExceeded, 408, message.ErrUnreachable},
		{fmt.Errorf("so: %w", context.Canceled), 408, message.ErrUnreachable},
		{errors.New("x"), 500, message.ErrUnreachable},
		{badBody("x"), 400, message.ErrUnreachable},
	} {
		status, body := Failure(test.err)
		text, err := body.JSON()
		if err != nil || status != test.status {
			t.Errorf("%v: status %d, %v", test.err, status, err)
		}
		resp := &http.Response{StatusCode: status, Status: "as said", Header: http.Header{"Content-Type": {AnswerType}}, Body: io.NopCloser(bytes.NewReader(text))}
		o := Outgoing{Kind: message.KindRegister}
		_, got := o.Read(resp)
		var refusal *message.Error
		if errors.As(test.want, &refusal) {
			if read := new(message.Error); !errors.As(got, &read) || *read != *refusal {
				t.Errorf("%v is read as %v", test.err, got)
			}
		} else if !errors.Is(got, test.want) {
			t.Errorf("%v is read as %v", test.err, got)
		}
	}
	page := &http.Response{StatusCode: 422, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader(`{"code":"X"}`))}
	o := Outgoing{Kind: message.KindRegister}
	if _, err := o.Read(page); !errors.Is(err, message.ErrUnreachable) {
		t.Errorf("a page is read as %v", err)
	}
	long := fmt.Sprintf(`{"code":%q,"message":%q}`, CodePrefix+strings.Repeat("c", 200), strings.Repeat("m", 2000))
	_, err := o.Read(&http.Response{StatusCode: 422, Header: http.Header{"Content-Type": {AnswerType}}, Body: io.NopCloser(strings.NewReader(long))})
	if read := new(message.Error); !errors.As(err, &read) || len(read.Code) != 128 || len(read.Message) != 1024 {
		t.Errorf("a long refusal is read as %v", err)
	}
}

// An answer is read up to the limit of its kind, and not beyond; the statuses from 200 to
// 299 are successes.
func TestAnswersAreReadToTheirLimit(t *testing.T) {
	o := Outgoing{Kind: message.KindRegister}
	answer := func(status, size int) error {
		const body = `{"size":2}`
		_, err := o.Read(&http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body + strings.Repeat(" ", size-len(body))))})
		return err
	}
	limit := int(message.KindRegister.Row().Limit)
	if err := answer(200, limit); err != nil {
		t.Errorf("an answer of the limit: %v", err)
	}
	if err := answer(200, limit+1); !errors.Is(err, message.ErrMalformed) {
		t.Errorf("an answer of one byte more: %v", err)
	}
	for status, good := range map[int]bool{199: false, 200: true, 299: true, 300: false, 304: false} {
		if err := answer(status, 10); (err == nil) != good {
			t.Errorf("status %d: %v", status, err)
		}
	}
	o = Outgoing{Kind: message.KindStructure, ETag: `W/"x"`}
	body, err := o.Read(&http.Response{StatusCode: 304, Header: http.Header{}, Body: http.NoBody})
	if body != nil || err != nil {
		t.Errorf("an unchanged structure: %v", err)
	}
	err = Unreachable(&net.OpError{Op: "dial", Err: errors.New(strings.Repeat("x", 300))})
	if !errors.Is(err, message.ErrUnreachable) || strings.Contains(err.Error(), "dial") || len(err.Error()) > 250 {
		t.Errorf("%v", err)
	}
}

// A book that is full takes no more addresses, and lists do without them.
func TestAFullBookLeavesAddressesOut(t *testing.T) {
	in := Interner{Book: peer.NewBook(2)}
	var list []peer.Address
	for _, text := range []string{"one.org:1", "two.org:2", "three.org:3", "one.org:1"} {
		list = append(list, peer.MustParse(text))
	}
	if got := in.set(list[:2]); len(got) != 2 || in.Full {
		t.Errorf("%v, full %v", got, in.Full)
	}
	if got := in.set(list); len(got) != 2 || !in.Full {
		t.Errorf("%v, full %v", got, in.Full)
	}
	if got := in.all(list); len(got) != 4 || !got[2].IsZero() || got[3] != got[0] {
		t.Errorf("%v", got)
	}
	if got := in.Peer(peer.Address{}); !got.IsZero() {
		t.Errorf("none is %v", got)
	}
}

// The number of digits is that of the text of a number.
func TestDigitsAreThoseOfTheText(t *testing.T) {
	for _, n := range []int64{0, 1, 9, 10, 99, 100, 999, 1000, 1001, 9999, 10_000, 99_999, 100_000, 999_999, 1_000_000, math.MaxInt64} {
		for _, n := range []int64{n, -n} {
			if got, want := digits(n), len(fmt.Sprint(n)); got != want {
				t.Errorf("%d has %d digits, want %d", n, got, want)
			}
		}
	}
	for before, texts := range map[string]map[string]int{"n12.org:1": {"n12.org:1": 0, "n13.org:1": 1, "n112.org:1": 1, "x": 1, "": 0, "n1": 0}, "": {"abc": 3}, "aa": {"a": 0, "aaa": 1}} {
		for text, want := range texts {
			if got := novel(before, text); got != want {
				t.Errorf("after %q %q has %d new bytes, want %d", before, text, got, want)
			}
		}
	}
}

// Npm nodes do not have the paths of our own requests: that is a refusal by a node that
// works. Where npm nodes have the path, no node is there.
func TestOurRequestsAreUnknownToNpmNodes(t *testing.T) {
	for kind := range message.NumKinds {
		o := Outgoing{Kind: kind}
		_, err := o.Read(&http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(strings.NewReader(`{"message":"Not found route"}`))})
		refusal, ok := err.(*message.Error)
		if unknown := ok && refusal.Code == message.CodeUnknownQuery; unknown != kind.Row().Ours {
			t.Errorf("404 to %s is %v", kind, err)
		}
	}
}

// typed is a query that reads numbers only.
type typed struct{ echo }

func (typed) DecodeArg(data []byte) (any, error)    { return typed{}.DecodeResult(data) }
func (typed) DecodeResult(data []byte) (any, error) { return strconv.Atoi(string(data)) }

// A result that is null, or missing, is none: no query has to read it.
func TestNoResultIsNotRead(t *testing.T) {
	for text, want := range map[string]any{`{"result":5}`: 5, `{"result":null}`: nil, `{}`: nil} {
		read, err := ReadAnswer(message.KindQuery, typed{}, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := read(nil).(*message.QueryAnswer).Result; got != want {
			t.Errorf("%s: result %v, want %v", text, got, want)
		}
	}
	if _, err := ReadAnswer(message.KindQuery, typed{}, []byte(`{"result":"x"}`)); err == nil {
		t.Error("a result that the query refuses is taken")
	}
}
