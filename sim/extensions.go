package sim

import (
	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/core/state"
)

// extensions are the applications on the nodes of a world. What they have of a host is
// touched by the host's partition only.
type extensions struct {
	world *world
	of    func(node int) []host.Extension
	disks []memory.Disk // by host
	kept  []memory.Disk // by stay: what was on the disk at its end; nil without churn
}

// newExtensions returns nil for a run without any.
func newExtensions(w *world, o Options) *extensions {
	if o.Extensions == nil && w.objects == nil {
		return nil
	}
	of := w.objects.extensionsOf
	if o.Extensions != nil {
		of = func(node int) []host.Extension { return append(w.objects.extensionsOf(node), o.Extensions(node)...) }
	}
	x := &extensions{world: w, of: of, disks: make([]memory.Disk, w.nodes)}
	if w.churn != nil {
		x.kept = make([]memory.Disk, len(w.population.Stays()))
	}
	for i := range x.disks {
		x.disks[i].Clock = w.net.Host(i).Now
		x.disks[i].Make = func(extension string, b *memory.Blobs) {
			w.objects.setUp(i, b)
			if o.Disk != nil {
				o.Disk(i, extension, b)
			}
		}
	}
	return x
}

// attach gives a node its extensions, before it starts.
func (x *extensions) attach(node int) error {
	if x == nil || node >= len(x.disks) {
		return nil
	}
	_, err := host.Attach(x.world.node(node), &x.disks[node], x.of(node)...)
	return err
}

// end is called at the end of a stay, with what the node knew if it is kept.
func (x *extensions) end(node, stay int, saved *state.State, crash bool) {
	if x == nil {
		return
	}
	if crash {
		x.disks[node].Crash()
	}
	if saved != nil {
		x.kept[stay].Take(&x.disks[node])
	}
	x.disks[node].Wipe()
	if err := x.attach(node); err != nil {
		panic(err) // it was good when the run began
	}
}

// restore gives a node the disk of an earlier stay.
func (x *extensions) restore(node, stay int) {
	if x != nil {
		x.disks[node].Take(&x.kept[stay])
	}
}
