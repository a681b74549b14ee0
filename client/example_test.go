package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"

	"spreadable/client"
)

// exampleNode is a network of one node on this machine, with an endpoint behind each kind
// of approval.
func exampleNode() (*node, error) {
	return newNode("127.0.0.1", "", nil)
}

// Ask the network for something: connect to whichever of the addresses is there, and send
// a request to an endpoint of an application.
func Example() {
	n, err := exampleNode()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close(context.Background())

	ctx := context.Background()
	// nothing listens at the first
	c, err := client.Connect(ctx, client.Options{Addresses: []string{"localhost:1", n.address}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	var found struct{ Address string }
	err = c.Request(ctx, "get-available-node", nil, &found, client.Repeatable())
	fmt.Println(found.Address == n.address, err)
	// Output: true <nil>
}

// Take an action that is behind an approval of kind "client". The question is the IP
// address that the network sees, and it is its own answer.
func ExampleClient_ApprovalQuestion() {
	n, err := exampleNode()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close(context.Background())

	ctx := context.Background()
	c, err := client.Connect(ctx, client.Options{Addresses: []string{n.address}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	question, err := c.ApprovalQuestion(ctx, "client", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the network sees", question.Text)
	approval := question.Answer(question.Text)
	body := map[string]string{"title": "a song"}
	fmt.Println("first:", c.Request(ctx, "write-client", body, nil, client.WithApproval(approval)))
	err = c.Request(ctx, "write-client", body, nil, client.WithApproval(approval))
	fmt.Println("again:", errors.Is(err, client.CodeWrongAnswer))
	// Output:
	// the network sees 127.0.0.1
	// first: <nil>
	// again: true
}

// Take an action that is behind a captcha: get the picture, show it to a person, send
// what the person reads.
func ExampleQuestion_Picture() {
	n, err := exampleNode()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close(context.Background())

	ctx := context.Background()
	c, err := client.Connect(ctx, client.Options{Addresses: []string{n.address}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	question, err := c.ApprovalQuestion(ctx, "captcha", client.Captcha{Width: 300, Background: "#ffffff"})
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := question.Picture()
	if err != nil {
		fmt.Println(err)
		return
	}
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	fmt.Println(size.Width, size.Height, err)
	approval := question.Answer(person(n, question)) // a person reads the picture
	fmt.Println(c.Request(ctx, "write-captcha", nil, nil, client.WithApproval(approval)))
	// Output:
	// 300 50 <nil>
	// <nil>
}

// person reads a captcha by asking the one approver for what it has drawn.
func person(n *node, q *client.Question) string {
	text, err := answerOf(n, q.Key)
	if err != nil {
		return err.Error()
	}
	return text
}

// Errors of nodes carry the codes of the wire, those of applications included.
func ExampleError() {
	n, err := exampleNode()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close(context.Background())

	ctx := context.Background()
	c, err := client.Connect(ctx, client.Options{Addresses: []string{n.address}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	err = c.Request(ctx, "write-client", nil, nil)
	var refused *client.Error
	switch {
	case errors.Is(err, client.CodeApprovalRequired):
		fmt.Println("get an approval first")
	case errors.As(err, &refused):
		fmt.Println(refused.Status, refused.Message)
	}
	err = c.Request(ctx, "no-such-endpoint", nil, nil)
	if errors.As(err, &refused) {
		fmt.Println(refused.Status, refused.Message)
	}
	// Output:
	// get an approval first
	// 404 Not found route "/client/no-such-endpoint"
}
