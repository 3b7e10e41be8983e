package jsonlist

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		elements string
		problems []string
	}{
		"a list":              {`[{"a":1}, {"a":2}]`, `1:{"a":1} 10:{"a":2}`, nil},
		"empty":               {`[]`, ``, nil},
		"lines of objects":    {"{\"a\":1}\n{\"a\":2}\n", `0:{"a":1} 8:{"a":2}`, nil},
		"cut between entries": {`[{"a":1},{"a":2}`, `1:{"a":1} 9:{"a":2}`, []string{"at byte 16: the list ends here without its ]: what came after was never written, or is lost!"}},
		"cut in an entry": {`[{"a":1},{"a":"tw`, `1:{"a":1}`, []string{"at byte 9: the entry that begins here is broken at byte 17 and was left out!",
			"at byte 17: the list ends here without its ]: what came after was never written, or is lost!"}},
		"one behind the other": {`[{"a":1}][{"a":2}]` + "\n" + `[{"a":3}]`, `1:{"a":1} 10:{"a":2} 20:{"a":3}`,
			[]string{"at byte 9: another list begins: several were written one behind the other, and all are read"}},
		"the first one not ended": {`[{"a":1},[{"a":2}]`, `1:{"a":1} 10:{"a":2}`,
			[]string{"at byte 9: another list begins before the one before it has ended, so entries of that one may be lost!"}},
		"the first one cut in an entry": {`[{"a":1},{"a":{"b":[{"c":1[{"a":2},{"a":3}]`, `1:{"a":1} 27:{"a":2} 35:{"a":3}`,
			[]string{"at byte 9: the entry that begins here is broken at byte 26 and was left out!", "at byte 27: there is no comma before this entry"}},
		"cut in a text": {`[{"a":1},{"a":"x[{"a":2},{"a":3}]`, `1:{"a":1} 17:{"a":2} 25:{"a":3}`,
			[]string{"at byte 9: the entry that begins here is broken at byte 19 and was left out!", "at byte 17: there is no comma before this entry"}},
		"an answer":        {`{"Findings": [{"a":1}, {"a":1}]}`, `14:{"a":1} 23:{"a":1}`, nil},
		"one page":         {`{"Findings": [{"a":1}], "NextToken": "x"}`, `14:{"a":1}`, []string{"at byte 0: it is one page of an answer: it has a NextToken, and what follows is not here!"}},
		"an answer cut":    {`{"id": "x", "Findings": [{"a":1},{"a"`, `25:{"a":1}`, []string{"at byte 0: the object that begins here is not whole!", "at byte 33: the entry that begins here is broken at byte 37 and was left out!", "at byte 37: the list ends here without its ]: what came after was never written, or is lost!"}},
		"no JSON":          {`hello`, ``, []string{"at byte 0: the entry that begins here is broken at byte 0 and was left out!"}},
		"a missing comma":  {`[{"a":1} {"a":2}]`, `1:{"a":1} 9:{"a":2}`, []string{"at byte 9: there is no comma before this entry"}},
		"an object of one": {`{"a":1}`, `0:{"a":1}`, nil},
		"nothing":          {"", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			elements, problems := Parse([]byte(test.text), "Findings", "objects")
			var gotElements, gotProblems []string
			for _, e := range elements {
				gotElements = append(gotElements, fmt.Sprintf("%d:%s", e.Offset, e.JSON))
			}
			for _, p := range problems {
				text := p.String()
				if p.Lost {
					text += "!"
				}
				gotProblems = append(gotProblems, text)
			}
			if diff := cmp.Diff(test.elements, strings.Join(gotElements, " ")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.problems, gotProblems); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNothingIsLostInSilence: a list cut anywhere gives the entries before the cut, and a
// problem unless the cut took nothing.
func TestNothingIsLostInSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.MapOf(rapid.StringN(1, 3, -1), rapid.String()), 1, 5).Draw(t, "entries")
		text, err := json.Marshal(entries)
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(1, len(text)-1).Draw(t, "cut")
		elements, problems := Parse(text[:cut])
		lost := false
		for _, p := range problems {
			lost = lost || p.Lost
		}
		if !lost {
			t.Fatalf("%s gives %d entries and no problem", text[:cut], len(elements))
		}
		for i, e := range elements {
			want, _ := json.Marshal(entries[i])
			if string(e.JSON) != string(want) {
				t.Fatalf("entry %d is %s, want %s", i, e.JSON, want)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{`[{"a":1},[{"a":2}]`, `{"Findings":[{"a"`, `]],{`, `[1,"a",null]`, `{"Findings":[],"more":true}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		elements, problems := Parse([]byte(text), "Findings")
		for _, e := range elements {
			if !json.Valid(e.JSON) || !strings.HasPrefix(text[e.Offset:], string(e.JSON)) {
				t.Errorf("%d: %s", e.Offset, e.JSON)
			}
		}
		if len(problems) > maxBroken*3+2*len(elements)+5 {
			t.Errorf("%d problems", len(problems))
		}
	})
}
