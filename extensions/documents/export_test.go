package documents

import (
	"net/netip"

	"spreadable/core/host"
	"spreadable/extensions/documents/selection"
)

// GiveUp has a node give up its copy of a document, if it finds that the keepers have it.
func (s *Store) GiveUp(t *host.Task, collection, key string, keepers []string) {
	c, err := s.shelf(collection)
	if err != nil {
		panic(err)
	}
	r := c.get(key)
	s.giveUpSome(t, c, []surplus{{c, key, r.Version, r.size(), keepers}})
}

// FindFor is Find for a client of a host.
func (s *Store) FindFor(t *host.Task, client netip.Addr, collection string, q selection.Query) (page Page, err error) {
	err = s.inTurn(t, client, func() (err error) {
		page, err = s.Find(t, collection, q)
		return err
	})
	return page, err
}

// Question is that of a query for documents, as nodes send it to each other.
func Question(collection string, q selection.Query) any { return &wantedSome{collection, q} }
