package reports

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// attacks are texts as an attacker would put them into a tag, a host name or an
// answer.
var attacks = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg/onload=alert(1)>`, `</td></tr></table><h1>x`,
	`"><script>alert(1)</script>`, `' onmouseover='alert(1)`, `<a href="javascript:alert(1)">x</a>`, `<iframe src=//evil.example>`,
	`<style>*{display:none}</style>`, `<link rel=stylesheet href=//evil.example>`, `<meta http-equiv=refresh content=0>`,
	`<!-- `, `-->`, `<![CDATA[`, `<?php`, `&lt;script&gt;`, `&#60;script&#62;`, `&copy;`, `{{.Body}}`, `${{ params.x }}`,
	`[click](javascript:alert(1))`, `[click](http://evil.example)`, `![x](http://evil.example/p.png)`, `[x][1]`, "[1]: http://evil.example",
	`<http://evil.example>`, `http://evil.example`, `https://evil.example/a?b=c`, `www.evil.example`, `mail@evil.example`, `ftp://evil.example`,
	`@everyone`, `#123`, `:bomb:`, "`code`", "``", "```\n# out\n```", "~~~\n# out", "````sql", "` `` `", `a|b|c`, `\|x|`, `| a | b |`, `|---|---|`,
	`**bold**`, `*em*`, `__b__`, `_e_`, `~~s~~`, `$x$`, "# heading", "## heading", "###### h", "x\n# heading", "x\n\n# heading", "x\n===", "x\n---", "---", "***", "===",
	"- item", "+ item", "* item", "1. item", "1) item", "> quote", "    code", "\tcode", "- [ ] task",
	"line\r\nline", "nul\x00byte", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\u009b31m", "\u202egpj.exe", "\u2066x\u2069", "zero\u200bwidth", "\ufeffbom", "\U000e0041tag",
	"bad\xff\xfeutf8", strings.Repeat("x", 5000), strings.Repeat("wide ", 2000), "=cmd|'/C calc'!A0", `\`, `\\`, "a\\", "trailing  ", " ", "\u200b",
	"{#id .class}", `<a id="step-exposure">`, `[^1]`, "term\n: definition", "\u2028line", "`\n## out\n`", "]]>", "%00", "<br>", "&", "a & b; c",
}

// TestHostileTextStaysText puts each attack into every place of a report where text
// from outside lands, and compares the structure of what comes out with that of a
// report with harmless text: nothing may appear that the report did not make.
func TestHostileTextStaysText(t *testing.T) {
	harmless := structure(render(t, fixture(t, plain), "md"))
	for i, attack := range attacks {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			after := render(t, fixture(t, func(text string) string { return text + attack }), "md")
			if diff := compare(harmless, structure(after)); diff != "" {
				t.Errorf("%.60q after text changes the report: %s", attack, diff)
			}
			dir := fixture(t, func(string) string { return attack })
			alone := render(t, dir, "md")
			if diff := compare(harmless, structure(alone)); diff != "" {
				t.Errorf("%.60q alone changes the report: %s", attack, diff)
			}
			if at := strings.IndexFunc(after+alone, commands); at >= 0 {
				t.Errorf("%.60q puts %q into the report", attack, (after + alone)[at:at+4])
			}
			render(t, dir, "json")
			html := strings.ToLower(render(t, dir, "html"))
			for _, tag := range []string{"<script", "<img", "<iframe", "<link", "javascript:alert(1)\""} {
				if strings.Contains(html, tag) {
					t.Errorf("%.60q puts %s into the HTML", attack, tag)
				}
			}
		})
	}
}

// commands tells characters that could command a terminal or reorder a line.
func commands(r rune) bool {
	return r < ' ' && r != '\n' || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b
}

func render(t *testing.T, dir, extension string) string {
	t.Helper()
	r, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, format := range formats {
		if format.extension == extension {
			if err := format.render(r, &text); err != nil {
				t.Fatal(err)
			}
		}
	}
	return text.String()
}

// structure is the kinds of the nodes of a document as GitHub would parse it, counted:
// blocks, links, images, raw HTML, table cells; not text, nor emphasis and code spans
// that a longer or shorter text may lose when it is empty.
func structure(markdown string) map[string]int {
	counts := map[string]int{}
	github := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))
	document := github.Parser().Parse(text.NewReader([]byte(markdown)))
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch node.Kind() {
			case ast.KindText, ast.KindString, ast.KindTextBlock, ast.KindParagraph, ast.KindCodeSpan:
			case ast.KindAutoLink:
				// GitHub links e-mail addresses even where the @ is escaped: harmless.
				if n := node.(*ast.AutoLink); n.AutoLinkType != ast.AutoLinkEmail {
					counts["auto link"]++
				}
			case ast.KindHeading:
				counts["heading "+string(rune('0'+node.(*ast.Heading).Level))]++
			case extast.KindTableCell:
				counts["cell"]++
			default:
				counts[node.Kind().String()]++
			}
		}
		return ast.WalkContinue, nil
	})
	return counts
}

func compare(want, got map[string]int) string {
	var diffs []string
	for kind, n := range got {
		if n > want[kind] {
			diffs = append(diffs, plural(n-want[kind], "more "+kind))
		}
	}
	return strings.Join(diffs, ", ")
}
