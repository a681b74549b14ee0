package files_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"spreadable/client/files"
	"spreadable/config"
	"spreadable/core/host"
	store "spreadable/extensions/files"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// exampleNode is a network of one node on this machine.
func exampleNode() (*node.Node, error) {
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		return nil, err
	}
	c := config.Defaults()
	c.Hostname, c.Port = "127.0.0.1", uint16(ports[0])
	s, err := store.New(store.Options{})
	if err != nil {
		return nil, err
	}
	n, err := node.New(node.Options{Config: c, Ephemeral: true, Extensions: []host.Extension{s}})
	if err != nil {
		return nil, err
	}
	go n.Run(context.Background()) // until Stop
	return n, n.Ready(context.Background())
}

// Store a file, read it again, and remove it.
func Example() {
	n, err := exampleNode()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Stop()
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "hello.txt")
	if err := os.WriteFile(path, []byte("hello, files\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	c, err := files.New(files.Options{Addresses: []string{n.Address()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := c.PutFile(ctx, path, files.Wish{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stored.Key, stored.Type)
	if err := c.GetFile(ctx, stored.Key, filepath.Join(dir, "copy.txt")); err != nil {
		fmt.Println(err)
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "copy.txt"))
	fmt.Printf("%s%v\n", text, err)
	copies, err := c.Remove(ctx, stored.Key, stored.Token)
	fmt.Println(copies, err)
	// Output:
	// de87f09feb74b4bc17d5209e2d50276aae7fc6f8f0bb7b84a111e6f81a3a79c1 text/plain; charset=utf-8
	// hello, files
	// <nil>
	// 1 <nil>
}
