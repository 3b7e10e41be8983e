package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"playbook/steps"
)

// text is a value as people read it. nil is "(none)": a missing detail must not take
// away the finding that mentions it.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return "(none)"
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int:
		return strconv.Itoa(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		if abs := math.Abs(value); abs >= 1e21 || abs != 0 && abs < 1e-9 {
			return strconv.FormatFloat(value, 'g', -1, 64)
		}
		return strconv.FormatFloat(value, 'f', -1, 64)
	case time.Time:
		return value.UTC().Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(value))
		for i, element := range value {
			parts[i] = text(element)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var encoded strings.Builder
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)                  // whoever shows the text escapes it
		if err := encoder.Encode(value); err != nil { // a NaN
			return fmt.Sprint(value)
		}
		return strings.TrimSuffix(encoded.String(), "\n")
	}
	return fmt.Sprint(value)
}

// budget bounds how large the values are that an expression builds. Lists may hold
// the same list many times over, so that a short expression can describe a value
// larger than memory: every walk over a value has to count.
type budget struct{ left int }

var errTooLarge = errors.New("the expression makes a value that is too large")

func (b *budget) spend(n int) error {
	b.left -= n
	if b.left < 0 {
		return errTooLarge
	}
	return nil
}

// plain makes a result plain (see steps.Plain), copying only what is not.
func (b *budget) plain(value any) (any, error) {
	if err := b.spend(1); err != nil {
		return nil, err
	}
	switch value := value.(type) {
	case nil, bool, int64, float64, string, time.Time:
		return value, nil
	case []any:
		return b.plainList(value)
	case map[string]any:
		return b.plainMap(value)
	case time.Duration, Identifier, Columns:
		return fmt.Sprint(value), nil
	case map[any][]any: // of groupBy
		named := make(map[string]any, len(value))
		for key, group := range value {
			named[text(key)] = group
		}
		return b.plainMap(named)
	case []int, []string, []float64, int, []byte:
		return steps.Plain(value), nil
	}
	if reflect.ValueOf(value).Kind() == reflect.Func {
		return nil, errors.New("the expression gives a function; call it with (…)")
	}
	return nil, fmt.Errorf("the expression gives a %T, which has no meaning here", value)
}

func (b *budget) plainList(list []any) (any, error) {
	result := list
	for i, element := range list {
		converted, err := b.plain(element)
		if err != nil {
			return nil, err
		}
		if same(element, converted) {
			continue
		}
		if &result[0] == &list[0] {
			result = append([]any{}, list...)
		}
		result[i] = converted
	}
	if result == nil {
		result = []any{}
	}
	return result, nil
}

func (b *budget) plainMap(m map[string]any) (any, error) {
	copied := false
	result := m
	for key, element := range m {
		converted, err := b.plain(element)
		if err != nil {
			return nil, err
		}
		if same(element, converted) {
			continue
		}
		if !copied {
			copied = true
			result = make(map[string]any, len(m))
			for k, v := range m {
				result[k] = v
			}
		}
		result[key] = converted
	}
	return result, nil
}

// same reports whether plain has left a value as it was.
func same(before, after any) bool {
	switch before := before.(type) {
	case nil, bool, int64, float64, string, time.Time:
		return true
	case []any:
		after, ok := after.([]any)
		return ok && len(before) == len(after) && (len(before) == 0 || &before[0] == &after[0])
	case map[string]any:
		after, ok := after.(map[string]any)
		return ok && reflect.ValueOf(before).Pointer() == reflect.ValueOf(after).Pointer()
	}
	return false
}

// weigh counts the memory that a value would take written out.
func (b *budget) weigh(value any) error {
	switch value := value.(type) {
	case string:
		return b.spend(16 + len(value))
	case []any:
		for _, element := range value {
			if err := b.weigh(element); err != nil {
				return err
			}
		}
		return b.spend(16)
	case map[string]any:
		for key, element := range value {
			if err := b.weigh(element); err != nil {
				return err
			}
			if err := b.spend(len(key)); err != nil {
				return err
			}
		}
		return b.spend(16)
	case []int, []float64, []string:
		return b.weigh(steps.Plain(value))
	case map[any][]any:
		for _, group := range value {
			if err := b.weigh(group); err != nil {
				return err
			}
		}
	}
	return b.spend(16)
}
