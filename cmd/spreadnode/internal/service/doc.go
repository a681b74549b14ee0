// Package service is a node as spreadnode runs it: the core on the real wire (transport/http), its state in a data
// directory (store), and the door for its owner (admin), put together from one set of options (config).
//
//	running, err := service.Start(ctx, service.Options{Config: options, Log: logger})
//	...
//	err = running.Close(ctx)
//
// What the node must remember is on disk before anybody hears of it: the transport saves after every step of the node
// and before the step's answers and requests leave the process. So a killed node goes on with what it has said.
package service
