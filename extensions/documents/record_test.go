package documents

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// Records of format 1 are read for ever: these are bytes that a node of this version wrote.
func TestRecordsOfFormatOneAreRead(t *testing.T) {
	version := "018bcfe95fb400007d440f95d3494fae"
	signature := strings.Repeat("ab", 64)
	for text, want := range map[string]Record{
		"0100" + version + hex.EncodeToString([]byte(`{"id":"a"}`)): {Document: []byte(`{"id":"a"}`)},
		"0101" + version: {Deleted: true},
		"0102" + version + signature + hex.EncodeToString([]byte(`{"id":"a"}`)): {Document: []byte(`{"id":"a"}`), Signature: bytes.Repeat([]byte{0xab}, 64)},
		"0103" + version + signature: {Deleted: true, Signature: bytes.Repeat([]byte{0xab}, 64)},
	} {
		value, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := decodeRecord(`"a"`, value)
		if !ok || r.Version.String() != version || r.Deleted != want.Deleted || !bytes.Equal(r.Document, want.Document) || !bytes.Equal(r.Signature, want.Signature) {
			t.Errorf("%s is read as %+v", text, r)
		}
		if again := r.encode(); !bytes.Equal(again, value) {
			t.Errorf("%x is written as %x", value, again)
		}
	}
	if _, ok := decodeRecord(`"a"`, append([]byte{2, 0}, make([]byte, 16)...)); ok {
		t.Error("a record of another format is read")
	}
}

// Whatever a client sends becomes a document with one key in one form, or is refused; and
// whatever a bucket holds is a record, or none.
func FuzzShape(f *testing.F) {
	f.Add([]byte(`{"id": "\u0061", "n": 1.0}`))
	f.Add([]byte(`{"id": 0, "x": "<"}`))
	c := &Collection{Name: "things"}
	if err := c.fill(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, ok := decodeRecord("k", text); ok && text[1] <= flagDeleted|flagSigned && !r.Deleted && !bytes.Equal(r.encode(), text) {
			t.Errorf("the record %x becomes %x", text, r.encode())
		}
		key, document, err := c.shape(text, func() string { return `"made"` })
		if err != nil {
			return
		}
		again, same, err := c.shape(document, func() string { return `"other"` })
		if err != nil || again != key || !bytes.Equal(same, document) || !isKey(key) {
			t.Errorf("%s becomes %s with the key %s, and that %s with %s, %v", text, document, key, same, again, err)
		}
	})
}
