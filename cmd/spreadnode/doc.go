package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/client/documents"
	"spreadable/config"
)

// tokenVariable holds the secret of a collection: not a flag, which all users can read.
const tokenVariable = "SPREADNODE_TOKEN"

func docCommand() *cli.Command {
	return ofExtension("documents", &cli.Command{
		Name: "doc", Usage: "read and write documents, at any node",
		Subcommands: []*cli.Command{
			docCommandOf("add", "write a document, if there is none of its key", "COLLECTION DOCUMENT", `   DOCUMENT is a JSON object, or - for standard input. Without a key it gets a
   random one.`, addDocument),
			docCommandOf("put", "write a document, whether there is one of its key or not", "COLLECTION DOCUMENT", "",
				putDocument, &cli.StringFlag{Name: "if-version", Usage: "only if it has this `VERSION` now"}),
			docCommandOf("get", "print documents by key, a line each", "COLLECTION KEY...", keysHelp, getDocuments),
			docCommandOf("find", "print the documents of a query, a line each", "COLLECTION", "", findDocuments, queryFlags(true)...),
			docCommandOf("count", "count documents", "COLLECTION", "", countDocuments, filterFlag()),
			docCommandOf("change", "set fields of a document, or of those of a filter", "COLLECTION [KEY] FIELDS",
				`   FIELDS is a JSON object. With --filter there is no KEY.`, changeDocuments, filterFlag()),
			docCommandOf("rm", "forget documents: by key, or those that match a filter", "COLLECTION [KEY...]", keysHelp, removeDocuments, filterFlag()),
			docCommandOf("stat", "tell how many copies documents have, and should have", "COLLECTION KEY...", keysHelp, statDocuments),
			docCommandOf("check", "tell how many documents have too few copies, and which", "COLLECTION", "",
				checkDocuments, filterFlag()),
			docCommandOf("import", "write documents from a file with one in each line", "COLLECTION [FILE]",
				`   Without FILE, or with -, from standard input. Shows the lines that are
   refused.`, importDocuments,
				&cli.BoolFlag{Name: "replace", Usage: "write also those that are there"}),
			docCommandOf("export", "print all documents, or those of a query, a line each", "COLLECTION", "", exportDocuments, queryFlags(false)...),
		},
	})
}

const keysHelp = `   KEY is a number or a text; a text that looks like a number goes in quotes of
   JSON: '"7"'.`

// docCommandOf makes one of the commands, which all ask a node as clients do.
func docCommandOf(name, usage, arguments, description string, action func(*cli.Context, *documents.Collection) error, own ...cli.Flag) *cli.Command {
	flags := endpointFlags(append(own,
		&cli.StringFlag{Name: "node", Usage: "the node to ask, at `HOST:PORT` (default: the node that runs here)"},
		&cli.PathFlag{Name: "token-file", Usage: "the collection's token is in `FILE` (or in " + tokenVariable + ")"})...)
	for _, o := range config.Options() {
		if slices.Contains(approveKeys[:], o.Key) {
			flags = append(flags, optionFlag(o, ""))
		}
	}
	most := 2
	switch name {
	case "get", "rm", "stat":
		most = 1 + documents.MaxBatch
	case "change":
		most = 3
	case "find", "count", "check", "export":
		most = 1
	}
	return documented("doc", &cli.Command{
		Name: name, Usage: usage, ArgsUsage: arguments, Description: description, Flags: flags,
		Action: func(c *cli.Context) error {
			least := strings.Count(arguments, " ") + 1 - strings.Count(arguments, "[")
			if err := takes(c, least, most, "argument: "+arguments); err != nil {
				return err
			}
			return withCollection(c, action)
		},
	})
}

// withCollection does something with the collection that the first argument names.
func withCollection(c *cli.Context, action func(*cli.Context, *documents.Collection) error) error {
	token := os.Getenv(tokenVariable)
	if path := c.Path("token-file"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return inputError{fmt.Errorf("flag --token-file: %w", err)}
		}
		token = strings.TrimSpace(string(text))
	}
	network, err := connect(c)
	if err != nil {
		return err
	}
	defer network.Close()
	return action(c, documents.Open(network, c.Args().First(), token))
}

