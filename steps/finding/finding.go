// Package finding reads what scanners found: findings in OCSF, as Prowler writes them, and
// in the AWS Security Finding Format, as Security Hub keeps them.
package finding

import (
	"strings"
	"time"

	"playbook/steps"
)

// Finding is one check of one resource, or one detection. All text is hostile.
type Finding struct {
	ID           string         `json:"id"`
	Check        string         `json:"check"` // "ec2_instance_public_ip", "EC2.6"
	Title        string         `json:"title"`
	Status       Status         `json:"status"`
	Severity     steps.Severity `json:"severity"`       // medium when the scanner's word is not known
	Said         string         `json:"severity_given"` // that word
	Account      string         `json:"aws_account"`
	Region       string         `json:"aws_region"`
	Resource     string         `json:"resource"` // mostly an ARN
	ResourceType string         `json:"resource_type"`
	Detail       string         `json:"detail"`
	Remedy       string         `json:"remedy"`
	URL          string         `json:"url"`
	Product      string         `json:"product"`
	Seen         *time.Time     `json:"seen"`
	Source       string         `json:"source"` // the file, or the call
}

// Status is what became of a check.
type Status string

const (
	Fail       Status = "fail"       // it does not hold, or something was detected
	Pass       Status = "pass"       // it holds
	Manual     Status = "manual"     // a person has to look
	Suppressed Status = "suppressed" // somebody muted, archived or resolved it
	Unknown    Status = "unknown"    // it could not be checked, or its status is not understood
)

// Limits of what is kept of a finding, in characters.
const (
	maxName = 512
	maxText = 1000
)

// fields is an object of JSON in which anything can stand where something else should.
type fields map[string]any

// at follows names and, for lists, takes the first element.
func (f fields) at(path ...string) any {
	var value any = map[string]any(f)
	for _, name := range path {
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

func (f fields) text(limit int, path ...string) string {
	text, _ := f.at(path...).(string)
	return steps.Cut(text, limit)
}

func (f fields) time(path ...string) *time.Time {
	switch value := f.at(path...).(type) {
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05"} {
			if t, err := time.Parse(layout, value); err == nil {
				t = t.UTC()
				return &t
			}
		}
	case float64: // seconds, or as OCSF has it milliseconds
		if value > 1e11 {
			value /= 1000
		}
		if value > 0 && value < 1e11 {
			t := time.Unix(int64(value), 0).UTC()
			return &t
		}
	}
	return nil
}

func first[T comparable](values ...T) T {
	var zero T
	for _, value := range values {
		if value != zero {
			return value
		}
	}
	return zero
}

// words are how scanners write severities.
var words = map[string]steps.Severity{
	"informational": steps.Info, "information": steps.Info, "info": steps.Info, "low": steps.Low, "medium": steps.Medium,
	"high": steps.High, "critical": steps.Critical, "fatal": steps.Critical,
}

// severity never makes a word that is not known harmless.
func severity(word string) steps.Severity {
	if s, ok := words[strings.ToLower(strings.TrimSpace(word))]; ok {
		return s
	}
	return steps.Medium
}
