package drift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"playbook/steps"
)

// comparison is the work of one step.
type comparison struct {
	ignore  map[string]bool
	result  Result
	quality steps.Quality
}

func (c *comparison) gap(source, problem string) {
	c.quality.Gaps = append(c.quality.Gaps, steps.Gap{Source: source, Problem: problem, Blocking: true})
}

// compare sets beside one another what both sides looked at. What only one of them did
// is a gap: it is neither added nor removed nor the same.
func (c *comparison) compare(before, now state) {
	var both []steps.Target
	for target := range before.targets {
		if now.targets[target] {
			both = append(both, target)
			continue
		}
		c.gap(target.String(), "it is in the baseline, and the inventory did not look at it or found nothing there at all; "+
			"`targets: ${{ run.targets }}` tells the two apart")
	}
	for target := range now.targets {
		if !before.targets[target] {
			c.gap(target.String(), "the baseline knows nothing of it: make a new one that covers it")
		}
	}
	slices.SortFunc(c.quality.Gaps, func(a, b steps.Gap) int { return cmp.Compare(a.Source, b.Source) })
	slices.SortFunc(both, byTarget)
	for _, t := range types {
		old, known := before.resources[t.name]
		found, looked := now.resources[t.name]
		switch {
		case known && looked:
			c.result.Types = append(c.result.Types, t.name)
			oldThere, foundThere := byPlace(old), byPlace(found)
			for _, target := range both {
				c.quality.Examined++ // an empty list says something too
				c.compareLists(t, target, oldThere[target], foundThere[target])
			}
		case known:
			c.gap(t.name, "the baseline has them, and the inventory did not look at them")
		case looked:
			c.gap(t.name, "the baseline knows nothing of them: make a new one that has them")
		}
	}
}

func byTarget(a, b steps.Target) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
}

func byPlace(list []map[string]any) map[steps.Target][]map[string]any {
	there := map[steps.Target][]map[string]any{}
	for _, resource := range list {
		there[targetOf(resource)] = append(there[targetOf(resource)], resource)
	}
	return there
}

// compareLists compares the resources of one type in one account and region.
func (c *comparison) compareLists(t resourceType, target steps.Target, before, now []map[string]any) {
	old := c.index(t, target, "the baseline", before)
	found := c.index(t, target, "the inventory", now)
	all := maps.Clone(old)
	maps.Copy(all, found)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		was, wasThere := old[id]
		is, isThere := found[id]
		d := &differ{of: t, fields: []Field{}}
		describe := func(resource map[string]any, security bool) Resource {
			return Resource{Type: t.name, ID: id, Name: nameOf(resource), Account: target.Account, Region: target.Region, Security: security, Fields: d.fields}
		}
		c.quality.Examined++
		switch {
		case wasThere && isThere:
			c.result.Compared++
			d.compare("", "", c.pruned(t, was), c.pruned(t, is))
			if len(d.fields) > 0 {
				c.result.Changed = append(c.result.Changed, describe(is, slices.ContainsFunc(d.fields, isSecurity)))
			}
		case isThere:
			d.compare("", "", nil, c.pruned(t, is))
			d.keepDeciding(t.opensBy(is))
			c.result.Added = append(c.result.Added, describe(is, t.opensBy(is)))
		case passing(was): // it was on its way out already
		default:
			d.compare("", "", c.pruned(t, was), nil)
			d.keepDeciding(t.opensBy(was))
			c.result.Removed = append(c.result.Removed, describe(was, t.opensBy(was)))
		}
	}
}

// keepDeciding leaves of a resource that was added or removed the fields that decide
// what can reach what; whether they do is up to the resource as a whole.
func (d *differ) keepDeciding(security bool) {
	d.fields = slices.DeleteFunc(d.fields, func(f Field) bool { return !f.Security })
	for i := range d.fields {
		d.fields[i].Security = security
	}
}

func isSecurity(f Field) bool { return f.Security }

// index is the resources by id. One that has none, or that of another, cannot be
// compared.
func (c *comparison) index(t resourceType, target steps.Target, side string, list []map[string]any) map[string]map[string]any {
	found := map[string]map[string]any{}
	var nameless, twice int64
	for _, resource := range list {
		id := t.idOf(resource)
		switch {
		case id == "":
			nameless++
		case found[id] != nil:
			twice++
		default:
			found[id] = resource
		}
	}
	for _, wrong := range [...]struct {
		count   int64
		problem string
	}{{nameless, "without an id in "}, {twice, "with the id of another in "}} {
		if wrong.count > 0 {
			c.quality.Gaps = append(c.quality.Gaps, steps.Gap{
				Source: fmt.Sprintf("%s of %s", t.name, target), Problem: "resources " + wrong.problem + side,
				Count: wrong.count, Blocking: true,
			})
		}
	}
	return found
}
