package core

import (
	"testing"

	"spreadable/core/message"
)

// Each kind of request has a handler, and it is of the sort that the kind's row says.
func TestEachKindHasAHandler(t *testing.T) {
	for kind := range message.NumKinds {
		h := &handlers[kind]
		if leaf := h.leaf != nil; leaf == (h.procedure != nil) || leaf != kind.Leaf() {
			t.Errorf("%s: leaf %t, procedure %t, and its row says leaf %t", kind, leaf, h.procedure != nil, kind.Leaf())
		}
	}
}
