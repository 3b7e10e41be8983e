package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"playbook/runner/journal"
	"playbook/steps"
)

// recorder is a Cloud that keeps every answer as evidence, as the AWS CLI would have
// printed it, and refuses operations that the kind does not declare (they would be
// missing from its IAM policy).
type recorder struct {
	cloud   steps.Cloud
	allowed []string
	target  steps.Target
	files   *journal.Store
	answers []answer
}

type answer struct {
	operation string
	input     map[string]any
	whole     map[string]any
}

func newRecorder(cloud steps.Cloud, allowed []string, target steps.Target, files *journal.Store) *recorder {
	return &recorder{cloud: cloud, allowed: allowed, target: target, files: files}
}

func (r *recorder) Read(ctx context.Context, operation string, input map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if !slices.Contains(r.allowed, operation) {
			yield(nil, fmt.Errorf("%s is not among the operations that this kind declares", operation))
			return
		}
		whole := map[string]any{}
		for page, err := range r.cloud.Read(ctx, operation, input) {
			if err == nil {
				addPage(whole, page)
			}
			if !yield(page, err) {
				break
			}
		}
		if len(whole) > 0 {
			r.answers = append(r.answers, answer{operation, input, whole})
		}
	}
}

// paging are the fields of a page that say whether another one follows: what is
// recorded is one whole page.
var paging = []string{"NextToken", "nextToken", "NextMarker", "Marker", "IsTruncated"}

// addPage joins pages as the AWS CLI does: lists are concatenated, tokens dropped.
func addPage(whole, page map[string]any) {
	for key, value := range page {
		list, isList := value.([]any)
		before, _ := whole[key].([]any)
		switch {
		case isList:
			whole[key] = append(before[:len(before):len(before)], list...)
		case slices.Contains(paging, key):
		default:
			whole[key] = value
		}
	}
}

// store writes the answers down: evidence/<step>/<account>/<region or global>/<call>.json. Calls
// with an input are numbered and keep it, as a case does.
func (r *recorder) store() error {
	var errs []error
	numbers := map[string]int{}
	for _, answer := range r.answers {
		name, content := steps.Kebab(answer.operation, "-"), any(answer.whole)
		if len(answer.input) > 0 {
			numbers[name]++
			content = map[string]any{"Input": answer.input, "Output": answer.whole}
			name = fmt.Sprintf("%s/%03d", name, numbers[name])
		}
		name += ".json"
		if r.target.Account != "" {
			name = r.target.Account + "/" + cmp.Or(r.target.Region, "global") + "/" + name
		}
		_, err := r.files.Write(name, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "    ")
			return encoder.Encode(content)
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
