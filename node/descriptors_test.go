package node

import "testing"

// With few descriptors there are fewer connections and calls, and always some left for the
// owner; with enough there are as many as the options say.
func TestConnectionsFitTheDescriptors(t *testing.T) {
	const all = 2048 + 8192 + 2*1024 + ownDescriptors
	for _, descriptors := range []int{0, 1 << 20, all, all - 1, 4096, 1024, 256, 64, 32} {
		connections, silent, calls := fit(uint64(descriptors), 2048, 8192, 1024)
		asWanted := connections == 2048 && silent == 8192 && calls == 1024
		if enough := descriptors == 0 || descriptors >= all; enough != asWanted {
			t.Errorf("%d descriptors: %d and %d connections, %d calls", descriptors, connections, silent, calls)
		}
		if descriptors == 0 {
			continue
		}
		left := descriptors - connections - silent - 2*calls
		if connections < 1 || silent < 1 || calls < 1 || descriptors >= 64 && left < min(ownDescriptors, descriptors/2) {
			t.Errorf("%d descriptors: %d and %d connections, %d calls, %d are left", descriptors, connections, silent, calls, left)
		}
	}
}