func filterFlag() cli.Flag {
	check := func(_ *cli.Context, text string) error {
		if text != "" && !json.Valid([]byte(text)) {
			return inputError{fmt.Errorf(`--filter: want JSON, such as {"year": {"$gte": 1990}}, not %.60q`, text)}
		}
		return nil
	}
	return &cli.StringFlag{Name: "filter", Usage: "those that match `JSON`, such as {\"year\": {\"$gte\": 1990}}", Action: check}
}

func queryFlags(limited bool) []cli.Flag {
	flags := []cli.Flag{
		filterFlag(),
		&cli.StringFlag{Name: "sort", Usage: "by these `FIELDS`, with commas; -field is descending"},
		&cli.StringFlag{Name: "fields", Usage: "only these `FIELDS`, with commas"},
	}
	if limited {
		flags = append(flags, &cli.IntFlag{Name: "offset", Usage: "leave out the first `N`"},
			&cli.IntFlag{Name: "limit", Value: 100, Usage: "`N` at most: 100"})
	}
	return flags
}

// query is what the flags ask for. Without a flag limit it has none: export goes through all
// pages.
func query(c *cli.Context) documents.Query {
	list := func(name string) []string {
		if text := c.String(name); text != "" {
			return strings.Split(text, ",")
		}
		return nil
	}
	return documents.Query{
		Filter: filterOf(c), Sort: list("sort"), Fields: list("fields"), Offset: c.Int("offset"), Limit: c.Int("limit"),
	}
}

func filterOf(c *cli.Context) json.RawMessage {
	if text := c.String("filter"); text != "" {
		return json.RawMessage(text)
	}
	return nil
}

// keyOf reads a key as people write it.
func keyOf(text string) json.RawMessage {
	var value any
	if json.Unmarshal([]byte(text), &value) == nil {
		switch value.(type) {
		case float64, string:
			return json.RawMessage(text)
		}
	}
	quoted, _ := json.Marshal(text) // a text always has JSON
	return quoted
}

// documentOf is the JSON of an argument, or of standard input.
func documentOf(c *cli.Context, text string) (json.RawMessage, error) {
	if text == "-" {
		data, err := io.ReadAll(io.LimitReader(c.App.Reader, 1<<20))
		if err != nil {
			return nil, err
		}
		text = string(data)
	}
	if !json.Valid([]byte(text)) {
		return nil, inputError{fmt.Errorf("want a document as JSON, such as {\"id\": 1}, not %.60q", text)}
	}
	return json.RawMessage(text), nil
}

func addDocument(c *cli.Context, all *documents.Collection) error {
	document, err := documentOf(c, c.Args().Get(1))
	if err != nil {
		return err
	}
	result, err := all.Add(c.Context, document)
	return printResult(c, result, err)
}

func putDocument(c *cli.Context, all *documents.Collection) error {
	document, err := documentOf(c, c.Args().Get(1))
	if err != nil {
		return err
	}
	if text := c.String("if-version"); text != "" {
		var v documents.Version
		if err := v.UnmarshalText([]byte(text)); err != nil {
			return inputError{fmt.Errorf("flag --if-version: %w", err)}
		}
		result, err := all.PutIf(c.Context, document, v)
		return printResult(c, result, err)
	}
	result, err := all.Put(c.Context, document)
	return printResult(c, result, err)
}

func printResult(c *cli.Context, result documents.Result, err error) error {
	if err != nil {
		return err
	}
	return printLine(c, result)
}

// printLine prints a value as one line of JSON.
func printLine(c *cli.Context, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		_, err = fmt.Fprintf(c.App.Writer, "%s\n", text)
	}
	return err
}

func keysOf(c *cli.Context) (keys []json.RawMessage) {
	for _, text := range c.Args().Tail() {
		keys = append(keys, keyOf(text))
	}
	return keys
}

// getDocuments prints documents only, without versions, so that its output can be imported.
func getDocuments(c *cli.Context, all *documents.Collection) error {
	keys := keysOf(c)
	list, err := all.GetMany(c.Context, keys)
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := printLine(c, d.Document); err != nil {
			return err
		}
	}
	return missing(len(keys) - len(list))
}

