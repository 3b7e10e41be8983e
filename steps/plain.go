package steps

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"
)

// Plain turns a Go value into what expressions and journals work on: nil, bool,
// int64, float64, string, time.Time, []any and map[string]any. Structs become maps
// keyed by their json tags, as encoding/json would name them; unlike a trip through
// JSON, integers stay integers, times stay times, and omitempty omits nothing: an
// expression may name every field.
//
// A *big.Int (DuckDB's HUGEINT) becomes an int64 when it fits and a float64 when it
// does not, because expr compares *big.Int with numbers as never equal.
func Plain(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case bool, int64, float64, string, time.Time:
		return v
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case []byte:
		return string(v)
	}
	return plainValue(reflect.ValueOf(v))
}

func plainValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return Plain(v.Elem().Interface())
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if u := v.Uint(); u>>63 != 0 {
			return float64(u)
		}
		return int64(v.Uint())
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = Plain(v.Index(i).Interface())
		}
		return list
	case reflect.Map:
		m := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			m[fmt.Sprint(key.Interface())] = Plain(v.MapIndex(key).Interface())
		}
		return m
	case reflect.Struct:
		m := map[string]any{}
		plainStruct(v, m)
		return m
	}
	panic(fmt.Sprintf("steps.Plain: a %s cannot be part of a result", v.Type()))
}

func plainStruct(v reflect.Value, m map[string]any) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			plainStruct(v.Field(i), m)
			continue
		case name == "":
			name = field.Name
		}
		m[name] = Plain(v.Field(i).Interface())
	}
}
