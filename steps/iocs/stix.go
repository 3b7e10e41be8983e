package iocs

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"playbook/steps"
	"playbook/steps/jsonlist"
)

// object is what is read of an object of STIX 2.1 (OASIS, "STIX Version 2.1", sections 4.7
// Indicator, 6.10 IPv4 Address, 6.11 IPv6 Address). Anything can stand where text should
// be, so every field is taken on its own.
type object map[string]json.RawMessage

func (o object) text(name string) string {
	var text string
	_ = json.Unmarshal(o[name], &text) // another type is no text
	return strings.ToValidUTF8(text, "\uFFFD")
}

func (o object) texts(name string) []string {
	var list []any
	_ = json.Unmarshal(o[name], &list)
	var texts []string
	for _, element := range list {
		if text, ok := element.(string); ok {
			texts = append(texts, strings.ToValidUTF8(text, "\uFFFD"))
		}
	}
	return texts
}

func (o object) time(name string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, o.text(name))
	if err != nil {
		return nil
	}
	t = t.UTC()
	return &t
}

// readBundle reads a bundle, the answer of a TAXII server, or a list of objects. Line is
// the number of the object.
func (c *collection) readBundle(file *File, text []byte) error {
	elements, problems := jsonlist.Parse(text, "objects")
	for _, problem := range problems {
		c.gap(file.Location, problem.String(), problem.Lost)
	}
	objects := make([]object, len(elements))
	typed := false
	for i, element := range elements {
		if json.Unmarshal(element.JSON, &objects[i]) != nil {
			objects[i] = nil
		}
		typed = typed || objects[i].text("type") != ""
	}
	if len(elements) > 0 && !typed {
		return errors.New("it is JSON, but no STIX 2.1: no object has a type; export the list as STIX 2.1, as CSV or as text")
	}
	named := map[string]bool{} // addresses that an indicator names
	for i, o := range objects {
		switch {
		case o == nil:
			c.reject(file, int64(i+1), string(elements[i].JSON[:min(len(elements[i].JSON), maxText)]), aboutOther, "it is no object")
		case o.text("type") == "indicator":
			c.takeIndicator(file, int64(i+1), o, named)
		}
	}
	for i, o := range objects {
		switch kind := o.text("type"); {
		case o == nil || kind == "indicator":
		case kind == "ipv4-addr" || kind == "ipv6-addr":
			if value := o.text("value"); !named[value] {
				c.reject(file, int64(i+1), value, aboutOther, "it was observed, and no indicator says that it is hostile")
			}
		default:
			file.Others++
		}
	}
	return nil
}

func (c *collection) takeIndicator(file *File, number int64, o object, named map[string]bool) {
	pattern := o.text("pattern")
	refuse := func(why string) { c.reject(file, number, pattern, aboutOther, why) }
	switch {
	case string(o["revoked"]) == "true":
		refuse("the one who published it has revoked it")
		return
	case o.text("pattern_type") != "" && o.text("pattern_type") != "stix":
		refuse("its pattern is written in " + steps.Cut(o.text("pattern_type"), 20) + ", not in STIX")
		return
	case allBenign(o.texts("indicator_types")):
		refuse("its indicator_types say that it is benign")
		return
	}
	comparisons, conditions, err := parsePattern(pattern)
	if err != nil {
		c.reject(file, number, pattern, aboutAddress, "its pattern cannot be read: "+err.Error())
		return
	}
	e := entry{
		line: number, comment: joined(o.text("name"), o.text("description")), labels: append(o.texts("labels"), o.texts("indicator_types")...),
		from: o.time("valid_from"), until: o.time("valid_until"),
	}
	var confidence int64
	if json.Unmarshal(o["confidence"], &confidence) == nil && o["confidence"] != nil && confidence >= 0 && confidence <= 100 {
		e.confidence = &confidence
	}
	if conditions {
		e.comment = join(e.comment, "the pattern has further conditions, which flow logs cannot show or are not looked at")
	}
	usable := slices.ContainsFunc(comparisons, func(c comparison) bool { _, why := c.unusable(); return why == "" })
	for _, comparison := range comparisons {
		about, why := comparison.unusable()
		if why != "" && usable && conditions {
			continue // a port or a protocol beside the address
		}
		for _, value := range comparison.values {
			if why != "" {
				c.reject(file, number, value, about, why)
				continue
			}
			named[value] = true
			e.text = value
			c.take(file, e)
		}
	}
}

// allBenign reports whether the types of an indicator say nothing but that it is harmless
// (section 10.13 of STIX 2.1).
func allBenign(types []string) bool {
	for _, kind := range types {
		if !strings.EqualFold(kind, "benign") {
			return false
		}
	}
	return len(types) > 0
}

func joined(name, description string) string {
	if name == description {
		return name
	}
	return join(name, description)
}
