package latency_test

import (
	"testing"

	"spreadable/transport/inmem/latency"
)

// What is wrong in a file is said of its line, and by what is wrong with it.
func TestFilesThatCannotBeAreBlamedAtTheirLine(t *testing.T) {
	servers, err := latency.ReadServers("servers", []byte("id,name\n1,a\n2,b\n"))
	if err != nil {
		t.Fatal(err)
	}
	square := func(text string) error { _, err := latency.ReadSquare("file", []byte(text)); return err }
	pings := func(text string) error { _, err := latency.ReadPings("file", []byte(text), servers); return err }
	list := func(text string) error { _, err := latency.ReadServers("file", []byte(text)); return err }
	for _, c := range []struct {
		read       func(string) error
		text, want string
	}{
		{pings, "source,destination,avg\n1,2,0\n", `file:2: a round trip of 0 between two servers, "1" and "2"`},
		{pings, "source,destination,avg\n1,2,20\n1,1,0\n", ""},
		{list, "id,name\n", "file: no server below the names of the columns"},
		{square, ",a,b\na,1,Inf\nb,1,1\n", `file:2: from a to b: expected a latency in ms, not "Inf"`},
		{square, ",a,b\na,1,1e12\nb,1,1\n", "file:2: from a to b: a latency of 1e12ms is above 1h0m0s"},
		{square, ",a,b\na,1,1e400\nb,1,1\n", "file:2: from a to b: a latency of 1e400ms is above 1h0m0s"},
		{square, ",a,b\na,1,4e6\nb,1,1\n", "file:2: from a to b: a latency of 4e6ms is above 1h0m0s"},
		{square, ",a,b\na,1,1e1\nb,1,1\n", `file:2: from a to b: expected a latency in ms, not "1e1"`},
	} {
		if err := c.read(c.text); (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%q\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}
