package steps

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Change is one call that would alter AWS: worked out exactly, and not made. Run of a
// kind whose effect is Changes makes nothing but these. Run on the same state gives the
// same changes, so that a plan can be checked just before it is carried out by making it
// anew.
//
// The changes of one Result are a plan: they are made from the first to the last, and
// undone from the last to the first. What a call gives back can be used by later calls
// of its plan and by undos; see From.
type Change struct {
	Target   Target `json:"target"`
	Call     Call   `json:"call"`
	Resource string `json:"resource"` // id of what is altered, or of what it is made for
	Reason   string `json:"reason"`   // why, for the person who approves it
	// Before is the state that the call alters or copies, as AWS describes it before any
	// call of the plan; empty for something new.
	Before map[string]any `json:"before,omitempty"`
	// Undo takes the change back, in this order. Empty means that nothing can, or that
	// nothing has to; Notes say which.
	Undo []Call `json:"undo,omitempty"`
	// Notes are what the call does not do ("tracked connections stay open").
	Notes []string `json:"notes,omitempty"`
}

// Call is one AWS call with its input, in the names of the AWS API. Where the input needs
// what an earlier call gives back, a reference stands in its place; see From.
type Call struct {
	Operation string         `json:"operation"` // as IAM spells it, "ec2:CreateFlowLogs"
	Input     map[string]any `json:"input"`
}

// Command is the call as a command of the AWS CLI, for a POSIX shell. A reference is
// written as "<GroupId of call 1>", which AWS refuses: whoever runs the command has to
// fill it in.
func (c Call) Command(target Target) string {
	shown, err := replace(c.Input, func(call int64, path string) (any, error) {
		return fmt.Sprintf("<%s of call %d>", path, call+1), nil
	})
	var input strings.Builder
	if err == nil {
		encoder := json.NewEncoder(&input)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(shown)
	}
	if err != nil {
		panic(fmt.Sprintf("the input of %s is not plain: %v", c.Operation, err)) // only a bug can do that
	}
	command := "aws " + Kebab(c.Operation, " ") + " --cli-input-json " + shellQuote(strings.TrimSpace(input.String()))
	if target.Region != "" {
		command += " --region " + shellQuote(target.Region)
	}
	return command
}

// shellQuote makes one word of text that may hold anything.
func shellQuote(text string) string {
	if text != "" && strings.IndexFunc(text, func(r rune) bool {
		return !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Kebab turns "ec2:DescribeVpcs" into "ec2-describe-vpcs", as the AWS CLI spells it;
// between stands between service and command.
func Kebab(operation, between string) string {
	service, call, _ := strings.Cut(operation, ":")
	var name strings.Builder
	name.WriteString(service + between)
	for i, letter := range call {
		if unicode.IsUpper(letter) && i > 0 {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(letter))
	}
	return name.String()
}
