//go:build !linux

package largepages

const supported = false

func advise([]byte) {}
