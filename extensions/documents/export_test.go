package documents

import "spreadable/core/host"

// GiveUp has a node give up its copy of a document, if it finds that the keepers have it.
func (s *Store) GiveUp(t *host.Task, collection, key string, keepers []string) {
	c, err := s.shelf(collection)
	if err != nil {
		panic(err)
	}
	r := c.get(key)
	s.giveUpSome(t, c, []surplus{{c, key, r.Version, r.size(), keepers}})
}
