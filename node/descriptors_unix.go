//go:build unix

package node

import "syscall"

// maxDescriptors is how many files and connections the process may have open: 0 if that is
// unknown. Go has raised the soft limit to the hard one at the start.
func maxDescriptors() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}
