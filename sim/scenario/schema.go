package scenario

import (
	"embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"spreadable/sim/result"
)

// sources are the files whose comments describe the keys. Embedding them lets one
// text serve the reader of the code and the editor of a scenario.
//
//go:embed scenario.go network.go classes.go churn.go leave.go stores.go faults.go attacks.go workload.go
var sources embed.FS

// Schema returns the JSON Schema (2020-12) of scenario files, for editors that
// complete and check YAML.
func Schema() []byte {
	schema := reflector().Reflect(&Scenario{})
	schema.Title = "Scenario of spreadsim"
	addDefaults(schema, defaultsOf(reflect.ValueOf(bareScenario()).Elem()))
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		// The schema of a fixed type: it marshals always or never, and the tests run it.
		panic(fmt.Sprintf("scenario: marshal the schema: %v", err))
	}
	return append(text, '\n')
}

// reflector makes schemas of structs, by their tags and comments.
func reflector() *jsonschema.Reflector {
	docs := fieldDocs()
	return &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		ExpandedStruct:             true,
		DoNotReference:             true,
		Anonymous:                  true,
		Mapper:                     mapType,
		LookupComment: func(t reflect.Type, field string) string {
			comment := docs[t.Name()+"."+field]
			if f, found := t.FieldByName(field); found && t == reflect.TypeFor[Latency]() {
				return describeLatency(comment, f.Tag.Get("yaml"))
			}
			return describeChurn(comment)
		},
	}
}

// mapType gives the schema of the types that are written with a unit or in a
// form of their own, and leaves the others to the library.
func mapType(t reflect.Type) *jsonschema.Schema {
	switch {
	case t == durationType:
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern, Examples: []any{"16s", "5m20s"}}
	case t == rateType:
		return &jsonschema.Schema{Type: "string", Pattern: ratePattern, Examples: []any{"5Mbit/s", "1Gbit/s"}}
	case t == sizeType:
		return &jsonschema.Schema{Type: "string", Pattern: sizePattern, Examples: []any{"10kB", "1GB"}}
	case t == expectationsType:
		return expectSchema()
	case t == latencyModelType:
		schema := &jsonschema.Schema{Type: "string"}
		for _, name := range latencyModels(latencyRows()) {
			schema.Enum = append(schema.Enum, name)
		}
		return schema
	case isItems(t):
		return itemsSchema(reflect.New(t.Elem()).Interface())
	case t == sweepType.Elem():
		return sweepSchema()
	case t == repeatType.Elem():
		return repeatSchema()
	case t == timesType:
		return &jsonschema.Schema{Type: "array", Items: mapType(durationType)}
	case t == numberType:
		return &jsonschema.Schema{Type: "number"}
	case t == sharesType:
		return sharesSchema()
	case t.Kind() == reflect.Float64:
		return &jsonschema.Schema{Type: "string", Pattern: sharePattern, Examples: []any{"20%"}}
	case t.Kind() == reflect.Uint64:
		return &jsonschema.Schema{Type: "integer", Minimum: "0", Maximum: "18446744073709551615"}
	}
	return nil
}

// sharesSchema takes any name with a share.
func sharesSchema() *jsonschema.Schema {
	share := &jsonschema.Schema{Type: "string", Pattern: sharePattern, Examples: []any{"20%"}}
	return &jsonschema.Schema{Type: "object", PatternProperties: map[string]*jsonschema.Schema{".": share},
		AdditionalProperties: jsonschema.FalseSchema}
}

// sweepSchema takes lists and ranges of values for the paths of keys, zip, and where.
func sweepSchema() *jsonschema.Schema {
	values := &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "array"}, {Type: "object"}}}
	return &jsonschema.Schema{
		Type:                 "object",
		PatternProperties:    map[string]*jsonschema.Schema{`^(?!where$)[a-z_]+(\.[A-Za-z0-9_ ]+)*$`: values, `^where$`: {Type: "string"}},
		AdditionalProperties: jsonschema.FalseSchema,
		Examples:             []any{map[string]any{"nodes": []int{100, 1000}}},
	}
}

