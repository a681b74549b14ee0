package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/client"
	"spreadable/client/music"
	songs "spreadable/extensions/music"
)

// The commands of the music store talk to any node of the network, as a client does.

func songCommand() *cli.Command {
	captcha := []cli.Flag{
		&cli.StringFlag{Name: "answer", Usage: "answer the captcha with `TEXT` instead of asking for it"},
		&cli.PathFlag{Name: "save", Usage: "write its picture to `FILE`, as PNG, replacing what is in it"},
		&cli.BoolFlag{Name: "show", Usage: "draw its picture in the terminal"},
	}
	return ofExtension("music", &cli.Command{
		Name:  "song",
		Usage: "add, find, read and remove songs (needs the extension music)",
		Subcommands: []*cli.Command{
			documented("song", &cli.Command{
				Name: "add", Usage: "add a song to the network", ArgsUsage: "FILE",
				Description: `   Artist and title are those of the file's tags. A song with a similar title is
   the same song: the better recording is played.`,
				Flags: clientFlags(append(captcha, jsonFlag(),
					&cli.BoolFlag{Name: "first", Usage: "it is the best version: takes a captcha"},
					&cli.BoolFlag{Name: "low", Usage: "every other version is better"})...),
				Action: addSong,
			}),
			documented("song", &cli.Command{
				Name: "find", Usage: "find songs by words of artist and title", ArgsUsage: "TEXT",
				Flags: clientFlags(jsonFlag(),
					&cli.StringFlag{Name: "by", Value: "words", Usage: "what TEXT is, a `KIND`: words, artist, or title"},
					&cli.IntFlag{Name: "limit", Value: 20, Usage: "`N` songs at most: 20"}),
				Action: findSongs,
			}),
			documented("song", &cli.Command{
				Name: "get", Usage: "read the audio of a song", ArgsUsage: "TITLE [PATH]",
				Description: `   TITLE is "Artist - Name". Without a path the file goes to the current
   directory. It appears when all its bytes have come and are verified.`,
				Flags: clientFlags(), Action: getSong,
			}),
			documented("song", &cli.Command{
				Name: "stat", Usage: "tell how many copies a song has, and should have", ArgsUsage: "TITLE",
				Flags: clientFlags(jsonFlag()), Action: statSong,
			}),
			documented("song", &cli.Command{
				Name: "rm", Usage: "remove a song from all nodes: takes a captcha", ArgsUsage: "TITLE",
				Flags: clientFlags(captcha...), Action: removeSong,
			}),
		},
	})
}

// listening makes a client of the music store.
func listening(c *cli.Context) (*music.Client, error) {
	o, err := clientOptions(c)
	if err != nil {
		return nil, err
	}
	return music.New(music.Options{
		Addresses: o.Addresses, HTTPS: o.HTTPS, CA: o.CA, Auth: o.Auth, Stall: c.Duration("timeout"),
	})
}

// solved asks the network for a captcha, and a person for its answer.
func solved(c *cli.Context) (*client.Approval, error) {
	file, err := openPicture(c.String("save"))
	if err != nil {
		return nil, inputError{fmt.Errorf("flag --save: %w", err)}
	}
	defer file.close()
	network, err := connect(c)
	if err != nil {
		return nil, err
	}
	defer network.Close()
	q, err := network.ApprovalQuestion(c.Context, "captcha", nil)
	if err != nil {
		return nil, err
	}
	if err := present(c, q, file); err != nil {
		return nil, err
	}
	text, err := answerTo(c, q)
	if err != nil {
		return nil, err
	}
	return q.Answer(text), nil
}

func addSong(c *cli.Context) error {
	if err := takes(c, 1, 1, "file"); err != nil {
		return err
	}
	first, low := c.Bool("first"), c.Bool("low")
	if first && low {
		return inputError{errors.New("--first and --low say the opposite: give one of them")}
	}
	if flag := firstSet(c, []string{"answer", "save", "show"}); flag != "" && !first {
		return inputError{fmt.Errorf("--%s is for a captcha, and only --first takes one", flag)}
	}
	if _, err := os.Stat(c.Args().First()); err != nil {
		return inputError{err}
	}
	store, err := listening(c)
	if err != nil {
		return err
	}
	wish := music.Wish{}
	if low {
		wish.Priority = songs.Low
	}
	if first {
		if wish.Approval, err = solved(c); err != nil {
			return err
		}
	}
	added, err := store.AddFile(c.Context, c.Args().First(), wish)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, added)
	}
	fmt.Fprintf(c.App.Writer, "title   %s\naudio   %s\n", added.Title, added.Audio)
	if added.Wanted > 0 {
		fmt.Fprintf(c.App.Writer, "copies  %d of %d so far\n", added.Copies, added.Wanted)
	}
	if !added.Best {
		_, err = fmt.Fprintln(c.App.Writer, "a better version is played")
	}
	return err
}

