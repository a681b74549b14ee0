//go:build !unix

package node

func maxDescriptors() uint64 { return 0 }
