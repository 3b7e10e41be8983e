package dialect

import (
	"strconv"
	"strings"
)

// queryTypes are what DDL calls the types of queries ("Data types in Athena").
var queryTypes = map[string]string{
	"boolean": "boolean", "tinyint": "tinyint", "smallint": "smallint", "integer": "int", "bigint": "bigint", "real": "float",
	"double": "double", "decimal": "decimal", "varchar": "varchar", "char": "char", "varbinary": "binary", "date": "date",
	"timestamp": "timestamp", "array": "array", "map": "map", "row": "struct", "struct": "struct",
}

// TypeOf is the type of DDL that holds values of a type of queries: struct<a:int> for
// row(a integer). It is false for types that no column of a Hive table has: time,
// timestamp with time zone, interval, json, ipaddress, uuid, unknown.
func TypeOf(query string) (Type, bool) {
	tokens, mistakes := tokenize(query, false)
	r := &reader{cursor: cursor{tokens: tokens}}
	if len(mistakes) > 0 {
		return Type{}, false
	}
	t, ok := r.queryType(0)
	return t, ok && r.done()
}

func (r *reader) queryType(depth int) (t Type, ok bool) {
	word := r.next()
	name, known := queryTypes[strings.ToLower(word.Text)]
	if word.Kind != Word || !known || depth > maxTypeDepth {
		return t, false
	}
	t.Name = name
	if !r.operator("(") {
		if name == "varchar" {
			t.Name = "string"
		}
		ok = !r.peek().is("WITH") && name != "array" && name != "map" && name != "struct"
		if name == "decimal" {
			t.Params = []int{38, 0}
		}
		return t, ok
	}
	for {
		if n, err := strconv.Atoi(r.peek().Text); err == nil && r.peek().Kind == Number {
			r.i++
			t.Params = append(t.Params, n)
		} else {
			field := Field{}
			if name == "struct" {
				var mistake *Error
				if field.Name, _, mistake = r.name("the name of a field"); mistake != nil {
					return t, false
				}
			}
			if field.Type, ok = r.queryType(depth + 1); !ok {
				return t, false
			}
			t.Fields = append(t.Fields, field)
		}
		if r.operator(")") {
			break
		}
		if !r.operator(",") {
			return t, false
		}
	}
	if name == "timestamp" { // the digits of its seconds
		t.Params = nil
	}
	holds := map[string]int{"array": 1, "map": 2, "struct": max(1, len(t.Fields))}[name]
	return t, len(t.Fields) == holds && (holds == 0 || len(t.Params) == 0) && !r.peek().is("WITH")
}