// missing makes the command fail if documents were not there, after those that were have been
// printed.
func missing(count int) error {
	if count > 0 {
		return fmt.Errorf("%s not there", plural(count, "document"))
	}
	return nil
}

func statDocuments(c *cli.Context, all *documents.Collection) error {
	keys := keysOf(c)
	list, err := all.Stat(c.Context, keys)
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := printLine(c, d); err != nil {
			return err
		}
	}
	return missing(len(keys) - len(list))
}

// shownShort is how many documents doc check names.
const shownShort = 20

func checkDocuments(c *cli.Context, all *documents.Collection) error {
	count, short := 0, 0
	err := all.Check(c.Context, filterOf(c), func(d documents.Document) {
		count++
		if d.Copies >= d.Wanted {
			return
		}
		if short++; short <= shownShort {
			fmt.Fprintf(c.App.Writer, "%s: %d of %d copies\n", d.Key, d.Copies, d.Wanted)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%s, %d with too few copies\n", plural(count, "document"), short)
	if short > 0 {
		return errReported
	}
	return nil
}

func findDocuments(c *cli.Context, all *documents.Collection) error {
	if c.Int("limit") < 1 {
		return inputError{errors.New("flag --limit: want 1 or more; doc export prints all")}
	}
	return exportDocuments(c, all)
}

func exportDocuments(c *cli.Context, all *documents.Collection) error {
	_, err := all.Export(c.Context, query(c), c.App.Writer)
	return err
}

func countDocuments(c *cli.Context, all *documents.Collection) error {
	count, exact, err := all.Count(c.Context, filterOf(c))
	if err != nil {
		return err
	}
	about := ""
	if !exact {
		about = "about "
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s%d\n", about, count)
	return err
}

func changeDocuments(c *cli.Context, all *documents.Collection) error {
	filter, byKey := filterOf(c), c.Args().Len() == 3
	if byKey == (filter != nil) {
		return inputError{errors.New("doc change: want a key and fields, or --filter and fields")}
	}
	set, err := documentOf(c, c.Args().Get(c.Args().Len()-1))
	if err != nil {
		return err
	}
	if byKey {
		result, err := all.Change(c.Context, keyOf(c.Args().Get(1)), set)
		return printResult(c, result, err)
	}
	changed, more, err := all.ChangeWhere(c.Context, filter, set)
	return printCount(c, "changed", changed, more, err)
}

func removeDocuments(c *cli.Context, all *documents.Collection) error {
	filter, keys := filterOf(c), c.Args().Tail()
	if (len(keys) > 0) == (filter != nil) {
		return inputError{errors.New("doc rm: want keys, or --filter")}
	}
	if filter != nil {
		deleted, more, err := all.DeleteWhere(c.Context, filter)
		return printCount(c, "forgotten", deleted, more, err)
	}
	// One by one, so that each takes its turn among the writes of its key: a batch does not.
	for _, key := range keys {
		result, err := all.Delete(c.Context, keyOf(key))
		if err := printResult(c, result, err); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func printCount(c *cli.Context, what string, count int, more bool, err error) error {
	if err != nil {
		return err
	}
	rest := ""
	if more {
		rest = "; there may be more: do it again"
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s %s%s\n", plural(count, "document"), what, rest)
	return err
}

func importDocuments(c *cli.Context, all *documents.Collection) error {
	in := c.App.Reader
	if path := c.Args().Get(1); path != "" && path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return inputError{err}
		}
		defer file.Close()
		in = file
	}
	refused := 0
	count, err := all.Import(c.Context, in, c.Bool("replace"), func(r documents.Refused) {
		refused++
		fmt.Fprintf(c.App.ErrWriter, "line %d: %s\n", r.Line, r.Message)
	})
	fmt.Fprintf(c.App.Writer, "%s written\n", plural(count, "document"))
	if err == nil && refused > 0 {
		err = fmt.Errorf("%s refused", plural(refused, "line"))
	}
	return err
}
