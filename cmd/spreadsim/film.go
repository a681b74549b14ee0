package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"spreadable/sim/film"
	"spreadable/sim/result"
)

// listenFlag says where the page of a run is served.
func listenFlag() cli.Flag {
	return &cli.StringFlag{Name: "listen", Value: "127.0.0.1:0",
		Usage: "serve the page at `ADDRESS`, an address and a port of this machine; port 0 is any free one. A browser that can reach it can see the run (default: 127.0.0.1:0)"}
}

func filmLimitFlag() cli.Flag {
	return &cli.IntFlag{Name: "film-limit", Value: film.DefaultLimit >> 20,
		Usage: "keep films below `N` MB, from 1 to 1000, before they are compressed; what has no space is left out and counted (default: " + strconv.Itoa(film.DefaultLimit>>20) + ")"}
}

// filmOptions reads --film-limit.
func filmOptions(c *cli.Context) (*film.Options, error) {
	if n := c.Int("film-limit"); n < 1 || n > 1000 {
		return nil, fmt.Errorf("flag --film-limit: expected a number of MB from 1 to 1000, not %d", n)
	}
	return &film.Options{Limit: c.Int("film-limit") << 20}, nil
}

// filmOf reads the flags of run; nil without a film.
func filmOf(c *cli.Context) (*film.Options, error) {
	web := c.Bool("web")
	switch {
	case !web && c.IsSet("listen"):
		return nil, errors.New("flag --listen: is for the page, which --web shows")
	case !web && !c.Bool("film") && c.IsSet("film-limit"):
		return nil, errors.New("flag --film-limit: is for a film, which --film and --web record")
	case web && c.Args().Len() > 1:
		return nil, fmt.Errorf("flag --web: a page shows one run: expected one scenario file, not %d", c.Args().Len())
	case !web && !c.Bool("film"):
		return nil, nil
	}
	return filmOptions(c)
}

// course is a recorder of a job's film; nil without.
func (j job) course() *film.Recorder {
	if j.film == nil {
		return nil
	}
	return film.New(*j.film)
}

// filmed is the file of a film; without one, that of an earlier run is removed.
func filmed(r *film.Recorder) result.Extra {
	file := result.Extra{Files: []string{film.File}}
	if r != nil {
		file.Write = func(dir string) error { return film.Write(r.Film(), dir) }
	}
	return file
}

// filmLost says that a film is not whole.
func (j job) filmLost(c *cli.Context, r *film.Recorder) {
	if r == nil {
		return
	}
	if frames, requests, steps := r.Lost(); frames+requests+steps > 0 {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: %s: the film leaves out %s frames, %s requests, and %s faults and attacks: it is limited to %d MB (--film-limit)\n",
			j.scenario.Name, count(frames), count(requests), count(steps), j.film.Limit>>20)
	}
}
