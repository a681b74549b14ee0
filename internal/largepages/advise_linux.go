package largepages

import "golang.org/x/sys/unix"

const supported = true

// advise marks a block. Failing is no error: some kernels have no large pages.
func advise(block []byte) { _ = unix.Madvise(block, unix.MADV_HUGEPAGE) }
