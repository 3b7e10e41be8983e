package integration

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// read lists the resources of a template and the names of its named queries. It may be
// anybody's: short forms as !Ref are left unread.
func read(text []byte) ([]Resource, []string, error) {
	var doc struct {
		Resources map[string]struct {
			Type       string               `yaml:"Type"`
			Properties map[string]yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, nil, fmt.Errorf("read the template: %w", err)
	}
	if len(doc.Resources) == 0 {
		return nil, nil, errors.New("read the template: it has no Resources; this is no CloudFormation template")
	}
	resources, queries := []Resource{}, []string{}
	for id, r := range doc.Resources {
		resources = append(resources, Resource{id, r.Type})
		if r.Type != "AWS::Athena::NamedQuery" {
			continue
		}
		name := id
		if given := r.Properties["Name"]; given.Kind == yaml.ScalarNode && given.ShortTag() == "!!str" {
			name = cmp.Or(given.Value, id)
		}
		queries = append(queries, name)
	}
	slices.SortFunc(resources, func(a, b Resource) int { return cmp.Compare(a.ID, b.ID) })
	slices.Sort(queries)
	return resources, queries, nil
}
