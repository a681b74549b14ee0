package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// sample is a request of a kind and an answer to it, with peers of the same book.
type sample struct {
	name string
	req  message.Request
	resp message.Response
}

// aTime is a time of day within a millisecond, as startedAt never is in practice.
const aTime = 1795355499326*time.Millisecond + 250*time.Microsecond

// samples are messages of every kind: with and without what is optional, with texts that
// JSON escapes, and with refusals.
func samples(t testing.TB, book *peer.Book) []sample {
	t.Helper()
	p := func(text string) peer.Peer {
		interned, err := book.Intern(peer.MustParse(text))
		if err != nil {
			t.Fatal(err)
		}
		return interned
	}
	a, b, c := p("n1.example.com:4000"), p("10.0.0.7:80"), p("[2001:db8::5]:65535")
	names := p("bücher.example.org:4001")
	v4, v6 := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	info, empty := `{"captchaWidth": 180, "note":"<&>"}`, ""
	hard := "a\"b\\c<d>&\n\t\x01é\u2028\xff" // what encoding/json does not write as it is
	proof := &message.Proof{Action: "client", Key: "k1", StartedAt: aTime, ClientIP: v4, Approvers: []peer.Peer{a, c}, Answer: hard}
	const key = "22fdd95849a9df3b0d256542fff3ba9b"
	type req = message.Request
	type resp = message.Response
	list := []sample{
		{"ping", req{Kind: message.KindPing}, resp{}},
		{"status", req{Kind: message.KindStatus}, resp{Body: &message.Status{Root: a, Availability: 0.5209814850350731, SyncAverage: 13125 * time.Microsecond, IsMaster: true, IsRegistered: true, NetworkSize: 6}}},
		{"status without a root", req{Kind: message.KindStatus}, resp{Body: &message.Status{Availability: 1e-7, IsNormalized: true}}},
		{"structure", req{Kind: message.KindStructure}, resp{Body: &message.Structure{Address: a, Backlink: b, Slaves: []peer.Peer{c, names}, Masters: message.NewMasters([]message.Master{{Peer: a, Size: 17}, {Peer: b, Size: 0}})}}},
		{"structure that is vouched for", req{Kind: message.KindStructure}, resp{Body: &message.Structure{Address: a, Backlink: b, Slaves: []peer.Peer{c}, Masters: message.NewMasters([]message.Master{{Peer: a, Size: 1}}), MaxAge: 40_000}}},
		{"structure of a node alone", req{Kind: message.KindStructure, Body: &message.Introduction{}}, resp{Body: &message.Structure{Address: a, Masters: message.NewMasters(nil), NpmSlaves: true}}},
		{"interview", req{Kind: message.KindInterview}, resp{Body: &message.Interview{Address: names}}},
		{"provide", req{Kind: message.KindProvide, Body: &message.ProvideRequest{Target: a}}, resp{Body: &message.Provision{Results: []message.Place{{Address: a, NetworkSize: 3, Spares: []peer.Peer{b, c}}, {Address: b}}, Lifetime: 320 * time.Second, NetworkSize: 4}}},
		{"provide with places", req{Kind: message.KindProvide, Body: &message.ProvideRequest{Places: true}}, resp{Body: &message.Provision{}}},
		{"provide after a loss", req{Kind: message.KindProvide, Body: &message.ProvideRequest{Target: a, Places: true, Lost: b}}, resp{Body: &message.Provision{}}},
		{"register", req{Kind: message.KindRegister, Body: &message.RegisterRequest{Target: a}}, resp{Body: &message.Registered{Size: 2}}},
		{"register with a size", req{Kind: message.KindRegister, Body: &message.RegisterRequest{Target: a, NetworkSize: 1234567}}, resp{Body: &message.Registered{}}},
		{"register where draws are by host", req{Kind: message.KindRegister, Body: &message.RegisterRequest{Target: a, NetworkSize: 7, Draw: "host client network /16,/32"}}, resp{Body: &message.Registered{Size: 2, Draw: "host client network /16,/32"}}},
		{"approval info", req{Kind: message.KindApprovalInfo, Body: &message.ApprovalInfoRequest{Action: hard, Key: key}}, resp{Body: &message.ApprovalInfo{Info: hard}}},
		{"check", req{Kind: message.KindApprovalCheck, Body: &message.ApprovalCheckRequest{Action: "client", Key: key, Answer: hard, Approvers: []peer.Peer{a, b}, ClientIP: v6}}, resp{}},
		{"available node", req{Kind: message.KindAvailableNode}, resp{Body: &message.AvailableNode{Address: b}}},
		{"approval key", req{Kind: message.KindApprovalKey, Body: &message.ApprovalKeyRequest{Action: "captcha"}}, resp{Body: &message.ApprovalKey{Approvers: []peer.Peer{c, a}, Key: key, StartedAt: aTime, ClientIP: v4}}},
		{"add", req{Kind: message.KindApprovalAdd, Body: &message.ApprovalAddRequest{Action: "client", Key: key, StartedAt: aTime, Info: &info}}, resp{}},
		{"add without info", req{Kind: message.KindApprovalAdd, Body: &message.ApprovalAddRequest{Action: "client", Key: key, StartedAt: 1795355400000 * time.Millisecond, Info: &empty}}, resp{}},
		{"question", req{Kind: message.KindApprovalQuestion, Body: &message.ApprovalQuestionRequest{Action: "client", Key: key, Confirmed: []peer.Peer{a}, Info: &info}}, resp{Body: &message.ApprovalQuestion{Question: hard}}},
		{"question of no approvers", req{Kind: message.KindApprovalQuestion, Body: &message.ApprovalQuestionRequest{Action: "client", Key: key}}, resp{Body: &message.ApprovalQuestion{}}},
		{"action", req{Kind: message.KindAction, Body: &message.ActionRequest{Proof: proof}}, resp{}},
		{"action without a proof", req{Kind: message.KindAction, Body: &message.ActionRequest{}}, resp{}},
	}
	limit := draw.Limit(10_000, 5)
	list = append(list,
		sample{"entrants", req{Kind: message.KindEntrants, Body: &message.EntrantsRequest{StartedAt: 1795355400000 * time.Millisecond, Limit: limit}}, resp{Body: &message.Entrants{Slaves: []peer.Peer{b, names}}}},
		sample{"entrants of hosts", req{Kind: message.KindEntrants, Body: &message.EntrantsRequest{Limit: draw.Unlimited(), Hosts: true}}, resp{Body: &message.Entrants{Slaves: []peer.Peer{c}, NpmSlaves: true}}},
		sample{"entrants of a draw by host", req{Kind: message.KindEntrants, Body: &message.EntrantsRequest{StartedAt: 1795355400000 * time.Millisecond, Limit: limit, Draw: &draw.Draw{Action: "client", Start: 1795355400000 * time.Millisecond}}}, resp{Body: &message.Entrants{Slaves: []peer.Peer{a, b}, IPs: []netip.Addr{v4, {}}}}},
		sample{"entrants of a salted draw for a client", req{Kind: message.KindEntrants, Body: &message.EntrantsRequest{Limit: limit, Draw: &draw.Draw{Action: hard, Client: v6, Salt: draw.NewSalt([]byte("x"), "client", 0)}}}, resp{Body: &message.Entrants{}}},
		sample{"no entrants", req{Kind: message.KindEntrants, Body: &message.EntrantsRequest{Limit: limit}}, resp{Body: &message.Entrants{}}},
		sample{"branch", req{Kind: message.KindBranch, Body: &message.BranchRequest{Levels: 2}}, resp{Body: &message.BranchOffer{Network: a, Branch: message.Branch{Name: a, Head: b, Size: 7}, Siblings: message.NewBranches([]message.Branch{{Name: a, Head: b, Size: 7}, {Name: c, Head: c}}), NetworkSize: 8}}},
		sample{"branch for a node alone", req{Kind: message.KindBranch, Body: &message.BranchRequest{Levels: 3, Level: 2, NetworkSize: 9, Alone: true}}, resp{Body: &message.BranchOffer{Network: a, Founder: true, Branch: message.Branch{Name: b, Head: b}, Siblings: message.NewBranches(nil)}}},
		sample{"tree", req{Kind: message.KindTree, Body: &message.TreeRequest{}}, resp{Body: &message.Tree{Network: a, Path: []message.Branch{{Name: a, Head: b, Size: 7}}, Lists: []*message.Branches{message.NewBranches([]message.Branch{{Name: a, Head: b, Size: 7}, {Name: c, Head: names, Size: 3}})}}}},
		sample{"tree with the lists", req{Kind: message.KindTree, Body: &message.TreeRequest{Place: true}}, resp{Body: &message.Tree{Network: a, Place: &message.Structure{Address: b, Backlink: a, Slaves: []peer.Peer{c}, Masters: &message.Masters{List: []message.Master{{Peer: a, Size: 1}}, Total: 1}}}}},
		sample{"branch entrants", req{Kind: message.KindBranchEntrants, Body: &message.EntrantsRequest{Level: 2}}, resp{Body: &message.Entrants{Slaves: []peer.Peer{a}}}},
		sample{"tree for a head that searches miss", req{Kind: message.KindTree, Body: &message.TreeRequest{Missed: true}}, resp{Body: &message.Tree{Network: a}}},
		sample{"tree for a head", req{Kind: message.KindTree, Body: &message.TreeRequest{Level: 1, Branch: message.Branch{Name: a, Head: b, Size: 7}}}, resp{Body: &message.Tree{Network: a}}},
		sample{"branch in a network that decides its levels", req{Kind: message.KindBranch, Body: &message.BranchRequest{Levels: message.AutoLevels}}, resp{Body: &message.BranchOffer{Levels: 2, Level: 1, Network: a, Branch: message.Branch{Name: a, Head: b, Size: 7}, Above: []message.Branch{{Name: c, Head: c, Size: 7}}, Siblings: message.NewBranches([]message.Branch{{Name: a, Head: b, Size: 7, Closing: true}}), NetworkSize: 8}}},
		sample{"tree of a network that decides its levels", req{Kind: message.KindTree, Body: &message.TreeRequest{Level: 1, Branch: message.Branch{Name: a, Head: b, Size: 7, Closing: true}}}, resp{Body: &message.Tree{Network: a, Levels: 3}}},
		sample{"leave of a branch", req{Kind: message.KindLeave, Body: &message.LeaveRequest{Gone: true}}, resp{}},
		sample{"leave", req{Kind: message.KindLeave, Body: &message.LeaveRequest{}}, resp{}},
		sample{"leave of a head", req{Kind: message.KindLeave, Body: &message.LeaveRequest{Heir: b}}, resp{}},
		sample{"beacon", req{Kind: message.KindBeacon, Body: &message.BeaconRequest{Turn: 1795355400000 * time.Millisecond, Commit: message.Secret{1}, Reveal: message.Secret{2}, Echo: []message.Reveal{{Peer: a, Value: message.Secret{3}}, {Peer: names, Value: message.Secret{4}}}}}, resp{Body: &message.Beacon{Value: message.Secret{5}}}},
		sample{"beacon of no value", req{Kind: message.KindBeacon, Body: &message.BeaconRequest{}}, resp{Body: &message.Beacon{}}},
		sample{"ages", req{Kind: message.KindAges, Body: &message.AgesRequest{Of: []peer.Peer{a, names}}}, resp{Body: &message.Ages{Began: aTime, Seen: []message.Sighting{{Peer: b, First: aTime}, {Peer: a, First: 1795355400000 * time.Millisecond}}}}},
		sample{"no ages", req{Kind: message.KindAges, Body: &message.AgesRequest{}}, resp{Body: &message.Ages{Seen: []message.Sighting{}}}},
		sample{"no entrants, but npm nodes", req{Kind: message.KindEntrants, Body: &message.EntrantsRequest{Limit: limit}}, resp{Body: &message.Entrants{NpmSlaves: true}}},
	)
	for _, kind := range []message.Kind{message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave, message.KindQuery, message.KindWork} {
		for i, arg := range []any{nil, "a<b", []any{1.5, "x", nil}, 12, true} {
			list = append(list, sample{
				fmt.Sprintf("query %v %d", kind, i),
				req{Kind: kind, Body: &message.QueryRequest{Name: "find it/é", Level: i, Arg: arg}},
				resp{Body: &message.QueryAnswer{Result: arg, Coverage: message.Coverage{Asked: 30, Answered: 29}, Cost: message.Cost{Hops: 3, Fanout: 17}}},
			})
		}
	}
	stream := &message.Stream{Size: 5_000_000_000, Hash: [32]byte{1, 0xab}}
	list = append(list,
		sample{"query behind an approval", req{Kind: message.KindQuery, Body: &message.QueryRequest{Name: "find", Arg: 5, Proof: proof}}, resp{Body: &message.QueryAnswer{}}},
		sample{"direct", req{Kind: message.KindDirect, Body: &message.DirectRequest{Name: "notes.put", Arg: "a<b"}}, resp{Body: &message.DirectAnswer{Result: []any{1.5}}}},
		sample{"direct with a stream", req{Kind: message.KindDirect, Body: &message.DirectRequest{Name: "notes.put", Stream: stream}}, resp{Body: &message.DirectAnswer{}}},
	)
	for i, err := range []error{
		message.Refusal(message.CodeInvalidTarget, ""), &message.Error{Code: "ERR_MUSIC_NONE", Message: hard},
		message.ErrDenied, message.ErrWrongRoot, message.ErrMalformed, message.ErrTimeout, errors.New(hard), &message.Error{Message: "no code"},
	} {
		list = append(list, sample{fmt.Sprintf("refusal %d", i), req{Kind: message.KindRegister, Body: &message.RegisterRequest{Target: b}}, resp{Err: err}})
	}
	for i := range list {
		list[i].req.Timeout = 15991 * time.Millisecond
	}
	return list
}
