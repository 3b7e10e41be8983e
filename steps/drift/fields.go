package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// differ collects the fields in which two states of a resource differ. Both are pruned.
type differ struct {
	of     resourceType
	fields []Field
}

// compare goes down two values at once. path is for people; field is the same path
// without what tells the elements of lists apart.
func (d *differ) compare(path, field string, before, after any) {
	oldFields, wasMap := before.(map[string]any)
	newFields, isMap := after.(map[string]any)
	oldList, wasList := before.([]any)
	newList, isList := after.([]any)
	switch {
	case wasMap && isMap, path == "" && (wasMap || isMap): // a whole resource is always opened up
		names := maps.Clone(oldFields)
		if names == nil {
			names = map[string]any{}
		}
		maps.Copy(names, newFields)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			d.compare(join(path, name), join(field, name), oldFields[name], newFields[name])
		}
	case wasList && isList, wasList && after == nil, isList && before == nil:
		d.compareLists(path, field, oldList, newList)
	case !reflect.DeepEqual(before, after):
		d.fields = append(d.fields, Field{Path: path, Before: before, After: after, Security: d.of.decides(field)})
	}
}

// compareLists compares lists as sets: AWS gives none of these in an order that means
// anything. Elements that share a key are paired only where they are the same.
func (d *differ) compareLists(path, field string, before, after []any) {
	old, found := byKey(field, before), byKey(field, after)
	keys := maps.Clone(old)
	maps.Copy(keys, found)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, is := old[key], found[key]
		place := fmt.Sprintf("%s[%s]", path, shorten(key))
		if len(was) <= 1 && len(is) <= 1 {
			d.compare(place, field, only(was), only(is))
			continue
		}
		for _, gone := range without(was, is) {
			d.compare(place, field, gone, nil)
		}
		for _, new := range without(is, was) {
			d.compare(place, field, nil, new)
		}
	}
}

func only(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// without is a multiset difference, in the order of the elements' text.
func without(list, other []any) []any {
	left := map[string]int{}
	for _, element := range other {
		left[canonical(element)]++
	}
	texts := map[string][]any{}
	for _, element := range list {
		text := canonical(element)
		if left[text] > 0 {
			left[text]--
			continue
		}
		texts[text] = append(texts[text], element)
	}
	var rest []any
	for _, text := range slices.Sorted(maps.Keys(texts)) {
		rest = append(rest, texts[text]...)
	}
	return rest
}

func byKey(field string, list []any) map[string][]any {
	keyed := map[string][]any{}
	for _, element := range list {
		key := keyOf(field, element)
		keyed[key] = append(keyed[key], element)
	}
	return keyed
}

// elementKeys are the fields that tell the elements of a list apart, by the name of the
// list; the first group of which any is set.
var elementKeys = map[string][][]string{
	"Associations":                {{"RouteTableAssociationId"}, {"NetworkAclAssociationId"}},
	"Attachments":                 {{"VpcId"}},
	"CidrBlockAssociationSet":     {{"AssociationId"}},
	"CidrBlockSet":                {{"CidrBlock"}},
	"DnsEntries":                  {{"DnsName", "HostedZoneId"}},
	"Entries":                     {{"Egress", "RuleNumber"}},
	"Groups":                      {{"GroupId"}},
	"IpPermissions":               {{"IpProtocol", "FromPort", "ToPort"}},
	"IpPermissionsEgress":         {{"IpProtocol", "FromPort", "ToPort"}},
	"IpRanges":                    {{"CidrIp"}},
	"Ipv6Addresses":               {{"Ipv6Address"}},
	"Ipv6CidrBlockAssociationSet": {{"AssociationId"}},
	"Ipv6CidrBlockSet":            {{"Ipv6CidrBlock"}},
	"Ipv6Ranges":                  {{"CidrIpv6"}},
	"NatGatewayAddresses":         {{"AllocationId"}, {"NetworkInterfaceId"}, {"PrivateIp"}},
	"PrefixListIds":               {{"PrefixListId"}},
	"PrivateIpAddresses":          {{"PrivateIpAddress"}},
	"PropagatingVgws":             {{"GatewayId"}},
	"Routes":                      {{"DestinationCidrBlock"}, {"DestinationIpv6CidrBlock"}, {"DestinationPrefixListId"}},
	"TagSet":                      {{"Key"}},
	"Tags":                        {{"Key"}},
	"UserIdGroupPairs":            {{"GroupId", "UserId", "VpcPeeringConnectionId"}},
}

// keyOf tells an element of a list from the others: by its fields, else by all of it.
func keyOf(field string, element any) string {
	if text, ok := element.(string); ok {
		return text
	}
	fields, _ := element.(map[string]any)
	for _, group := range elementKeys[field[strings.LastIndexByte(field, '.')+1:]] {
		var parts []string
		for _, name := range group {
			if value, there := fields[name]; there {
				parts = append(parts, name, textOf(value))
			}
		}
		if parts != nil {
			return legible(parts)
		}
	}
	return canonical(element)
}

func textOf(value any) string {
	switch value.(type) {
	case map[string]any, []any:
		return canonical(value)
	}
	return fmt.Sprint(value)
}

// legible writes pairs of field and value as people write rules: "tcp 22-22",
// "egress 100".
func legible(pairs []string) string {
	var words []string
	for i := 0; i < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		switch {
		case name == "Egress" && value == "true":
			value = "egress"
		case name == "Egress":
			value = "ingress"
		case name == "IpProtocol" && value == "-1":
			value = "all"
		case name == "ToPort" && len(words) > 0 && i > 0 && pairs[i-2] == "FromPort":
			words[len(words)-1] += "-" + value
			continue
		}
		words = append(words, value)
	}
	return strings.Join(words, " ")
}

// pruned is a resource without what is ignored and without fields that say nothing: AWS
// leaves out what has no value, or gives it as null, "", [] or {}.
func (c *comparison) pruned(t resourceType, resource map[string]any) any {
	own := maps.Clone(resource)
	delete(own, "account")
	delete(own, "region")
	return c.prune(t.name, "", own)
}

func (c *comparison) prune(kind, field string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, inner := range value {
			path := join(field, name)
			if c.ignore[name] || c.ignore[path] || c.ignore[kind+"."+path] {
				continue
			}
			if inner = c.prune(kind, path, inner); inner != nil {
				kept[name] = inner
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	case []any:
		var kept []any
		for _, inner := range value {
			if inner = c.prune(kind, field, inner); inner != nil {
				kept = append(kept, inner)
			}
		}
		if kept == nil {
			return nil
		}
		return kept
	case float64: // 1.0 comes back from JSON as 1
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			return int64(value)
		}
	case string:
		if value == "" {
			return nil
		}
	}
	return value
}

// canonical is the text of a value, the same however its lists are ordered.
func canonical(value any) string {
	text, err := json.Marshal(ordered(value))
	if err != nil {
		return fmt.Sprint(value) // not of JSON: a number that is none
	}
	return string(text)
}

func ordered(value any) any {
	switch value := value.(type) {
	case map[string]any:
		fields := make(map[string]any, len(value))
		for name, inner := range value {
			fields[name] = ordered(inner)
		}
		return fields
	case []any:
		texts := make([]string, len(value))
		for i, inner := range value {
			texts[i] = canonical(inner)
		}
		slices.Sort(texts)
		return texts
	}
	return value
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

const maxKey = 120 // characters of a key that a path shows

func shorten(text string) string {
	if short := []rune(text); len(short) > maxKey {
		return string(short[:maxKey]) + "…"
	}
	return text
}
