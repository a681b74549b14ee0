package store

import (
	"bytes"
	"encoding/binary"

	"fmt"
	"hash/fnv"
	"io"
)

// This file reads a bbolt file that may be damaged. bbolt trusts its pages: one flipped
// bit makes it walk out of its memory map, which ends the process with a stack trace, or
// worse, take a page in use for a free one and write over it. So before bbolt opens a
// file, each page that it would reach is checked here: that it has the kind it claims,
// lies inside the file, is reached only once, and has its keys in order. The format is
// bbolt's, version 2, unchanged since 2014.

// image is a file that is read one page at a time.
type image struct {
	file     io.ReaderAt
	pageSize uint64
	root     uint64 // page of the root bucket
	pages    uint64 // in use: their ids are below it
	met      []bool // pages that the walk has visited
}

const (
	pageHeaderSize = 16
	elementSize    = 16 // of leaf and branch elements alike
	metaSize       = 64
	metaMagic      = 0xED0CDAED
	metaVersion    = 2
	maxPageSize    = 64 << 10 // of any system

	branchPage    = 0x01
	leafPage      = 0x02
	bucketElement = 0x01
)

var native = binary.NativeEndian

// readImage finds the meta page of the last transaction. One of the two may be torn by a
// power cut, in the middle of a transaction; such a transaction was never acknowledged.
func readImage(file io.ReaderAt, size int64) (*image, error) {
	head := make([]byte, min(size, maxPageSize+pageHeaderSize+metaSize))
	if _, err := file.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	var newest []byte
	foundMagic := false
	for pageSize := uint64(1024); pageSize <= maxPageSize; pageSize <<= 1 {
		for at := uint64(0); at <= pageSize; at += pageSize {
			meta, magic := metaAt(head, at, pageSize)
			foundMagic = foundMagic || magic
			if meta != nil && (newest == nil || txid(meta) > txid(newest)) {
				newest = meta
			}
		}
	}
	switch {
	case newest == nil && foundMagic:
		return nil, fmt.Errorf("%w: no readable meta page", ErrDamaged)
	case newest == nil:
		return nil, ErrForeign
	}
	m := &image{
		file: file, pageSize: uint64(native.Uint32(newest[8:])),
		root: native.Uint64(newest[16:]), pages: native.Uint64(newest[40:]),
	}
	if m.pages > uint64(size)/m.pageSize {
		return nil, fmt.Errorf("%w: %d bytes long, want %d pages of %d", ErrDamaged, size, m.pages, m.pageSize)
	}
	return m, nil
}

// metaAt returns the meta page at an offset, or nil if there is no valid one for that
// page size; magic reports whether the offset holds a meta page's magic number at all.
func metaAt(head []byte, at, pageSize uint64) (meta []byte, magic bool) {
	at += pageHeaderSize
	if at+metaSize > uint64(len(head)) {
		return nil, false
	}
	meta = head[at : at+metaSize]
	if native.Uint32(meta) != metaMagic {
		return nil, false
	}
	h := fnv.New64a()
	h.Write(meta[:metaSize-8])
	good := native.Uint32(meta[4:]) == metaVersion &&
		uint64(native.Uint32(meta[8:])) == pageSize && native.Uint64(meta[56:]) == h.Sum64()
	if !good {
		return nil, true
	}
	return meta, true
}

func txid(meta []byte) uint64 { return native.Uint64(meta[48:]) }

// walk visits all records, bucket by bucket, in order of keys.
func (m *image) walk(visit func(bucket, key, value []byte) error) error {
	m.met = make([]bool, m.pages)
	return m.tree(m.root, span{}, func(name, header []byte, isBucket bool) error {
		if !isBucket {
			return fmt.Errorf("%w: a record outside of buckets", ErrForeign)
		}
		if len(header) < 16 {
			return fmt.Errorf("%w: bucket %.40q has no header", ErrDamaged, name)
		}
		record := func(key, value []byte, isBucket bool) error {
			if isBucket {
				return fmt.Errorf("%w: a bucket in bucket %.40q", ErrForeign, name)
			}
			return visit(name, key, value)
		}
		if root := native.Uint64(header); root != 0 {
			return m.tree(root, span{}, record)
		}
		// so small that it lies in its parent's page
		return m.leaf(page{id: 0, bytes: header[16:]}, span{}, record)
	})
}

// element is called for each element of the leaves.
type element func(key, value []byte, isBucket bool) error

