package host

import (
	"slices"
	"time"

	"spreadable/core"
)

// job is work in the background.
type job struct {
	name  string
	every time.Duration
	run   func(t *Task)
}

// Every runs a procedure again and again, with a pause between the end of one run and the
// beginning of the next. The first begins at a random moment of the first pause, so that
// nodes that start together do not work together.
func (h *Host) Every(name string, pause time.Duration, run func(t *Task)) {
	taken := slices.ContainsFunc(h.jobs, func(j *job) bool { return j.name == name })
	if !h.declare("job", name, taken) {
		return
	}
	if pause <= 0 || run == nil {
		h.fail("job %q: it needs a pause and a procedure", name)
		return
	}
	h.jobs = append(h.jobs, &job{name, pause, h.performed("job "+name, run)})
}

// OnStart runs a procedure once the node has started: from then on there are a Bucket and
// Blobs.
func (h *Host) OnStart(procedure func(t *Task)) { h.node.OnStart(h.performed("start", procedure)) }

// Later runs a procedure after a time.
func (h *Host) Later(d time.Duration, procedure func(t *Task)) {
	h.node.Later(d, h.performed("later", procedure))
}

// begin starts the jobs of all hosts when the node starts.
func begin(n *core.Node, hosts []*Host) {
	for _, h := range hosts {
		for _, j := range h.jobs {
			n.OnStart(func(*Task) {
				first := time.Duration(h.Rand().Int64N(int64(j.every)))
				n.Later(first, j.again(n))
			})
		}
	}
}

// again is the procedure that runs a job and plans the next run.
func (j *job) again(n *core.Node) func(t *Task) {
	return func(t *Task) {
		j.run(t)
		n.Later(j.every, j.again(n))
	}
}
