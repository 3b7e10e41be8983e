package athena

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// cursor answers any statement with the same rows.
type cursor struct {
	columns []steps.Column
	rows    [][]any
	quality steps.Quality
	failure error // after the rows
	asked   string
	next    int
}

func (c *cursor) Query(_ context.Context, statement string) (steps.Rows, error) {
	c.asked = statement
	return c, nil
}
func (c *cursor) Columns() []steps.Column { return c.columns }
func (c *cursor) Stats() steps.QueryStats { return steps.QueryStats{Quality: c.quality} }
func (c *cursor) Close() error            { return nil }
func (c *cursor) Next() ([]any, error) {
	if c.next == len(c.rows) {
		if c.failure != nil {
			return nil, c.failure
		}
		return nil, io.EOF
	}
	c.next++
	return c.rows[c.next-1], nil
}

type store struct{ text bytes.Buffer }

func (s *store) Write(name string, write func(io.Writer) error) (steps.File, error) {
	return steps.File{Path: "evidence/q/" + name}, write(&s.text)
}

func TestRowsAreKeptCountedAndStored(t *testing.T) {
	at := time.Date(2026, 3, 1, 4, 5, 6, 7e6, time.UTC)
	query := &cursor{
		columns: []steps.Column{{Name: "ip", Type: "varchar"}, {Name: "total_bytes", Type: "bigint"}, {Name: "seen", Type: "timestamp(3)"}},
		rows:    [][]any{{`=cmd|"x"`, int64(9007199254740993), at}, {"-", nil, nil}, {"10.0.0.1", int64(-3), nil}},
		quality: steps.Quality{Examined: 12, Unit: "flow log records"},
	}
	evidence := &store{}
	result, err := (&Step{SQL: "SELECT 1", Rows: 2}).Run(context.Background(), steps.Env{Query: query, Evidence: evidence})
	if err != nil {
		t.Fatal(err)
	}
	want := Result{
		Rows: []map[string]any{
			{"ip": `=cmd|"x"`, "total_bytes": int64(9007199254740993), "seen": at},
			{"ip": "-", "total_bytes": nil, "seen": nil},
		},
		Total: 3, Truncated: true, Columns: query.columns,
	}
	if diff := cmp.Diff(want, result.Value); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(steps.Quality{Examined: 12, Unit: "flow log records", Cut: []string{"rows"}}, result.Quality); diff != "" {
		t.Error(diff)
	}
	csv := "\"ip\",\"total_bytes\",\"seen\"\n" +
		"\"'=cmd|\"\"x\"\"\",\"9007199254740993\",\"2026-03-01 04:05:06.007\"\n\"-\",,\n\"10.0.0.1\",\"-3\",\n"
	if diff := cmp.Diff(csv, evidence.text.String()); diff != "" {
		t.Error(diff)
	}
	table := result.Blocks[1].Table
	if table.Total != 3 || table.File != "evidence/q/rows.csv" || table.Columns[1].Unit != steps.Bytes {
		t.Errorf("the table is %+v", table)
	}
}

func TestADefinitionHasNoRows(t *testing.T) {
	result, err := (&Step{SQL: "CREATE …", Rows: 1000}).Run(context.Background(), steps.Env{Query: &cursor{}, Evidence: &store{}})
	if err != nil {
		t.Fatal(err)
	}
	if result.Quality.Examined != 1 || result.Value.(Result).Total != 0 {
		t.Errorf("got %+v", result)
	}
}

func TestAnAnswerThatBreaksOffIsAnError(t *testing.T) {
	query := &cursor{columns: []steps.Column{{Name: "n"}}, rows: [][]any{{int64(1)}}, failure: errors.New("cancelled")}
	result, err := (&Step{SQL: "SELECT 1", Rows: 10}).Run(context.Background(), steps.Env{Query: query, Evidence: &store{}})
	if err == nil || result.Value != nil || result.Quality.Examined != 0 {
		t.Errorf("result %+v, error %v", result, err)
	}
}

func TestTwoColumnsOfOneNameAreRefused(t *testing.T) {
	query := &cursor{columns: []steps.Column{{Name: "n"}, {Name: "n"}}}
	_, err := (&Step{SQL: "SELECT 1", Rows: 10}).Run(context.Background(), steps.Env{Query: query, Evidence: &store{}})
	if err == nil || !strings.Contains(err.Error(), `two columns called "n"`) {
		t.Errorf("got %v", err)
	}
}

func TestCellsAreInert(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-2": "'-2", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "-": "-", "": "", "a=b": "a=b", "10.0.0.1": "10.0.0.1",
	} {
		if got := inert(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := cell([]any{int64(1), "a"}); got != `[1,"a"]` {
		t.Errorf("a list becomes %s", got)
	}
	if got := cell(0.1); got != "0.1" {
		t.Errorf("a number becomes %s", got)
	}
	if got := fmt.Sprint(cell(int64(-5))); got != "-5" {
		t.Errorf("a negative number becomes %s", got)
	}
}

func TestStatementsThatAthenaWouldRefuse(t *testing.T) {
	query := &cursor{columns: []steps.Column{{Name: "a"}}}
	_, err := (&Step{SQL: steps.SQL(strings.Repeat("x", maxStatement+1))}).Run(context.Background(), steps.Env{Query: query, Evidence: &store{}})
	if err == nil || !strings.Contains(err.Error(), "262145 bytes") || query.asked != "" {
		t.Errorf("%v; asked %d bytes", err, len(query.asked))
	}
	if _, err := (&Step{SQL: steps.SQL(strings.Repeat("x", maxStatement)), Rows: 1}).Run(context.Background(), steps.Env{Query: query, Evidence: &store{}}); err != nil {
		t.Error(err)
	}
}
