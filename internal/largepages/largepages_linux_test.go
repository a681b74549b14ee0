package largepages

import (
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// What is allocated after Reserve stands in large pages.
func TestReserve(t *testing.T) {
	setting, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || strings.Contains(string(setting), "[never]") {
		t.Skipf("this kernel gives no large pages: %s%v", setting, err)
	}
	const bytes = 2 * least
	Reserve(bytes)
	before := large(t)
	block := make([]byte, bytes/2)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if got := large(t) - before; got < bytes/4 {
		t.Errorf("of %d bytes in use %d are in large pages", len(block), got)
	}
	runtime.KeepAlive(block)
}

// large is how many bytes of the process are in large pages.
func large(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Skipf("this kernel does not tell: %v", err)
	}
	found := regexp.MustCompile(`AnonHugePages: +(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Skip("this kernel does not tell")
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}
