package memory

import (
	"testing"
	"time"
)

// A disk that takes all of another one has what that had, at its own time; the other one is
// empty, like one that was wiped.
func TestADiskTakesAllOfAnother(t *testing.T) {
	from, to := &Disk{}, &Disk{Clock: func() time.Duration { return 7 * time.Second }}
	blobs, bucket := from.BlobsOf("shelf"), from.Bucket("shelf")
	to.Take(from)
	if to.BlobsOf("shelf") != blobs || to.Bucket("shelf") != bucket || blobs.Now() != 7*time.Second {
		t.Error("what the disk takes is not what the other one had")
	}
	if from.BlobsOf("shelf") == blobs || from.Bucket("shelf") == bucket {
		t.Error("the other disk has it, too")
	}
	if to.Wipe(); to.BlobsOf("shelf") == blobs || to.Bucket("shelf") == bucket {
		t.Error("a wiped disk has what it had")
	}
}
