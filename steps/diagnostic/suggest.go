package diagnostic

import (
	"fmt"
	"strings"
)

// DidYouMean returns a hint naming the candidate nearest to word, or "" when none is
// near enough.
func DidYouMean(word string, candidates []string) string {
	if nearest := Nearest(word, candidates); nearest != "" {
		return fmt.Sprintf("did you mean %q?", nearest)
	}
	return ""
}

// Nearest returns the candidate nearest to word, or "" when none is near enough to be
// what was meant (more than a third of its letters differ). Of several at the same
// distance it is the first.
func Nearest(word string, candidates []string) string {
	const longest = 64 // a longer word is no misspelled name, and costs its square to compare
	if len(word) > longest {
		return ""
	}
	best, distance := "", len(word)/3+2
	for _, candidate := range candidates {
		if len(candidate) > longest {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, substitutions and swaps of neighbours
// (the optimal string alignment distance), each as one.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
