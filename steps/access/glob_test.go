package access

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCovers(t *testing.T) {
	for _, test := range []struct {
		pattern, other string
		want           bool
	}{
		{"*", "anything", true}, {"*", "", true}, {"", "", true}, {"", "a", false},
		{"ec2:*", "ec2:run*", true}, {"ec2:run*", "ec2:*", false}, {"ec2:*", "s3:getobject", false},
		{"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false}, {"a?c", "abc", true}, {"a?c", "a*c", false}, {"a?c", "a?c", true},
		{"**", "x", true}, {"a**", "a", true}, {"iam:*policy", "iam:create*policy", true}, {"iam:*policy", "iam:create*", false},
	} {
		if got := covers(test.pattern, test.other); got != test.want {
			t.Errorf("covers(%q, %q) is %v", test.pattern, test.other, got)
		}
	}
}

// TestPatternsAgainstTexts compares both functions with what patterns mean on every short
// text of two letters.
func TestPatternsAgainstTexts(t *testing.T) {
	var texts []string
	for length := range 7 {
		for bits := range 1 << length {
			var text strings.Builder
			for i := range length {
				text.WriteByte("ab"[bits>>i&1])
			}
			texts = append(texts, text.String())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{0,5}`)
		p, q := pattern.Draw(t, "p"), pattern.Draw(t, "q")
		both := false
		for _, text := range texts {
			inP, inQ := means(p, text), means(q, text)
			if covers(p, text) != inP {
				t.Fatalf("covers(%q, %q) is %v", p, text, !inP)
			}
			both = both || inP && inQ
			if inQ && !inP && covers(p, q) {
				t.Fatalf("covers(%q, %q), but only the second matches %q", p, q, text)
			}
		}
		shortest := len(strings.ReplaceAll(p, "*", "")) + len(strings.ReplaceAll(q, "*", ""))
		if got := overlap(p, q); got != both && (both || shortest < 7) {
			t.Fatalf("overlap(%q, %q) is %v", p, q, got)
		}
	})
}

// means is the plain definition of a pattern.
func means(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return means(pattern[1:], text) || text != "" && means(pattern, text[1:])
	}
	return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && means(pattern[1:], text[1:])
}
