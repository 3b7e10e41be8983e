package trino

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"playbook/playbooks/dialect/query"
)

func doConcat(a *analyzer, c *query.Call, s *scope, w *withs) value {
	return a.concat(c.At(), a.arguments(c, s, w))
}

// concat joins texts, binaries or lists; NULL with anything is NULL.
func (a *analyzer) concat(pos int, list []value) value {
	i := slices.IndexFunc(list, func(v value) bool { return v.typ.is("array") })
	if i >= 0 {
		array := list[i].typ
		for _, v := range list {
			both, ok := common(array, v.typ)
			if !ok && !v.typ.is("array") {
				both, ok = common(array, Array(v.typ))
			}
			if !ok {
				a.fail(pos, "%s and %s cannot be joined", array, v.typ)
			}
			array = both
		}
		sql := ""
		for n, v := range list {
			part := ""
			if v.typ.is("array", "unknown") {
				part = a.convert(v, array, pos)
			} else {
				part = "[" + a.convert(v, array.Args[0], pos) + "]"
			}
			if n == 0 {
				sql = part
				continue
			}
			before := sql
			sql = onceEach(before, part, func(x, y string) string {
				return fmt.Sprintf("CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE list_concat(%s, %s) END", x, y, x, y)
			})
		}
		return made(array, sql, list...)
	}
	typ := Varchar
	if slices.ContainsFunc(list, func(v value) bool { return v.typ.is("varbinary") }) {
		typ = Varbinary
	}
	parts := make([]string, len(list))
	for n, v := range list {
		if !v.isNull() && (typ.is("varchar") && !v.typ.isText() || typ.is("varbinary") && !v.typ.is("varbinary")) {
			a.fail(pos, "%s cannot be joined to text; CAST it to varchar", v.typ)
		}
		parts[n] = a.convert(v, typ, pos)
	}
	return made(typ, "("+strings.Join(parts, " || ")+")", list...)
}

func doConcatWS(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	if len(list) == 2 && list[1].typ.is("array") {
		return a.scalar(c, s, w)
	}
	for i := range list {
		list[i] = a.text(c, i, s, w)
	}
	return made(Varchar, "concat_ws("+joined(list, ", ")+")", list...)
}

var groupNumber = regexp.MustCompile(`^\$(?:(\d)|\{([A-Za-z][A-Za-z0-9]*)\})`)

var namedGroup = regexp.MustCompile(`\(\?<([A-Za-z])`)

// oldNames writes the names of groups as DuckDB's RE2 wants them.
func oldNames(pattern string) string { return namedGroup.ReplaceAllString(pattern, "(?P<$1") }

// doRegexp takes patterns that RE2 does not know to an engine that does.
func doRegexp(a *analyzer, c *query.Call, s *scope, w *withs) value {
	pattern := a.text(c, 1, s, w)
	if pattern.text == nil {
		return a.scalar(c, s, w)
	}
	_, err := compiled(*pattern.text)
	if err == nil {
		plain := *c
		plain.Args = slices.Clone(c.Args)
		plain.Args[1] = &query.Literal{Place: query.Place(c.Args[1].At()), Kind: query.String, Text: oldNames(*pattern.text)}
		return a.scalar(&plain, s, w)
	}
	if _, problem := backtracking(*pattern.text); problem != nil {
		a.fail(c.Args[1].At(), "%s", err)
	}
	v := a.text(c, 0, s, w)
	if c.Name == "regexp_like" {
		return made(Boolean, "trino_backtracking_like("+v.sql+", "+pattern.sql+")", v, pattern)
	}
	group := value{typ: Bigint, sql: "0"}
	if len(c.Args) == 3 {
		group = a.expr(c.Args[2], s, w)
	}
	return made(Varchar, "trino_backtracking_group("+v.sql+", "+pattern.sql+", "+a.convert(group, Bigint, c.At())+")", v, pattern, group)
}

func doRegexpReplace(a *analyzer, c *query.Call, s *scope, w *withs) value {
	if len(c.Args) == 2 {
		return a.scalar(c, s, w)
	}
	if _, ok := c.Args[2].(*query.Lambda); ok {
		a.fail(c.Args[2].At(), "regexp_replace with a lambda is not supported on a case")
	}
	v, pattern := a.text(c, 0, s, w), a.text(c, 1, s, w)
	replacement := a.constant(c, 2, s, w, "its replacement as a string in the query")
	if pattern.text == nil {
		a.fail(c.Args[1].At(), "regexp_replace needs its pattern as a string in the query")
	}
	re, err := compiled(*pattern.text)
	if err != nil {
		a.fail(c.Args[1].At(), "%s", err)
	}
	var b strings.Builder
	for i := 0; i < len(replacement); i++ {
		switch {
		case replacement[i] == '\\' && i+1 < len(replacement):
			i++
			if b.WriteByte(replacement[i]); replacement[i] == '\\' {
				b.WriteByte('\\')
			}
		case replacement[i] == '$':
			group := groupNumber.FindStringSubmatch(replacement[i:])
			n := -1
			if group != nil && group[1] != "" {
				n = number(group[1])
			} else if group != nil {
				n = re.SubexpIndex(group[2])
			}
			if n < 0 || n > min(9, re.NumSubexp()) {
				a.fail(c.Args[2].At(), `there is no such group of the pattern in the replacement %q; a dollar sign is \$`, replacement)
			}
			fmt.Fprintf(&b, `\%d`, n)
			i += len(group[0]) - 1
		default:
			b.WriteByte(replacement[i])
		}
	}
	return made(Varchar, "regexp_replace("+v.sql+", "+textLiteral(oldNames(*pattern.text))+", "+textLiteral(b.String())+", 'g')", v, pattern)
}

