package access

// IAM patterns: * stands for any text, ? for any one character (IAM User Guide, "IAM
// JSON policy elements: Resource" and "Action").

// covers reports whether a pattern matches everything that another pattern (or a plain
// text) matches. It may say no where it is so, never yes where it is not.
func covers(pattern, other string) bool {
	p, o, star, from := 0, 0, -1, 0
	for o < len(other) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, o
			p++
		case p < len(pattern) && (pattern[p] == other[o] || pattern[p] == '?' && other[o] != '*'):
			p, o = p+1, o+1
		case star >= 0:
			from++
			p, o = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// overlap reports whether some text is matched by both patterns.
func overlap(a, b string) bool {
	reach := make([]bool, len(b)+1) // whether the first i of a and the first j of b can meet
	reach[0] = true
	for j := 0; j < len(b) && b[j] == '*'; j++ {
		reach[j+1] = true
	}
	for i := range len(a) {
		next := make([]bool, len(b)+1)
		next[0] = a[i] == '*' && reach[0]
		for j := range len(b) {
			switch {
			case a[i] == '*':
				next[j+1] = reach[j+1] || next[j]
			case b[j] == '*':
				next[j+1] = reach[j+1] || next[j]
			default:
				next[j+1] = reach[j] && (a[i] == b[j] || a[i] == '?' || b[j] == '?')
			}
		}
		reach = next
	}
	return reach[len(b)]
}