// span bounds the keys of a page, as the pages above give it: from low on, and below high
// unless it is nil.
type span struct{ low, high []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

// page is a page with all its overflow pages, header included.
type page struct {
	id    uint64
	bytes []byte
}

func (p page) flags() uint16 { return native.Uint16(p.bytes[8:]) }
func (p page) count() int    { return int(native.Uint16(p.bytes[10:])) }

// slot returns the i-th element.
func (p page) slot(i int) []byte { return p.bytes[pageHeaderSize+i*elementSize:][:elementSize] }

// part returns a piece of an element's content, which lies at an offset from the element,
// or false when it would lie outside of the page.
func (p page) part(i int, offset, size uint64) ([]byte, bool) {
	at := uint64(pageHeaderSize+i*elementSize) + offset
	if at > uint64(len(p.bytes)) || size > uint64(len(p.bytes))-at {
		return nil, false
	}
	return p.bytes[at : at+size], true
}

func (p page) damaged(what string) error {
	return fmt.Errorf("%w: page %d: %s", ErrDamaged, p.id, what)
}

// page reads and checks the page with an id, and marks it as visited.
func (m *image) page(id uint64) (page, error) {
	p := page{id: id}
	if id < 2 || id >= m.pages {
		return p, p.damaged("out of bounds")
	}
	at := int64(id * m.pageSize)
	p.bytes = make([]byte, m.pageSize)
	if _, err := m.file.ReadAt(p.bytes, at); err != nil {
		return p, err
	}
	overflow := uint64(native.Uint32(p.bytes[12:]))
	if native.Uint64(p.bytes) != id {
		return p, p.damaged("calls itself another")
	}
	if overflow >= m.pages-id {
		return p, p.damaged("longer than the file")
	}
	for i := id; i <= id+overflow; i++ {
		if m.met[i] {
			return p, p.damaged("used twice")
		}
		m.met[i] = true
	}
	if overflow == 0 {
		return p, nil
	}
	p.bytes = make([]byte, (overflow+1)*m.pageSize)
	_, err := m.file.ReadAt(p.bytes, at)
	return p, err
}

// tree walks a tree of pages. Its depth is bounded, because no page is visited twice.
func (m *image) tree(id uint64, within span, visit element) error {
	p, err := m.page(id)
	if err != nil {
		return err
	}
	switch p.flags() {
	case leafPage:
		return m.leaf(p, within, visit)
	case branchPage:
		return m.branch(p, within, visit)
	}
	return p.damaged("neither branch nor leaf")
}

func (m *image) branch(p page, within span, visit element) error {
	keys, err := p.keys(within, func(slot []byte) (uint64, uint64) {
		return uint64(native.Uint32(slot)), uint64(native.Uint32(slot[4:]))
	})
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return p.damaged("a branch without children")
	}
	for i, key := range keys {
		below := span{low: key, high: within.high}
		if i+1 < len(keys) {
			below.high = keys[i+1]
		}
		if err := m.tree(native.Uint64(p.slot(i)[8:]), below, visit); err != nil {
			return err
		}
	}
	return nil
}

func (m *image) leaf(p page, within span, visit element) error {
	if len(p.bytes) < pageHeaderSize || p.flags() != leafPage {
		return p.damaged("no leaf")
	}
	keys, err := p.keys(within, func(slot []byte) (uint64, uint64) {
		return uint64(native.Uint32(slot[4:])), uint64(native.Uint32(slot[8:]))
	})
	if err != nil {
		return err
	}
	for i, key := range keys {
		slot := p.slot(i)
		flags := native.Uint32(slot)
		offset := uint64(native.Uint32(slot[4:])) + uint64(native.Uint32(slot[8:]))
		value, ok := p.part(i, offset, uint64(native.Uint32(slot[12:])))
		if !ok || flags > bucketElement {
			return p.damaged("a value out of bounds")
		}
		if err := visit(key, value, flags == bucketElement); err != nil {
			return err
		}
	}
	return nil
}

// keys returns the keys of all elements. Place reads from an element the offset and size
// of its key.
func (p page) keys(within span, place func(slot []byte) (offset, size uint64)) ([][]byte, error) {
	if p.count() > (len(p.bytes)-pageHeaderSize)/elementSize {
		return nil, p.damaged("too many elements")
	}
	keys := make([][]byte, p.count())
	for i := range keys {
		offset, size := place(p.slot(i))
		key, ok := p.part(i, offset, size)
		switch {
		case !ok:
			return nil, p.damaged("a key out of bounds")
		case !within.holds(key) || i > 0 && bytes.Compare(key, keys[i-1]) <= 0:
			return nil, p.damaged("keys out of order")
		}
		keys[i] = key
	}
	return keys, nil
}