var formatSpec = regexp.MustCompile(`%(?:%|n|(?:(\d+)\$|(<))?([-,+ 0(#]*)(\d*)(?:\.(\d+))?([a-zA-Z]))`)

// doFormat is Java's String.format with what is commonly used of it ("format").
func doFormat(a *analyzer, c *query.Call, s *scope, w *withs) value {
	format := a.constant(c, 0, s, w, "its format as a string, like '%s: %d'")
	list := a.arguments(c, s, w)[1:]
	var parts []string
	next, last := 0, -1
	for format != "" {
		at := formatSpec.FindStringSubmatchIndex(format)
		if at == nil {
			if strings.Contains(format, "%") {
				a.fail(c.Args[0].At(), "the format %q is not supported on a case", format)
			}
			parts = append(parts, textLiteral(format))
			break
		}
		if at[0] > 0 {
			parts = append(parts, textLiteral(format[:at[0]]))
		}
		spec := formatSpec.FindStringSubmatch(format)
		format = format[at[1]:]
		switch spec[0] {
		case "%%":
			parts = append(parts, "'%'")
			continue
		case "%n":
			parts = append(parts, "chr(10)")
			continue
		}
		place := next
		switch {
		case spec[1] != "":
			place = number(spec[1]) - 1
		case spec[2] != "":
			place = last
		default:
			next++
		}
		if place < 0 || place >= len(list) {
			a.fail(c.At(), "the format has more places than there are values")
		}
		last = place
		v, spec, pos := list[place], append(spec[:1], spec[3:]...), c.Args[place+1].At()
		parts = append(parts, once(v.sql, func(x string) string {
			return a.formatted(c, spec, value{typ: v.typ, sql: x}, pos)
		}))
	}
	if len(parts) == 0 {
		parts = []string{"''"}
	}
	return made(Varchar, "("+strings.Join(parts, " || ")+")", list...)
}

func (a *analyzer) formatted(c *query.Call, spec []string, v value, pos int) string {
	flags, width, precision, letter := spec[1], spec[2], spec[3], spec[4]
	bad := func() { a.fail(c.Args[0].At(), "%s of %s is not supported on a case", spec[0], v.typ) }
	sql := ""
	switch {
	case letter == "s" || letter == "S":
		text, ok := toText(v)
		if !ok || strings.Trim(flags, "-") != "" {
			bad()
		}
		if sql = "coalesce(" + text + ", 'null')"; precision != "" {
			sql = "left(" + sql + ", " + precision + ")"
		}
		if letter == "S" {
			sql = "upper(" + sql + ")"
		}
		if width != "" {
			if pad := fmt.Sprintf("repeat(' ', greatest(0, %s - length(%s)))", width, sql); strings.Contains(flags, "-") {
				sql = "(" + sql + " || " + pad + ")"
			} else {
				sql = "(" + pad + " || " + sql + ")"
			}
		}
		return sql
	case letter == "b" && v.typ.is("boolean") && flags+width == "":
		return "coalesce(CAST(" + v.sql + " AS VARCHAR), 'false')"
	case letter == "d" && v.typ.isInteger(), letter == "f" && v.typ.is("double", "real", "decimal"):
		group := strings.Contains(flags, ",")
		flags = strings.ReplaceAll(flags, ",", "")
		if strings.Trim(flags, "-+0 ") != "" {
			bad()
		}
		inner := "CAST(" + v.sql + " AS BIGINT)"
		form := "d"
		if letter == "f" {
			if precision == "" {
				precision = "6"
			}
			// Java rounds halves up, where C keeps what the binary number is nearest to.
			inner, form = "CAST(round(CAST("+v.sql+" AS DOUBLE), "+precision+") AS DOUBLE)", "."+precision+"f"
		}
		if group {
			align := map[bool]string{true: "<", false: ">"}[strings.Contains(flags, "-")]
			sign := map[bool]string{true: "+"}[strings.Contains(flags, "+")]
			if width == "" {
				align = ""
			}
			sql = fmt.Sprintf("format('{:%s%s%s,%s}', %s)", align, sign, width, form, inner)
		} else {
			sql = fmt.Sprintf("printf('%%%s%s%s', %s)", flags, width, form, inner)
		}
	case (letter == "x" || letter == "X" || letter == "o") && v.typ.isInteger() && strings.Trim(flags, "-0") == "":
		sql = fmt.Sprintf("printf('%%%s%s%s', CAST(%s AS BIGINT))", flags, width, letter, v.sql)
	case letter == "e" && v.typ.is("double", "real"):
		if precision == "" {
			precision = "6"
		}
		sql = fmt.Sprintf("printf('%%%s%s.%se', CAST(%s AS DOUBLE))", flags, width, precision, v.sql)
	default:
		a.fail(pos, "format: %s cannot show a value of the type %s", spec[0], v.typ)
	}
	return "CASE WHEN " + v.sql + " IS NULL THEN 'null' ELSE " + sql + " END"
}
