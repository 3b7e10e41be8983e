package steps

import (
	"encoding/json"
	"math"
)

// Block is one thing a report shows of a result. Exactly one field is set.
// All text in it is data from outside: renderers escape every string.
type Block struct {
	Table   *Table   `json:"table,omitempty"`
	Facts   *Facts   `json:"facts,omitempty"`
	Text    *Text    `json:"text,omitempty"`
	Code    *Code    `json:"code,omitempty"`
	Chart   *Chart   `json:"chart,omitempty"`
	Diagram *Diagram `json:"diagram,omitempty"`
}

// Table is a list of rows, possibly only the first of many.
type Table struct {
	Title   string        `json:"title,omitempty"`
	Columns []TableColumn `json:"columns"`
	Rows    [][]any       `json:"rows"`
	Total   int64         `json:"total"`          // rows that exist, shown or not
	File    string        `json:"file,omitempty"` // evidence path of all rows
}

// TableColumn names a column and says how its numbers are to be read.
type TableColumn struct {
	Name string `json:"name"`
	Unit Unit   `json:"unit,omitempty"`
}

// Unit tells a renderer how to print a number for people.
type Unit string

const (
	Bytes   Unit = "bytes"
	Count   Unit = "count"
	Seconds Unit = "seconds"
)

// Facts is a short list of labelled values.
type Facts struct {
	Title string `json:"title,omitempty"`
	Items []Fact `json:"items"`
}

// Fact is one labelled value.
type Fact struct {
	Label string `json:"label"`
	Value any    `json:"value"`
	Unit  Unit   `json:"unit,omitempty"`
}

// Text is plain prose: paragraphs separated by empty lines, no markup.
type Text struct {
	Title string `json:"title,omitempty"`
	Body  string `json:"body"`
}

// Code is shown as it is, highlighted in Language ("sql", "json", "shell").
type Code struct {
	Title    string `json:"title,omitempty"`
	Language string `json:"language"`
	Source   string `json:"source"`
}

// Chart is a picture of numbers: x is a time (time.Time) or a label (string).
type Chart struct {
	Title  string   `json:"title,omitempty"`
	Shape  string   `json:"shape"` // "line" or "bar"
	Unit   Unit     `json:"unit,omitempty"`
	X      []any    `json:"x"`
	Series []Series `json:"series"`
	// Limits are levels to compare the values with, as the threshold of an alarm.
	Limits []Limit `json:"limits,omitempty"`
}

// Limit is a horizontal line in a chart.
type Limit struct {
	Label string  `json:"label"`
	Y     float64 `json:"y"`
}

// Series is one line or set of bars; Y has a value for each X of its chart.
type Series struct {
	Name string `json:"name"`
	Y    Values `json:"y"`
}

// Values are numbers of which NaN is one that is not there: null in JSON, which has no
// word for it.
type Values []float64

// MarshalJSON implements json.Marshaler.
func (v Values) MarshalJSON() ([]byte, error) {
	list := make([]*float64, len(v))
	for i := range v {
		if !math.IsNaN(v[i]) && !math.IsInf(v[i], 0) {
			list[i] = &v[i]
		}
	}
	return json.Marshal(list)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Values) UnmarshalJSON(text []byte) error {
	var list []*float64
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*v = make(Values, len(list))
	for i, value := range list {
		(*v)[i] = math.NaN()
		if value != nil {
			(*v)[i] = *value
		}
	}
	return nil
}

// Diagram is a picture of things and what connects them: a network, or who talks to
// whom. Groups nest (a subnet in a VPC); a node or group without a Group stands at the
// top. IDs are unique over groups and nodes.
type Diagram struct {
	Title  string         `json:"title,omitempty"`
	Groups []DiagramGroup `json:"groups,omitempty"`
	Nodes  []DiagramNode  `json:"nodes"`
	Edges  []DiagramEdge  `json:"edges,omitempty"`
}

// DiagramGroup is a box around nodes and other groups.
type DiagramGroup struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Kind  string `json:"kind,omitempty"` // in a word: "VPC", "public subnet"
	Group string `json:"group,omitempty"`
}

// DiagramNode is one thing. Mark draws the eye to it, by how grave it is ("" is not).
type DiagramNode struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Kind  string   `json:"kind,omitempty"` // in a word: "instance", "internet"
	Group string   `json:"group,omitempty"`
	Mark  Severity `json:"mark,omitempty"`
}

// DiagramEdge connects two nodes, or groups, in the direction of the traffic. Weight
// compares the edges of one diagram; 0 for all is equal.
type DiagramEdge struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	Label  string   `json:"label,omitempty"`
	Weight float64  `json:"weight,omitempty"`
	Mark   Severity `json:"mark,omitempty"`
}
