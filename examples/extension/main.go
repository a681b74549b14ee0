// Command extension runs a node with an extension: a notice board. The node is configured
// by the environment, as spreadnode is; SPREADNODE_BOOTSTRAP makes it join a network.
//
//	SPREADNODE_HOSTNAME=127.0.0.1 go run .
//	curl --json '{"topic": "go", "text": "hello"}' http://127.0.0.1:4000/client/board/pin
//	curl http://127.0.0.1:4000/board/go
package main

import (
	"context"
	"log"
	"log/slog"
	"os"
	"os/signal"

	"spreadable/config"
	"spreadable/core/host"
	"spreadable/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	options, err := config.Load(config.Given{Environ: os.Environ()})
	if err != nil {
		return err
	}
	n, err := node.New(node.Options{
		Config: options, Log: slog.Default(), Extensions: []host.Extension{&board{}},
	})
	if err != nil {
		return err
	}
	return n.Run(ctx)
}
