package coretest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// fake makes a host that gives fixed answers, or changes them: a line for each kind of
// request, then key=value pairs.
//
//	status root=1 registered
//	structure backlink=2 slaves=2,3 masters=1:2,4:1 age=40s
//	provide-registration size=4 lifetime=320s results=1:4:2,3;5:4:6
//	register size=3
//	refuse register CODE
func (s *Script) fake() string {
	answers := make(map[message.Kind]message.Response)
	for _, line := range strings.Split(s.d.Input, "\n") {
		fields := strings.Fields(line)
		values := make(map[string]string)
		for _, f := range fields[1:] {
			k, v, _ := strings.Cut(f, "=")
			values[k] = v
		}
		if fields[0] == "refuse" {
			answers[s.Kind(fields[1])] = message.Response{Err: &message.Error{Code: fields[2]}}
			continue
		}
		answers[s.Kind(fields[0])] = message.Response{Body: s.body(s.Kind(fields[0]), values)}
	}
	out := ""
	h := s.Net.Host(uint32(s.Number("node", 0)))
	if h == nil {
		h = s.Net.Play(s.Text("address", ""), nil)
		out = fmt.Sprintf("host %d", h.Number)
	}
	h.Actor, h.Up = Answers(answers), true
	if st, err := message.As[message.Structure](answers[message.KindStructure]); err == nil {
		st.Address = h.Peer()
	}
	return out
}

func (s *Script) body(kind message.Kind, v map[string]string) any {
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		s.Must(err)
		return n
	}
	peers := func(text string) (list []core.Peer) {
		for _, p := range strings.Split(text, ",") {
			if p != "" {
				list = append(list, s.Peer(p))
			}
		}
		return list
	}
	switch kind {
	case message.KindPing:
		return nil
	case message.KindInterview:
		return &message.Interview{}
	case message.KindStatus:
		_, registered := v["registered"]
		status := &message.Status{IsRegistered: registered}
		if v["root"] != "" {
			status.Root = s.Peer(v["root"])
		}
		return status
	case message.KindStructure:
		structure := &message.Structure{Slaves: peers(v["slaves"]), Masters: &message.Masters{}}
		if age := v["age"]; age != "" {
			d, err := time.ParseDuration(age)
			s.Must(err)
			structure.MaxAge = uint32(d.Milliseconds())
		}
		if v["backlink"] != "" {
			structure.Backlink = s.Peer(v["backlink"])
		}
		for _, m := range strings.Split(v["masters"], ",") {
			if p, size, ok := strings.Cut(m, ":"); ok {
				structure.Masters.List = append(structure.Masters.List, message.Master{Peer: s.Peer(p), Size: uint32(number(size))})
				structure.Masters.Total += number(size)
			}
		}
		return structure
	case message.KindProvide:
		life, err := time.ParseDuration(v["lifetime"])
		s.Must(err)
		p := &message.Provision{NetworkSize: number(v["size"]), Lifetime: life}
		for _, r := range strings.Split(v["results"], ";") {
			parts := strings.Split(r, ":")
			p.Results = append(p.Results, message.Place{Address: s.Peer(parts[0]), NetworkSize: number(parts[1]), Spares: peers(parts[2])})
		}
		return p
	case message.KindRegister:
		return &message.Registered{Size: number(v["size"])}
	case message.KindQueryButler:
		return &message.QueryAnswer{}
	}
	s.Fatalf("no script for kind %v", kind)
	return nil
}
