package documents

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"spreadable/extensions/documents/schema"
)

// The manual has every key of the file, every route and every operator.
func TestTheManualIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/documents.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, of := range []any{file{}, collectionFile{}, Rights{}, schema.Field{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			words = append(words, f.Tag.Get("yaml"))
		}
	}
	words = append(words, string(Open), string(WithToken), string(Closed), string(Owner))
	for _, o := range operations() {
		words = append(words, o.name)
	}
	words = append(words, "$eq", "$ne", "$eqs", "$nes", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$sw", "$isw", "$ew", "$iew",
		"$lk", "$ilk", "$rx", "$lgt", "$lgte", "$llt", "$llte", "$and", "$or", "$not", "$exists")
	for _, word := range words {
		if word != "-" && !strings.Contains(string(text), "`"+word+"`") {
			t.Errorf("docs/documents.md does not have `%s`", word)
		}
	}
}
