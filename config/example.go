package config

import (
	"fmt"
	"strings"
)

// Example returns a configuration file that sets nothing: every option with its default,
// its meaning and its npm name, all in comments. To set an option, remove the # in front
// of it.
func Example() string {
	var b strings.Builder
	b.WriteString("# Options of a Spreadable node: spreadnode run --config FILE.\n" +
		"# Options in comments have the default that is shown. A flag (--sync-interval) comes\n" +
		"# first, then the environment (SPREADNODE_SYNC_INTERVAL), then this file.\n")
	group := ""
	for _, o := range Options() {
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(&b, "\n# ---- %s\n", group)
		}
		fmt.Fprintf(&b, "\n# %s.\n# %s", upperFirst(o.Usage), o.Unit)
		if o.Npm != "" {
			fmt.Fprintf(&b, " (npm: %s)", o.Npm)
		}
		if o.Default != "" {
			fmt.Fprintf(&b, "\n#%s: %s\n", o.Key, yamlText(o.Default))
		} else {
			fmt.Fprintf(&b, "\n#%s:   # default: %s\n", o.Key, o.Depends)
		}
	}
	return b.String()
}

// yamlText quotes texts that YAML would take for something else.
func yamlText(text string) string {
	if strings.HasPrefix(text, "#") {
		return `"` + text + `"`
	}
	return text
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
