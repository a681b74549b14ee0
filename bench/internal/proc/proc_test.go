package proc

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestProcessorTimeIsReadBehindAnyName(t *testing.T) {
	const stat = "42 (a ) 1 2) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 7 7 20 0 9 0 12345 1000 200 18446744073709551615"
	if got, err := parseProcessorTime(stat); got != 2*time.Second || err != nil {
		t.Errorf("read %v, %v; want 2s", got, err)
	}
	for _, wrong := range []string{"", "42 (x) S 1", strings.Replace(stat, "150", "x", 1)} {
		if got, err := parseProcessorTime(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, got)
		}
	}
}

func TestMemoryOfAProcessIsRead(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc here")
	}
	now, err := Resident(os.Getpid())
	if err != nil || now < 1<<20 {
		t.Errorf("resident are %d bytes, %v", now, err)
	}
	if peak, err := Peak(os.Getpid()); err != nil || peak < now {
		t.Errorf("the peak is %d bytes, %v; now it is %d", peak, err, now)
	}
}
