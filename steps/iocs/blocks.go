package iocs

import "playbook/steps"

// shown is how many rejected entries the report shows.
const shown = 100

func blocks(r Result) []steps.Block {
	facts := &steps.Facts{Items: []steps.Fact{
		{Label: "Addresses", Value: r.Addresses, Unit: steps.Count}, {Label: "Networks", Value: r.Networks, Unit: steps.Count},
		{Label: "Expired, and looked for all the same", Value: r.Expired, Unit: steps.Count},
		{Label: "Listed more than once", Value: r.Duplicates, Unit: steps.Count},
		{Label: "Entries that can match nothing", Value: r.Unusable, Unit: steps.Count},
	}}
	lists := &steps.Table{Title: "Lists", Total: int64(len(r.Files)), Columns: []steps.TableColumn{
		{Name: "file"}, {Name: "format"}, {Name: "size", Unit: steps.Bytes}, {Name: "entries", Unit: steps.Count},
		{Name: "usable", Unit: steps.Count}, {Name: "rejected", Unit: steps.Count}, {Name: "SHA-256"},
	}}
	for _, f := range r.Files {
		lists.Rows = append(lists.Rows, []any{f.Location, f.Format, f.Bytes, f.Entries, f.Indicators, f.Rejected, f.SHA256})
	}
	list := []steps.Block{{Facts: facts}, {Table: lists}}
	if r.Unusable == 0 {
		return list
	}
	rejected := &steps.Table{Title: "Entries that can match nothing", Total: r.Unusable, Columns: []steps.TableColumn{
		{Name: "file"}, {Name: "line", Unit: steps.Count}, {Name: "entry"}, {Name: "why"},
	}}
	for _, e := range r.Rejected[:min(len(r.Rejected), shown)] {
		rejected.Rows = append(rejected.Rows, []any{e.Source, e.Line, e.Text, e.Why})
	}
	return append(list, steps.Block{Table: rejected})
}
