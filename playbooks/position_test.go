package playbooks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// TestPositionsInEveryStyle writes text in each style of scalar and looks for one
// character of it in the file.
func TestPositionsInEveryStyle(t *testing.T) {
	styles := []yaml.Style{0, yaml.LiteralStyle, yaml.FoldedStyle, yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle}
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.StringOfN(rapid.SampledFrom([]rune("ab é世'\"\\{}:,. \n")), 0, 120, -1).Draw(t, "before")
		after := rapid.StringOfN(rapid.SampledFrom([]rune("ab é'\"\n ")), 0, 40, -1).Draw(t, "after")
		style := rapid.SampledFrom(styles).Draw(t, "style")
		value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "x" + before + "§" + after, Style: style}
		text, err := yaml.Marshal(map[string]any{"list": []any{map[string]*yaml.Node{"key": value}}})
		if err != nil {
			t.Skip(err)
		}
		var document yaml.Node
		if err := yaml.Unmarshal(text, &document); err != nil {
			t.Skip(err) // yaml.v3 does not read all that it writes
		}
		node := child(items(child(document.Content[0], "list"))[0], "key")
		lines := strings.Split(string(text), "\n")
		line, column := position(lines, node, strings.Index(node.Value, "§"))
		if line == node.Line && column == node.Column && strings.Contains(string(text), `\`) {
			return // an escape for a character: the beginning is the promise
		}
		if line > len(lines) || !strings.HasPrefix(tail(lines[line-1], column), "§") {
			t.Fatalf("the § of %q is not at %d:%d of\n%s", node.Value, line, column, text)
		}
	})
}

func TestPositionsNeverLeaveTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		node := &yaml.Node{
			Kind: yaml.ScalarNode, Value: rapid.StringN(0, 20, -1).Draw(t, "value"),
			Style: yaml.Style(rapid.IntRange(0, 63).Draw(t, "style")),
			Line:  rapid.IntRange(-1, 5).Draw(t, "line"), Column: rapid.IntRange(-1, 9).Draw(t, "column"),
		}
		lines := strings.Split(rapid.StringN(0, 30, -1).Draw(t, "file"), "\n")
		line, _ := position(lines, node, rapid.IntRange(-2, 25).Draw(t, "offset"))
		if line != node.Line && (line < 1 || line > len(lines)) {
			t.Fatalf("line %d of %d", line, len(lines))
		}
	})
}

func TestLongestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranks := rapid.SliceOfN(rapid.IntRange(0, len(Phases)-1), 0, 12).Draw(t, "ranks")
		kept := longestInOrder(ranks)
		var picked []int
		for i, rank := range ranks {
			if kept[i] {
				picked = append(picked, rank)
			}
		}
		longest := 0
		for chosen := range 1 << len(ranks) {
			var some []int
			for i, rank := range ranks {
				if chosen&(1<<i) != 0 {
					some = append(some, rank)
				}
			}
			if slices.IsSorted(some) {
				longest = max(longest, len(some))
			}
		}
		if !slices.IsSorted(picked) || len(picked) != longest {
			t.Fatalf("of %v it keeps %v, but %d could be kept", ranks, picked, longest)
		}
	})
}

func TestNeeds(t *testing.T) {
	got, wants := needs([]string{"steps.e.result?.rows", "steps.b.result?.rows", "params.x", "steps.a.status", "steps.b.result.rows", "take:steps.c.result.rows", "steps.b.findings", "steps.d", "result.rows"})
	if fmt.Sprint(got, wants) != "[b c d] [e]" {
		t.Errorf("needs %v, wants %v", got, wants)
	}
}
