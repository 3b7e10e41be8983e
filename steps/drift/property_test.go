package drift

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var (
	fieldNames = rapid.SampledFrom([]string{"A", "Tags", "Key", "IpPermissions", "IpProtocol", "FromPort", "Routes", "DestinationCidrBlock", "Groups", "GroupId", "Entries", "Egress"})
	scalars    = rapid.OneOf(rapid.Just[any](""), rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any]("x"), rapid.Just[any]("y"),
		rapid.Map(rapid.Int64Range(0, 3), func(n int64) any { return n }), rapid.Just[any](1.5))
)

func drawValue(t *rapid.T, depth int) any {
	switch choice := rapid.IntRange(0, 4).Draw(t, "kind"); {
	case depth > 0 && choice == 0:
		return drawFields(t, depth-1)
	case depth > 0 && choice <= 2:
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "length") {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	}
	return scalars.Draw(t, "scalar")
}

func drawFields(t *rapid.T, depth int) m {
	fields := m{}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		fields[fieldNames.Draw(t, "name")] = drawValue(t, depth)
	}
	return fields
}

func fieldsBetween(before, after any) []Field {
	c := &comparison{}
	d := &differ{of: types[2]}
	d.compare("", "", c.prune("", "", before), c.prune("", "", after))
	return d.fields
}

// Whatever the shape: order is no change, a file is no change, a change one way is one
// the other way, and two states without a difference are the same but for order.
func TestComparisons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawFields(t, 4), drawFields(t, 4)
		order := func(n int) []int { return rapid.Permutation(sequence(n)).Draw(t, "order") }
		if got := fieldsBetween(before, shuffle(before, order)); len(got) > 0 {
			t.Fatalf("another order is a change: %+v", got)
		}
		if got := fieldsBetween(before, clone(t, before)); len(got) > 0 {
			t.Fatalf("a trip through JSON is a change: %+v", got)
		}
		there, back := fieldsBetween(before, after), fieldsBetween(after, before)
		if len(there) != len(back) {
			t.Fatalf("%d fields one way, %d the other: %+v, %+v", len(there), len(back), there, back)
		}
		c := &comparison{}
		same := canonical(c.prune("", "", before)) == canonical(c.prune("", "", after))
		if same != (len(there) == 0) {
			t.Fatalf("the same: %v; differences: %+v", same, there)
		}
		if diff := cmp.Diff(there, fieldsBetween(shuffle(before, order), after)); diff != "" && same {
			t.Fatal(diff)
		}
	})
}

func sequence(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}
