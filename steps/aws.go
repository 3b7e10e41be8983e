package steps

import (
	"context"
	"fmt"
)

// ReadList collects one list of an operation's answer over all its pages. What was
// read before an error is returned with it.
func ReadList(ctx context.Context, cloud Cloud, operation, key string) ([]map[string]any, error) {
	list := []map[string]any{}
	for page, err := range cloud.Read(ctx, operation, nil) {
		if err != nil {
			return list, err
		}
		elements, ok := page[key].([]any)
		if !ok && page[key] != nil {
			return list, fmt.Errorf("read %s: %s is not a list", operation, key)
		}
		for i, element := range elements {
			fields, ok := element.(map[string]any)
			if !ok {
				return list, fmt.Errorf("read %s: %s[%d] is not a map", operation, key, i)
			}
			list = append(list, fields)
		}
	}
	return list, nil
}

// TextOf is the text of a field, or "" when it is absent.
func TextOf(resource map[string]any, field string) string {
	text, _ := resource[field].(string)
	return text
}

// MapsOf are the maps in a list field.
func MapsOf(resource map[string]any, field string) []map[string]any {
	var maps []map[string]any
	elements, _ := resource[field].([]any)
	for _, element := range elements {
		if fields, ok := element.(map[string]any); ok {
			maps = append(maps, fields)
		}
	}
	return maps
}

// NameTag is the value of a resource's tag Name, or "".
func NameTag(resource map[string]any) string {
	for _, tags := range []string{"Tags", "TagSet"} { // interfaces have a TagSet
		for _, tag := range MapsOf(resource, tags) {
			if TextOf(tag, "Key") == "Name" {
				return TextOf(tag, "Value")
			}
		}
	}
	return ""
}
