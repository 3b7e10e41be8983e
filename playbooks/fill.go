package playbooks

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
)

// fill sets the options of a step from a plain value. Unlike a decoder of YAML text it
// keeps plain values plain where a kind takes any (an int64 stays one), reads durations
// in days, and names the path of what does not fit.
func fill(configured steps.Step, value any) error {
	return set(reflect.ValueOf(configured).Elem(), value, "with")
}

func set(target reflect.Value, value any, path string) error {
	mismatch := fmt.Errorf("%s: %v does not fit a %s", path, excerpt(fmt.Sprint(value)), target.Type())
	if done, err := setSpecial(target, value); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	} else if done || value == nil {
		return nil
	}
	switch target.Kind() {
	case reflect.Interface:
		if target.NumMethod() > 0 {
			return mismatch
		}
		target.Set(reflect.ValueOf(value))
	case reflect.Pointer:
		fresh := reflect.New(target.Type().Elem())
		if err := set(fresh.Elem(), value, path); err != nil {
			return err
		}
		target.Set(fresh)
	case reflect.Struct, reflect.Map:
		fields, ok := value.(map[string]any)
		if !ok {
			return mismatch
		}
		if target.Kind() == reflect.Map {
			return setMap(target, fields, path)
		}
		return setStruct(target, fields, path)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return mismatch
		}
		target.Set(reflect.MakeSlice(target.Type(), len(list), len(list)))
		for i, element := range list {
			if err := set(target.Index(i), element, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	default:
		if !setScalar(target, value) {
			return mismatch
		}
	}
	return nil
}

// setSpecial sets the types that say themselves how they are read.
func setSpecial(target reflect.Value, value any) (done bool, err error) {
	switch into := target.Addr().Interface().(type) {
	case *time.Duration:
		text, ok := value.(string)
		if !ok {
			return false, nil
		}
		*into, err = expression.ParseDuration(text)
		return true, err
	case *time.Time:
		switch value := value.(type) {
		case time.Time:
			*into = value
		case string:
			*into, err = parseTime(value)
		}
		return true, err
	case yaml.Unmarshaler:
		if value == nil {
			return false, nil
		}
		return true, into.UnmarshalYAML(nodeOf(value))
	case encoding.TextUnmarshaler:
		text, ok := value.(string)
		if !ok {
			return false, nil
		}
		return true, into.UnmarshalText([]byte(text))
	}
	return false, nil
}

func setScalar(target reflect.Value, value any) bool {
	switch target.Kind() {
	case reflect.String:
		text, ok := value.(string)
		if at, isTime := value.(time.Time); isTime {
			text, ok = at.UTC().Format(time.RFC3339Nano), true
		}
		if ok {
			target.SetString(text)
		}
		return ok
	case reflect.Bool:
		b, ok := value.(bool)
		if ok {
			target.SetBool(b)
		}
		return ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := whole(value)
		ok = ok && !target.OverflowInt(n)
		if ok {
			target.SetInt(n)
		}
		return ok
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := whole(value)
		ok = ok && n >= 0 && !target.OverflowUint(uint64(n))
		if ok {
			target.SetUint(uint64(n))
		}
		return ok
	case reflect.Float32, reflect.Float64:
		f, ok := value.(float64)
		if n, isInt := value.(int64); isInt {
			f, ok = float64(n), true
		}
		if ok {
			target.SetFloat(f)
		}
		return ok
	}
	return false
}

// whole is a number without a fraction as an integer.
func whole(value any) (int64, bool) {
	switch value := value.(type) {
	case int64:
		return value, true
	case float64:
		return int64(value), value == math.Trunc(value) && math.Abs(value) <= 1<<53
	}
	return 0, false
}

func setMap(target reflect.Value, fields map[string]any, path string) error {
	if target.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("%s: a %s cannot be set from YAML", path, target.Type())
	}
	target.Set(reflect.MakeMapWithSize(target.Type(), len(fields)))
	for key, value := range fields {
		element := reflect.New(target.Type().Elem()).Elem()
		if err := set(element, value, join(path, key)); err != nil {
			return err
		}
		target.SetMapIndex(reflect.ValueOf(key).Convert(target.Type().Key()), element)
	}
	return nil
}

// setStruct sets fields by their yaml tags. Keys that no field has were refused by the
// schema, which comes from the same tags.
func setStruct(target reflect.Value, fields map[string]any, path string) error {
	for i := range target.NumField() {
		field := target.Type().Field(i)
		name, flags, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case !field.IsExported() || name == "-":
			continue
		case flags == "inline" || field.Anonymous && name == "":
			if err := setStruct(target.Field(i), fields, path); err != nil {
				return err
			}
			continue
		case name == "":
			name = strings.ToLower(field.Name)
		}
		if value, given := fields[name]; given {
			if err := set(target.Field(i), value, join(path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
