package latency

import (
	"math/rand/v2"
	"time"
)

// Constant is a latency that never varies.
type Constant time.Duration

// Draw implements Model.
func (c Constant) Draw(_, _ uint32, _ *rand.Rand) time.Duration { return time.Duration(c) }

// Min implements Model.
func (c Constant) Min() time.Duration { return time.Duration(c) }

// Mean implements Model.
func (c Constant) Mean() time.Duration { return time.Duration(c) }

// Max implements Model.
func (c Constant) Max() time.Duration { return time.Duration(c) }

// At implements Distribution.
func (c Constant) At(uint64) time.Duration { return time.Duration(c) }
