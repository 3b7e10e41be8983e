package dialect

import (
	"strconv"
	"strings"
)

// deepest nesting of types; Hive's own limit is far below ("Data types in Athena").
const maxTypeDepth = 64

// dataType reads a type of DDL. Whether Athena has it is for Lint to say.
func (t *tableReader) dataType(depth int) (Type, *Error) {
	token := t.peek()
	kind := Type{Offset: token.Offset}
	switch {
	case depth > maxTypeDepth:
		return kind, &Error{Offset: token.Offset, Message: "the type is nested too deeply"}
	case token.Kind == Hole:
		t.i++
		t.HasHoles = true
		return kind, nil
	case t.done() || token.Kind != Word:
		return kind, t.expected("a type")
	}
	t.i++
	kind.Name = strings.ToLower(token.Text)
	switch {
	case t.peek().isOperator("("):
		return kind, t.typeParams(&kind)
	case t.peek().isOperator("<") || t.peek().isOperator("<>"):
		return kind, t.typeFields(&kind, depth)
	}
	return kind, nil
}

func (t *tableReader) typeParams(kind *Type) *Error {
	t.operator("(")
	for {
		n, err := strconv.Atoi(t.peek().Text)
		if err != nil || t.peek().Kind != Number {
			return t.expected("a number")
		}
		t.i++
		kind.Params = append(kind.Params, n)
		if t.operator(")") {
			return nil
		}
		if !t.operator(",") {
			return t.expected(", or )")
		}
	}
}

func (t *tableReader) typeFields(kind *Type, depth int) *Error {
	if !t.operator("<") {
		return t.expected("a type")
	}
	for {
		var field Field
		var mistake *Error
		if kind.Name == "struct" {
			var hole bool
			if field.Name, hole, mistake = t.name("the name of a field"); mistake != nil {
				return mistake
			}
			t.HasHoles = t.HasHoles || hole
			if !t.operator(":") {
				return t.expected(":")
			}
		}
		if field.Type, mistake = t.dataType(depth + 1); mistake != nil {
			return mistake
		}
		if t.words("COMMENT") {
			if _, _, mistake := t.text("a comment in quotes"); mistake != nil {
				return mistake
			}
		}
		kind.Fields = append(kind.Fields, field)
		if t.operator(">") {
			return nil
		}
		if !t.operator(",") {
			return t.expected(", or >")
		}
	}
}

func (t Type) write(b *strings.Builder) {
	b.WriteString(t.Name)
	for i, n := range t.Params {
		b.WriteString(map[bool]string{true: "(", false: ","}[i == 0])
		b.WriteString(strconv.Itoa(n))
	}
	if len(t.Params) > 0 {
		b.WriteByte(')')
	}
	for i, field := range t.Fields {
		b.WriteString(map[bool]string{true: "<", false: ","}[i == 0])
		if field.Name != "" {
			b.WriteString(field.Name + ":")
		}
		field.Type.write(b)
	}
	if len(t.Fields) > 0 {
		b.WriteByte('>')
	}
}
