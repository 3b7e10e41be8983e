package trino

import (
	"fmt"
	"strings"
)

// signature is what a function takes and gives, read from a line like
//
//	element_at(map(K, V), K) V
//
// A capital letter stands for any type, the same one each time. integral, number and
// any stand for one of several types, each time another; decimal, timestamp and the like
// have any precision. $2 is the type of the second argument. The last argument can be
// repeated when … stands behind it.
type signature struct {
	name     string
	takes    []Type
	repeated bool
	gives    Type
}

// pattern reads a type with such letters.
func pattern(text string) (Type, string) {
	end := strings.IndexAny(text, "(),")
	if end < 0 {
		end = len(text)
	}
	t := Type{Name: strings.TrimSpace(text[:end])}
	rest := text[end:]
	if n, _ := fmt.Sscanf(rest, "(%d,%d)", &t.P, &t.S); n == 2 { // decimal(1,0)
		return t, rest[strings.IndexByte(rest, ')')+1:]
	}
	if !strings.HasPrefix(rest, "(") {
		return t, rest
	}
	for rest = rest[1:]; ; rest = rest[1:] {
		var arg Type
		arg, rest = pattern(rest)
		field := ""
		if name, kind, two := strings.Cut(arg.Name, " "); t.Name == "row" && two {
			field, arg.Name = name, kind
		}
		t.Args = append(t.Args, arg)
		if t.Name == "row" {
			t.Fields = append(t.Fields, field)
		}
		if !strings.HasPrefix(rest, ",") {
			break
		}
	}
	return t, strings.TrimPrefix(rest, ")")
}

func readSignature(text string) signature {
	name, rest, _ := strings.Cut(text, "(")
	s := signature{name: name}
	depth, end := 1, 0
	for ; depth > 0; end++ {
		switch rest[end] {
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	inner := rest[:end-1]
	s.gives, _ = pattern(rest[end:])
	if strings.HasSuffix(inner, "…") {
		s.repeated = true
		inner = strings.TrimSuffix(inner, "…")
	}
	for inner != "" {
		var t Type
		t, inner = pattern(inner)
		s.takes = append(s.takes, t)
		inner = strings.TrimPrefix(inner, ",")
	}
	return s
}

func isVariable(name string) bool { return len(name) == 1 && name[0] >= 'A' && name[0] <= 'Z' }

// bind matches a type with a pattern, and notes what the letters stand for. cost says how
// far the type has to be turned into another: the match of least cost is the one that is
// meant.
func bind(p, t Type, bound map[string]Type) (cost int, ok bool) {
	switch {
	case isVariable(p.Name):
		before, known := bound[p.Name]
		if !known {
			bound[p.Name] = t
			return 0, true
		}
		both, ok := common(before, t)
		if !ok {
			return 0, false
		}
		bound[p.Name] = both
		if both.Equal(before) && both.Equal(t) {
			return 0, true
		}
		return 1, true
	case t.is("unknown"):
		return 1, true
	case p.Name == "any":
		return 0, true
	case p.Name == "integral":
		return 0, t.isInteger()
	case p.Name == "number":
		return 0, t.isNumber()
	case p.Name == "interval":
		return 0, t.isInterval()
	case p.Name == "clock":
		return 0, t.is("date", tsName, tzName)
	case p.is("array", "map", "row", "function"):
		if t.Name != p.Name || len(t.Args) != len(p.Args) {
			return 0, false
		}
		for i := range p.Args {
			c, ok := bind(p.Args[i], t.Args[i], bound)
			if !ok {
				return 0, false
			}
			cost += c
		}
		return cost, true
	case p.Name == t.Name:
		return 0, true
	}
	// Turned without being asked, by as few steps as can be.
	if p.Name == "decimal" {
		return 2, t.isInteger()
	}
	if !coerces(t, precise(p, t)) {
		return 0, false
	}
	ladder := []string{"tinyint", "smallint", "integer", "bigint", "decimal", "real", "double"}
	from, to := index(ladder, t.Name), index(ladder, p.Name)
	if from >= 0 && to >= 0 {
		return 1 + to - from, true
	}
	ladder = []string{"date", tsName, tzName}
	if from, to = index(ladder, t.Name), index(ladder, p.Name); from >= 0 && to >= 0 {
		return 1 + to - from, true
	}
	return 1, true
}

func index(list []string, name string) int {
	for i, item := range list {
		if item == name {
			return i
		}
	}
	return -1
}

// precise gives a pattern's type the precision that a value of type t needs.
func precise(p, t Type) Type {
	switch {
	case p.is(tsName, tzName, "time") && t.isTime():
		p.P = t.P
		if p.is(tzName) {
			p.Zone = t.Zone
		}
	case p.is("decimal") && p.P == 0:
		t = t.asDecimal()
		p.P, p.S = t.P, t.S
	case p.is("varchar", "char") && t.Name == p.Name:
		p.P = t.P
	}
	return p
}

// replaced puts in what letters stand for. t is the type that an argument had, if it is
// that of an argument.
func replaced(p, t Type, bound map[string]Type) Type {
	switch {
	case isVariable(p.Name):
		if found, ok := bound[p.Name]; ok {
			return found
		}
		return Unknown
	case p.is("any", "integral", "number", "interval"):
		return t
	case len(p.Args) > 0:
		made := Type{Name: p.Name, Fields: p.Fields}
		for i := range p.Args {
			inner := Type{}
			if i < len(t.Args) {
				inner = t.Args[i]
			}
			made.Args = append(made.Args, replaced(p.Args[i], inner, bound))
		}
		return made
	}
	return precise(p, t)
}

func (s signature) arity(n int) bool {
	return n == len(s.takes) || s.repeated && n >= len(s.takes)
}

func (s signature) argument(i int) Type { return s.takes[min(i, len(s.takes)-1)] }

// result is the type that the function gives to these arguments.
func (s signature) result(arguments []Type, bound map[string]Type) Type {
	if n, ok := strings.CutPrefix(s.gives.Name, "$"); ok {
		return arguments[n[0]-'1']
	}
	given := replaced(s.gives, Type{}, bound)
	for i, arg := range s.gives.Args {
		if n, ok := strings.CutPrefix(arg.Name, "$"); ok {
			given.Args[i] = arguments[n[0]-'1']
		} else if arg.is(tsName) {
			given.Args[i].P = arguments[0].P
		}
	}
	if given.is(tsName, tzName) && given.P == 0 {
		given.P = 3
	}
	return given
}

func (s signature) String() string {
	names := make([]string, len(s.takes))
	for i, t := range s.takes {
		names[i] = shownPattern(t)
	}
	more := ""
	if s.repeated {
		more = ", …"
	}
	return fmt.Sprintf("%s(%s%s)", s.name, strings.Join(names, ", "), more)
}

func shownPattern(t Type) string {
	if len(t.Args) == 0 {
		return t.Name
	}
	names := make([]string, len(t.Args))
	for i, arg := range t.Args {
		names[i] = shownPattern(arg)
	}
	return t.Name + "(" + strings.Join(names, ", ") + ")"
}
