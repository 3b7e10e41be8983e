package steps

import "strings"

// Cut shortens text from outside to so many characters, of valid UTF-8.
func Cut(text string, characters int) string {
	n := 0
	for i := range text {
		if n == characters {
			return strings.ToValidUTF8(text[:i], "\uFFFD") + "…"
		}
		n++
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
