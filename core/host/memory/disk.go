package memory

import (
	"time"

	"spreadable/core/host"
)

// Disk is the host.World of one simulated machine. It outlasts the lives of its node. The
// zero value is ready.
type Disk struct {
	// Clock tells the time; nil is always 0.
	Clock func() time.Duration
	// Make sets up the blobs of an extension when they are first used; nil leaves them
	// without limits.
	Make func(extension string, b *Blobs)
	// Line gets what extensions log; nil drops it.
	Line func(extension string, level host.Level, text string, args []any)

	buckets map[string]*Bucket
	blobs   map[string]*Blobs
}

var _ host.World = (*Disk)(nil)

// BucketOf is the bucket of an extension, and BlobsOf its blobs.
func (d *Disk) BucketOf(extension string) *Bucket {
	b := d.buckets[extension]
	if b == nil {
		if d.buckets == nil {
			d.buckets = make(map[string]*Bucket)
		}
		b = new(Bucket)
		d.buckets[extension] = b
	}
	return b
}

// BlobsOf is the place for the blobs of an extension.
func (d *Disk) BlobsOf(extension string) *Blobs {
	b := d.blobs[extension]
	if b == nil {
		if d.blobs == nil {
			d.blobs = make(map[string]*Blobs)
		}
		b = &Blobs{Now: d.Clock}
		if d.Make != nil {
			d.Make(extension, b)
		}
		d.blobs[extension] = b
	}
	return b
}

// Bucket implements host.World.
func (d *Disk) Bucket(extension string) host.Bucket { return d.BucketOf(extension) }

// Blobs implements host.World.
func (d *Disk) Blobs(extension string) host.Blobs { return d.BlobsOf(extension) }

// Log implements host.World.
func (d *Disk) Log(extension string, level host.Level, text string, args ...any) {
	if d.Line != nil {
		d.Line(extension, level, text, args)
	}
}

// Crash loses all that was written and not committed, as a crash of the machine does.
func (d *Disk) Crash() {
	for _, b := range d.blobs { // order-free: each on its own
		b.Crash()
	}
}

// Take moves everything from another disk to this one.
func (d *Disk) Take(from *Disk) {
	d.buckets, d.blobs = from.buckets, from.blobs
	for _, b := range d.blobs { // order-free: each on its own
		b.Now = d.Clock
	}
	from.Wipe()
}

// Wipe empties the disk, for a machine that comes back without its data.
func (d *Disk) Wipe() { d.buckets, d.blobs = nil, nil }
