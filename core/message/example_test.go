package message_test

import (
	"fmt"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A node reads the body of a request with Asked: the type belongs to the kind.
func ExampleAsked() {
	req := &message.Request{Kind: message.KindRegister, Body: &message.RegisterRequest{Target: peer.FromID(7), NetworkSize: 40}}
	body := message.Asked[message.RegisterRequest](req)
	fmt.Println(req.Kind, body.Target.ID(), body.NetworkSize)
	// Output: register 7 40
}

// The node that asked reads the body of the answer with As, which also gives the reason
// when there is none.
func ExampleAs() {
	for _, resp := range []message.Response{
		{Body: &message.Registered{Size: 6}},
		message.Refuse(message.CodeMasterFull),
		{Err: message.ErrTimeout},
	} {
		answer, err := message.As[message.Registered](resp)
		switch {
		case message.IsRefusal(err, message.CodeMasterFull):
			fmt.Println("try the next place:", err)
		case err != nil:
			fmt.Println("failed:", err)
		default:
			fmt.Println("registered as one of", answer.Size)
		}
	}
	// Output:
	// registered as one of 6
	// try the next place: master is full
	// failed: request timed out
}