// repeatSchema is a number, or how well numbers must be known.
func repeatSchema() *jsonschema.Schema {
	count := &jsonschema.Schema{Type: "integer", Minimum: "1", Maximum: json.Number(fmt.Sprint(MaxRepetitions))}
	most := &jsonschema.Schema{Type: "integer", Minimum: json.Number(fmt.Sprint(LeastJudged)), Maximum: count.Maximum}
	share := &jsonschema.Schema{Type: "string", Pattern: sharePattern, Examples: []any{"2%"}}
	until := &jsonschema.Schema{Type: "object", AdditionalProperties: share}
	properties := jsonschema.NewProperties()
	properties.Set("until", until)
	properties.Set("max", most)
	precise := &jsonschema.Schema{Type: "object", Properties: properties, Required: []string{"until"},
		AdditionalProperties: jsonschema.FalseSchema}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{count, precise}}
}

// itemsSchema is a list of groups of keys, each as the item.
func itemsSchema(of any) *jsonschema.Schema {
	item := reflector().Reflect(of)
	item.Version = "" // that of the whole
	return &jsonschema.Schema{Type: "array", Items: item}
}

// expectSchema names every number of the summary, for completion; the numbers
// in lists, whose paths hold an index, and the counts of errors, whose paths
// hold a name, are covered by patterns.
func expectSchema() *jsonschema.Schema {
	condition := &jsonschema.Schema{Type: "string", Pattern: conditionSchemaPattern,
		Examples: []any{"<= 3", "0.9 .. 1.1"}}
	properties := jsonschema.NewProperties()
	for _, path := range result.Paths() {
		properties.Set(path, condition)
	}
	return &jsonschema.Schema{
		Type:       "object",
		Properties: properties,
		PatternProperties: map[string]*jsonschema.Schema{`\.[0-9]+\.`: condition,
			`\.errors\.[A-Z][A-Z0-9_]*$`: condition},
		AdditionalProperties: jsonschema.FalseSchema,
	}
}

// bareScenario is a scenario in which nothing was given, defaults filled in.
func bareScenario() *Scenario {
	s := &Scenario{source: positions{}}
	s.fillDefaults()
	return s
}

// defaultsOf returns the values of a struct by key, as they are written.
func defaultsOf(v reflect.Value) map[string]any {
	defaults := map[string]any{}
	for f := range v.Type().Fields() {
		key, field := f.Tag.Get("yaml"), v.FieldByIndex(f.Index)
		switch {
		case key == "" || field.Type() == expectationsType || field.Type() == sharesType:
		case field.Kind() == reflect.Struct:
			defaults[key] = defaultsOf(field)
		case field.Kind() == reflect.Bool || !field.IsZero():
			defaults[key] = plain(field)
		}
	}
	return defaults
}

// addDefaults writes the defaults into the properties they belong to.
func addDefaults(schema *jsonschema.Schema, defaults map[string]any) {
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		switch value := defaults[pair.Key].(type) {
		case nil:
		case map[string]any:
			addDefaults(pair.Value, value)
		default:
			pair.Value.Default = value
		}
	}
}

// fieldDocs reads the comments of this package's structs: "Type.Field" to
// text, in one line.
func fieldDocs() map[string]string {
	docs := map[string]string{}
	files, err := sources.ReadDir(".")
	if err != nil {
		return docs // they are part of the program
	}
	for _, f := range files {
		text, err := sources.ReadFile(f.Name())
		if err != nil {
			return docs
		}
		addFieldDocs(docs, f.Name(), text)
	}
	return docs
}

// addFieldDocs reads the comments of one file.
func addFieldDocs(docs map[string]string, name string, text []byte) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
	if err != nil {
		return // this very file was compiled, so it parses
	}
	ast.Inspect(file, func(n ast.Node) bool {
		declared, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if fields, ok := declared.Type.(*ast.StructType); ok {
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					docs[declared.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
				}
			}
		}
		return false
	})
}
