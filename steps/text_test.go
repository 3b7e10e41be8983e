package steps

import "testing"

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"äöü!", 3, "äöü…"}, {"a\xffb", 3, "a\uFFFDb"}, {"a\xffbc", 2, "a\uFFFD…"}, {"abc", 0, "…"},
	} {
		if got := Cut(test.text, test.n); got != test.want {
			t.Errorf("%q to %d is %q, want %q", test.text, test.n, got, test.want)
		}
	}
}
