// Package stepstest has what the tests of kinds put in the place of S3 and of a run
// folder.
package stepstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"playbook/steps"
)

// Bucket is S3 in memory: contents by location.
type Bucket map[string]string

// Unreadable is the content of a file that is listed and cannot be opened.
const Unreadable = "unreadable"

// List implements steps.Files. As the interface wants it, nothing at all is an error.
func (b Bucket) List(_ context.Context, location string) iter.Seq2[steps.Object, error] {
	return func(yield func(steps.Object, error) bool) {
		found := false
		for _, key := range slices.Sorted(maps.Keys(b)) {
			if strings.HasPrefix(key, location) {
				found = true
				if !yield(steps.Object{Location: key, Bytes: int64(len(b[key]))}, nil) {
					return
				}
			}
		}
		if !found {
			yield(steps.Object{}, &steps.Missing{What: "what lies at " + location})
		}
	}
}

// Open implements steps.Files.
func (b Bucket) Open(_ context.Context, location string) (io.ReadCloser, error) {
	switch content, ok := b[location]; {
	case !ok:
		return nil, &steps.Missing{What: location}
	case content == Unreadable:
		return nil, errors.New("access denied")
	}
	return io.NopCloser(strings.NewReader(b[location])), nil
}

// Store is evidence in memory: contents by name.
type Store map[string]string

// Write implements steps.Evidence.
func (s Store) Write(name string, write func(io.Writer) error) (steps.File, error) {
	var b bytes.Buffer
	err := write(&b)
	s[name] = b.String()
	return steps.File{Path: name, Bytes: int64(b.Len())}, err
}
