//go:build !unix

package node

import "time"

// processTime is not known here: the node always tells that its processor is idle.
func processTime() time.Duration { return 0 }
