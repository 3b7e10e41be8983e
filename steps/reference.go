package steps

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// reference is the only key of a map that stands for what a call gives back.
const reference = "$from"

// From is the reference to a part of what a call of the same plan gives back:
//
//	{"$from": {"call": 0, "path": "GroupId"}}
//
// call is the position of the call among the changes of its Result, from 0. path leads
// into the call's output as the AWS CLI prints it, written as for its option --query:
// "GroupId", "FlowLogIds[0]". In Change.Call it names an earlier call; in Change.Undo it
// may name the change's own.
func From(call int, path string) map[string]any {
	return map[string]any{reference: map[string]any{"call": int64(call), "path": path}}
}

// Resolve is the call with every reference replaced by what was given back: outputs has
// the outputs of the calls that were made, by position.
func (c Call) Resolve(outputs []map[string]any) (Call, error) {
	input, err := replace(c.Input, func(call int64, path string) (any, error) {
		if call < 0 || call >= int64(len(outputs)) || outputs[call] == nil {
			return nil, fmt.Errorf("it needs %s of call %d, which has not been made", path, call+1)
		}
		value, ok := pick(outputs[call], path)
		if !ok {
			return nil, fmt.Errorf("it needs %s of call %d, which did not give it back", path, call+1)
		}
		return value, nil
	})
	if err != nil {
		return Call{}, fmt.Errorf("fill in the input of %s: %w", c.Operation, err)
	}
	fields, _ := input.(map[string]any)
	return Call{c.Operation, fields}, nil
}

// replace copies a plain value with its references replaced.
func replace(value any, with func(call int64, path string) (any, error)) (any, error) {
	var err error
	switch value := value.(type) {
	case map[string]any:
		if inner, ok := value[reference].(map[string]any); ok && len(value) == 1 {
			return with(position(inner["call"]), TextOf(inner, "path"))
		}
		copied := make(map[string]any, len(value))
		for key, element := range value {
			if copied[key], err = replace(element, with); err != nil {
				return nil, err
			}
		}
		return copied, nil
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			if copied[i], err = replace(element, with); err != nil {
				return nil, err
			}
		}
		return copied, nil
	}
	return value, nil
}

// position reads the number of a call, also out of a plan that was stored as JSON.
func position(number any) int64 {
	switch number := number.(type) {
	case int64:
		return number
	case float64:
		return int64(number)
	case json.Number:
		if whole, err := number.Int64(); err == nil {
			return whole
		}
	}
	return -1
}

var pathStep = regexp.MustCompile(`^\.?([A-Za-z]\w*)|^\[(\d{1,4})\]`)

// pick follows a path into a plain value.
func pick(value any, path string) (any, bool) {
	for path != "" {
		step := pathStep.FindStringSubmatch(path)
		if step == nil {
			return nil, false
		}
		if fields, ok := value.(map[string]any); ok && step[1] != "" {
			value = fields[step[1]]
		} else if list, ok := value.([]any); ok && step[2] != "" {
			index, _ := strconv.Atoi(step[2])
			if index >= len(list) {
				return nil, false
			}
			value = list[index]
		} else {
			return nil, false
		}
		path = path[len(step[0]):]
	}
	return value, value != nil
}
