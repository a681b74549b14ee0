// Package config reads the options of a node: from the command line, the environment, a
// file in YAML, and the defaults. Each of these takes precedence over those after it. It
// knows where every value came from, and says so in its errors.
//
//	given := config.Given{Flags: map[string]string{"port": "4001"}, Environ: os.Environ(), File: "spreadnode.yaml"}
//	options, err := config.Load(given)
//	if err == nil {
//		err = options.Resolve(config.LastIPv4)
//	}
//
// An option has one name, from which the others follow: sync_interval in the file is
// --sync-interval on the command line and SPREADNODE_SYNC_INTERVAL in the environment.
// [Options] is the table of all of them, with the names that the npm package spreadable
// has for them; the manual and the help texts are made from it.
//
// The file is read strictly: an unknown key, a key given twice or a value without its
// unit is an error with file, line and column. A value on the command line or in the
// environment has the same text as in the file; the items of a list have commas between
// them there.
//
// A password is never shown: it has no flag, since the list of processes is public, and
// [Config.Settings] masks it.
package config
