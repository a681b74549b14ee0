package node

import "testing"

// With few descriptors there are fewer connections and calls, and always some left for the
// owner; with enough there are as many as the options say.
func TestConnectionsFitTheDescriptors(t *testing.T) {
	for _, test := range []struct {
		descriptors        uint64
		connections, calls int
	}{
		{0, 8192, 1024}, {1 << 20, 8192, 1024}, {8192 + 2048 + 192, 8192, 1024}, {8192 + 2048 + 191, 8191, 1023 + 1},
		{1024, 0, 0}, {256, 0, 0}, {64, 0, 0}, {32, 0, 0},
	} {
		connections, calls := fit(test.descriptors, 8192, 1024)
		if test.connections == 8192 && (connections != 8192 || calls != 1024) {
			t.Errorf("%d descriptors: %d connections, %d calls", test.descriptors, connections, calls)
		}
		if test.descriptors == 0 {
			continue
		}
		left := int(test.descriptors) - connections - 2*calls
		if connections < 1 || calls < 1 || test.descriptors >= 64 && left < int(min(ownDescriptors, test.descriptors/2)) {
			t.Errorf("%d descriptors: %d connections, %d calls, %d are left", test.descriptors, connections, calls, left)
		}
	}
}
