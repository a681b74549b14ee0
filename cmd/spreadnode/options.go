package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
	"spreadable/config"
)

// Options of a node as flags.

func fileFlag() cli.Flag {
	return &cli.PathFlag{Name: "config", Usage: "read options from `FILE` (or SPREADNODE_CONFIG)"}
}

// nodeFlags are all options of a node.
func nodeFlags() []cli.Flag {
	flags := []cli.Flag{fileFlag()}
	for _, o := range config.Options() {
		if o.Secret {
			continue
		}
		flags = append(flags, optionFlag(o, o.Group))
	}
	return flags
}

// endpointKeys are the options by which a running node is found.
var endpointKeys = [...]string{"port", "data", "admin", "admin_token_file"}

// endpointFlagNames are the names of their flags.
func endpointFlagNames() []string {
	var names []string
	for _, o := range config.Options() {
		if slices.Contains(endpointKeys[:], o.Key) {
			names = append(names, o.Flag())
		}
	}
	return names
}

// endpointFlags are the flags by which a running node is found.
func endpointFlags(own ...cli.Flag) []cli.Flag {
	flags := append(own, fileFlag())
	for _, o := range config.Options() {
		if slices.Contains(endpointKeys[:], o.Key) {
			flags = append(flags, optionFlag(o, ""))
		}
	}
	return append(flags, &cli.DurationFlag{Name: "timeout", Value: 30 * time.Second,
		Usage: "give up after `DURATION` (default: 30s)", Action: positive("timeout")})
}

// positive refuses a flag's duration that is not above 0.
func positive(name string) func(*cli.Context, time.Duration) error {
	return func(_ *cli.Context, d time.Duration) error {
		if d <= 0 {
			return inputError{fmt.Errorf("flag --%s: want more than 0s, not %v", name, d)}
		}
		return nil
	}
}

func optionFlag(o config.Option, category string) cli.Flag {
	standard := o.Default
	if standard == "" {
		standard = o.Depends
	}
	usage := fmt.Sprintf("%s (default: %s)", o.Usage, standard)
	if o.IsSwitch() {
		return &cli.BoolFlag{Name: o.Flag(), Usage: usage, Category: category}
	}
	value := "VALUE"
	for _, kind := range [][2]string{
		{"duration", "DURATION"}, {"list", "LIST"}, {"size", "SIZE"}, {"path;", "PATH"}, {"text", "TEXT"},
		{"1 to 65535", "PORT"}, {"host:port", "HOST:PORT"}, {"host", "HOST"}, {"IP", "IP"},
	} {
		// whole words: "text, json" are two values
		if strings.HasPrefix(o.Unit+" ", kind[0]+" ") {
			value = kind[1]
			break
		}
	}
	if value == "VALUE" {
		usage = fmt.Sprintf("%s (%s; default: %s)", o.Usage, o.Unit, standard)
	}
	usage = "`" + value + "` " + usage
	if o.IsList() {
		return &cli.StringSliceFlag{Name: o.Flag(), Usage: usage, Category: category}
	}
	return &cli.StringFlag{Name: o.Flag(), Usage: usage, Category: category}
}

// given collects the options of the command line and the environment.
func given(c *cli.Context) config.Given {
	flags := map[string]string{}
	for _, o := range config.Options() {
		name := o.Flag()
		switch {
		case name == "" || !c.IsSet(name):
		case o.IsSwitch():
			flags[o.Key] = strconv.FormatBool(c.Bool(name))
		case o.IsList():
			flags[o.Key] = strings.Join(c.StringSlice(name), ",")
		default:
			flags[o.Key] = c.String(name)
		}
	}
	return config.Given{Flags: flags, Environ: os.Environ(), File: c.String("config")}
}

// nodeConfig reads all options of a node and completes them.
func nodeConfig(from config.Given) (*config.Config, error) {
	options, err := config.Load(from)
	if err == nil {
		err = options.Resolve(config.LastIPv4)
	}
	switch {
	case errors.Is(err, config.ErrMachine):
		return nil, err // not bad input: a service manager may try again
	case err != nil:
		return nil, inputError{err}
	}
	return options, nil
}

// warn warns of unknown variables that look like options, and of options that have no
// effect.
func warn(c *cli.Context, options *config.Config) {
	for _, name := range config.UnknownVariables(os.Environ()) {
		fmt.Fprintf(c.App.ErrWriter, "spreadnode: warning: unknown environment variable %s\n", name)
	}
	for _, idle := range options.Idle() {
		fmt.Fprintf(c.App.ErrWriter, "spreadnode: warning: %s\n", idle)
	}
}

// localNode reads the options that say where the running node is.
func localNode(c *cli.Context) (*config.Config, error) {
	options, err := config.Load(given(c))
	if err == nil {
		err = options.FillPaths()
	}
	if err != nil {
		return nil, inputError{err}
	}
	return options, nil
}

// owner returns a client of the running node.
func owner(c *cli.Context) (*admin.Client, error) {
	options, err := localNode(c)
	if err != nil {
		return nil, err
	}
	if options.Admin == config.AdminOff {
		return nil, inputError{fmt.Errorf("admin is off (%s): the node has no local endpoint to ask",
			options.Origin("admin"))}
	}
	endpoint, token := admin.ParseEndpoint(options.Admin), ""
	if endpoint.Network == "tcp" {
		if token, err = admin.ReadToken(options.AdminTokenFile); err != nil {
			return nil, err
		}
	}
	return admin.NewClient(endpoint, token), nil
}
