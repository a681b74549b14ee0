package draw

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Start returns the start of the period that now falls into. Both are times
// since the Unix epoch, so that all nodes with about the same clock agree. The
// period must be positive; on the wire a start is a whole number of
// milliseconds, so the period should be one too.
func Start(now, period time.Duration) time.Duration {
	return now.Truncate(period)
}

// Valid reports whether start is the start of the current period or of the one
// before it. An approval asked for at the end of a period can thus still be
// used in the next: it lives for one to two periods.
func Valid(start, now, period time.Duration) bool {
	current := Start(now, period)
	return start == current || start == current-period
}

// Key returns the token under which the approvers of one draw keep what they
// know of one client: 32 hex digits. It depends on the client (its IP as the
// entry node sees it), the action, the start of the period, the entry node and the
// approvers in ranked order. No other node recomputes a key. An npm entry node gives its
// address only, and so gives all clients of an IP one key in a period. Ours add to it
// what makes each key another.
func Key(clientIP, action string, start time.Duration, entry string, approvers []string) string {
	parts := append([]string{clientIP, action, millis(start), entry}, approvers...)
	sum := md5.Sum([]byte(strings.Join(parts, "+")))
	return hex.EncodeToString(sum[:])
}

// Batch returns how many addresses to ping at once while some of count approvers are
// missing: as many as are missing and, since some will not answer, the square root
// of the count in reserve. Larger batches waste pings, smaller ones waste time.
func Batch(missing, count int) int {
	return missing + ceilSqrt(count)
}

// millis writes a start as it is on the wire: in milliseconds.
func millis(start time.Duration) string {
	return strconv.FormatInt(start.Milliseconds(), 10)
}
