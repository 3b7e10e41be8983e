package trino

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDoubleText(t *testing.T) {
	got := []string{}
	for _, f := range []float64{0, 1, -1.5, 1e10, 1.5e-7, 123456.789, math.NaN(), math.Inf(-1)} {
		got = append(got, doubleText(f, 64))
	}
	want := []string{"0E0", "1.0E0", "-1.5E0", "1.0E10", "1.5E-7", "1.23456789E5", "NaN", "-Infinity"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDates: what date_format writes, date_parse reads.
func TestDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-60e12, 60e12).Draw(t, "at")).UTC()
		if at.Year() < 1000 || at.Year() > 9999 {
			return
		}
		format := rapid.SampledFrom([]string{"%Y-%m-%d %H:%i:%s.%f", "%d/%M/%Y %r|%f", "%b %e %Y %l:%i:%S %p %f", "%Y %j %T.%f", "%W %a %c-%e-%Y %k:%i:%s%%%f"}).Draw(t, "format")
		text, err := formatMySQL([]any{at.UnixMicro(), format})
		if err != nil {
			t.Fatal(err)
		}
		read, err := parseMySQL([]any{text, format})
		if err != nil || read.(int64) != at.UnixMicro() {
			t.Fatalf("%s as %q: %v, %v", at, text, read, err)
		}
	})
}

// TestJSONStays: JSON in its canonical form is its own canonical form.
func TestJSONStays(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) any { return drawJSON(t, 3) })
	rapid.Check(t, func(t *rapid.T) {
		text := writeJSON(value.Draw(t, "value"))
		again, err := canonical(text)
		if err != nil || again != text {
			t.Fatalf("%q becomes %q, %v", text, again, err)
		}
		whole, err := jsonExtract([]any{text, "$"})
		if err != nil || whole != text {
			t.Fatalf("$ of %q is %v, %v", text, whole, err)
		}
	})
}

func drawJSON(t *rapid.T, depth int) any {
	kinds := 4
	if depth > 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int64().Draw(t, "number")
	case 3:
		return rapid.String().Draw(t, "text")
	case 4:
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return drawJSON(t, depth-1) }), 0, 4).Draw(t, "list")
	}
	return rapid.MapOfN(rapid.String(), rapid.Custom(func(t *rapid.T) any { return drawJSON(t, depth-1) }), 0, 4).Draw(t, "object")
}

func TestDecimalOperations(t *testing.T) {
	for _, test := range []struct {
		op, x, y string
		scale    int64
		want     string
	}{{"/", "1", "3", 4, "0.3333"}, {"/", "2", "3", 0, "1"}, {"/", "-2", "3", 1, "-0.7"}, {"/", "1", "8", 2, "0.13"}, {"/", "-1", "8", 2, "-0.13"},
		{"%", "7.5", "2", 1, "1.5"}, {"%", "-7.5", "2", 1, "-1.5"}, {"*", "99999999999999999999", "3", 0, "299999999999999999997"}} {
		got, err := decimalOperation([]any{test.op, test.x, test.y, test.scale})
		if err != nil || got != test.want {
			t.Errorf("%s %s %s is %v, %v; want %s", test.x, test.op, test.y, got, err, test.want)
		}
	}
	if _, err := decimalOperation([]any{"/", "1", "0.00", int64(2)}); err == nil {
		t.Error("a division by zero")
	}
}

func FuzzJSONPath(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `$.a[1]["b"]`)
	f.Fuzz(func(t *testing.T, text, path string) {
		for _, do := range []func([]any) (any, error){jsonExtract, jsonExtractScalar, jsonSize} {
			_, _ = do([]any{text, path})
		}
	})
}
