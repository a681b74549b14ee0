package nettest

import (
	"os"
	"testing"
)

// ShortDir returns a directory like t.TempDir, whose path is short however long the test's
// name is. A socket in it has a path that all systems allow: they stop at some 100 bytes.
func ShortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
