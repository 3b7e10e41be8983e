package plan

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"playbook/steps"
)

// maxGiven bounds the lists in options: they come from logs, and nobody approves more.
const maxGiven = 10_000

// Wanted is one resource that a step was given.
type Wanted struct {
	ID, Name string
	Place    steps.Target   // empty parts stand for everywhere
	Given    map[string]any // the map it was given as, or nil
}

// read takes ids, and maps with an id (or a group or an interface that stands for it),
// name, account, region and whatever else the kind reads.
func read(given []any) ([]Wanted, error) {
	if len(given) > maxGiven {
		return nil, fmt.Errorf("%d resources are given, more than %d", len(given), maxGiven)
	}
	var all []Wanted
	for _, value := range given {
		var w Wanted
		switch value := steps.Plain(value).(type) {
		case string:
			w.ID = value
		case map[string]any:
			text := func(field string) string { return steps.TextOf(value, field) }
			w = Wanted{cmp.Or(text("id"), text("group"), text("interface")), text("name"), steps.Target{Account: text("account"), Region: text("region")}, value}
		}
		if w.ID == "" {
			return nil, errors.New("each resource is an id, or a map that names it")
		}
		all = append(all, w)
	}
	return all, nil
}

// key tells the same from another: by id, or by all that is said of a part of something.
func (w Wanted) key() string {
	if w.Given == nil || steps.TextOf(w.Given, "id") != "" {
		return w.ID
	}
	return fmt.Sprintf("%#v", w.Given)
}

// here are the resources of one account and region, each once, and the number of those
// that are elsewhere.
func here(all []Wanted, target steps.Target) (found []Wanted, elsewhere int64) {
	seen := map[string]bool{}
	for _, w := range all {
		key, place := w.key(), w.Place
		away := place.Account != "" && place.Account != target.Account || place.Region != "" && place.Region != target.Region
		if away {
			key += " in " + place.String()
		}
		switch {
		case seen[key]:
		case away && w.Given["covered"] != true: // what is covered needs no change
			elsewhere++
		case away:
		default:
			found = append(found, w)
		}
		seen[key] = true
	}
	return found, elsewhere
}

// guard knows what is never touched: ids, blocks of addresses, and tags.
type guard struct {
	ids    []string
	blocks []netip.Prefix
	tags   []map[string]any
}

func readGuard(protect []any) (guard, error) {
	var g guard
	for _, value := range protect {
		switch value := steps.Plain(value).(type) {
		case string:
			if value == "" {
				return g, errProtect
			}
			g.ids = append(g.ids, value)
			if block, err := Block(value); err == nil {
				g.blocks = append(g.blocks, block)
			}
		case map[string]any:
			if steps.TextOf(value, "key") == "" {
				return g, errProtect
			}
			g.tags = append(g.tags, value)
		default:
			return g, errProtect
		}
	}
	return g, nil
}

var errProtect = errors.New("each of protect is an id, an address or block, or a tag as {key: …, value: …}")

// Protects says why a resource must not be touched, or "". raw is what AWS says about
// it; a tag without a value in the option stands for any value.
func (p *Plan) Protects(id string, raw map[string]any) string {
	if slices.Contains(p.guard.ids, id) {
		return "protected: " + id
	}
	for _, list := range []string{"Tags", "TagSet"} { // interfaces have a TagSet
		for _, tag := range steps.MapsOf(raw, list) {
			key, value := steps.TextOf(tag, "Key"), steps.TextOf(tag, "Value")
			for _, wanted := range p.guard.tags {
				if only := wanted["value"]; steps.TextOf(wanted, "key") == key && (only == nil || fmt.Sprint(only) == value) {
					return fmt.Sprintf("protected by its tag %s = %s", key, value)
				}
			}
		}
	}
	return ""
}

// ProtectedBlocks are the addresses and blocks that are protected.
func (p *Plan) ProtectedBlocks() []netip.Prefix { return p.guard.blocks }

// Block reads an address or a block, IPv4 or IPv6, in its canonical form.
func Block(text string) (netip.Prefix, error) {
	block, err := netip.ParsePrefix(text)
	if err != nil {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%.60q is no address and no block of addresses", text)
		}
		address = address.Unmap()
		block = netip.PrefixFrom(address, address.BitLen())
	}
	if block.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%.60q is an IPv4 block written as IPv6: write it as IPv4", text)
	}
	return block.Masked(), nil
}

// Validate checks the options that all these kinds have; option is the name of the one
// that holds the resources.
func Validate(known func(path string) bool, option string, given, protect []any) []steps.Problem {
	var problems []steps.Problem
	if _, err := read(given); err != nil && known(option) {
		problems = append(problems, steps.Problem{Path: option, Message: err.Error()})
	}
	if _, err := readGuard(protect); err != nil && known("protect") {
		problems = append(problems, steps.Problem{Path: "protect", Message: err.Error()})
	}
	return problems
}