func findSongs(c *cli.Context) error {
	if err := takes(c, 1, 1, "text"); err != nil {
		return err
	}
	if c.Int("limit") < 1 {
		return inputError{errors.New("--limit: want 1 or more")}
	}
	store, err := listening(c)
	if err != nil {
		return err
	}
	ask := store.Find
	switch c.String("by") {
	case "words":
	case "artist":
		ask = store.By
	case "title":
		ask = store.Titled
	default:
		return inputError{fmt.Errorf("--by: want words, artist or title, not %.40q", c.String("by"))}
	}
	found, err := ask(c.Context, c.Args().First(), c.Int("limit"))
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, found)
	}
	for _, s := range found.Songs {
		fmt.Fprintf(c.App.Writer, "%s  %3d kbit/s  %s\n", playingTime(&s), s.Quality.BitRate/1000, s.Title)
	}
	if silent := found.Coverage.Asked - found.Coverage.Answered; silent > 0 {
		fmt.Fprintf(c.App.ErrWriter, "%d of %d nodes have not answered\n", silent, found.Coverage.Asked)
	}
	return nil
}

// playingTime is minutes and seconds.
func playingTime(s *music.Song) string {
	seconds := int(s.Quality.Duration.Round(time.Second).Seconds())
	return fmt.Sprintf("%3d:%02d", seconds/60, seconds%60)
}

// onSong runs an action on the song that the first argument names, its title.
func onSong(c *cli.Context, most int, act func(store *music.Client, song *music.Song) error) error {
	if err := takes(c, 1, most, "title"); err != nil {
		return err
	}
	store, err := listening(c)
	if err != nil {
		return err
	}
	found, err := store.Titled(c.Context, c.Args().First(), 1)
	switch {
	case err != nil:
		return err
	case len(found.Songs) > 0:
		return act(store, &found.Songs[0])
	case found.Coverage.Answered < found.Coverage.Asked:
		return fmt.Errorf("no song of this title; %d of %d nodes have not answered", found.Coverage.Asked-found.Coverage.Answered, found.Coverage.Asked)
	}
	return errors.New("no song of this title")
}

func getSong(c *cli.Context) error {
	return onSong(c, 2, func(store *music.Client, song *music.Song) error {
		path := c.Args().Get(1)
		if path == "" {
			if path = fileName(song); path == "" {
				return inputError{errors.New("the title is no name of a file: give a path")}
			}
			if err := mustBeNew(path); err != nil {
				return err
			}
		}
		if err := store.AudioFile(c.Context, song, path); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.App.Writer, path)
		return err
	})
}

// fileName is the name of a song's file in the current directory; "" if the title, which a
// stranger has written, makes none.
func fileName(s *music.Song) string {
	name := strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(s.Title) + "." + string(s.Kind)
	if strings.HasPrefix(name, ".") || name != filepath.Base(name) || !filepath.IsLocal(name) {
		return ""
	}
	return name
}

func statSong(c *cli.Context) error {
	if err := takes(c, 1, 1, "title"); err != nil {
		return err
	}
	store, err := listening(c)
	if err != nil {
		return err
	}
	stat, err := store.Stat(c.Context, c.Args().First())
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, stat)
	}
	w := c.App.Writer
	fmt.Fprintf(w, "title     %s\nversions  %d\nrecords   %d of %d\naudio     %d of %d\n",
		stat.Title, stat.Versions, stat.Records, stat.Wanted, stat.Audio, stat.Wanted)
	if stat.Hit.Cover != "" {
		_, err = fmt.Fprintf(w, "cover     %d of %d\n", stat.Cover, stat.Wanted)
	}
	return err
}

func removeSong(c *cli.Context) error {
	return onSong(c, 1, func(store *music.Client, song *music.Song) error {
		fmt.Fprintf(c.App.ErrWriter, "to be removed: %s\n", song.Title)
		approval, err := solved(c)
		if err != nil {
			return err
		}
		versions, err := store.Remove(c.Context, song.Song, approval)
		if err == nil {
			_, err = fmt.Fprintf(c.App.Writer, "removed %s, versions: %d\n", song.Title, versions)
		}
		return err
	})
}
