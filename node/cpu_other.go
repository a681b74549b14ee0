//go:build !unix

package node

import "time"

// processTime is not known on this system: the node always says that its processor is
// idle.
func processTime() time.Duration { return 0 }
