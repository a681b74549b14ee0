package music

import "encoding/json"

// Record is the document of a version of a song, as a member can write it.
func Record(song string, v Version) []byte {
	r := record{ID: idOf(song, &v), Format: format, Song: song, Version: v}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return text
}
