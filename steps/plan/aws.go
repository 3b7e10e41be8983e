package plan

import (
	"context"

	"playbook/steps"
)

// ByID reads one list of an operation's answer, by the id of its elements.
func ByID(ctx context.Context, cloud steps.Cloud, operation, list, id string) (map[string]map[string]any, error) {
	found, err := steps.ReadList(ctx, cloud, operation, list)
	byID := make(map[string]map[string]any, len(found))
	for _, raw := range found {
		byID[steps.TextOf(raw, id)] = raw
	}
	return byID, err
}

// Instances reads all instances by their ids: AWS lists them in reservations.
func Instances(ctx context.Context, cloud steps.Cloud) (map[string]map[string]any, error) {
	reservations, err := steps.ReadList(ctx, cloud, "ec2:DescribeInstances", "Reservations")
	byID := map[string]map[string]any{}
	for _, reservation := range reservations {
		for _, raw := range steps.MapsOf(reservation, "Instances") {
			byID[steps.TextOf(raw, "InstanceId")] = raw
		}
	}
	return byID, err
}

// Tag is the value of a resource's tag, or "".
func Tag(raw map[string]any, key string) string {
	for _, tag := range steps.MapsOf(raw, "Tags") {
		if steps.TextOf(tag, "Key") == key {
			return steps.TextOf(tag, "Value")
		}
	}
	return ""
}

// Name is what people call a resource: its tag Name, else its id.
func Name(raw map[string]any, id string) string {
	if name := steps.NameTag(raw); name != "" {
		return name
	}
	return id
}
