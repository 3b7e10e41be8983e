package reports

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/styles"
	"github.com/yuin/goldmark"
	highlighting "github.com/yuin/goldmark-highlighting/v2"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"playbook/steps"
)

//go:embed templates/report.html
var pageText string

//go:embed templates/report.css
var styleText string

// HTML writes the report as one file that needs nothing else: no network, no script.
// Its head is a template; its body is the Markdown, rendered by goldmark with raw HTML
// off. The content security policy forbids everything but the style sheet, by hash.
func (r *Report) HTML(w io.Writer) error {
	body, err := r.htmlBody()
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	style := styleText + codeStyle()
	sum := sha256.Sum256([]byte(style))
	page, err := template.New("report").Funcs(template.FuncMap{
		"instant": instant, "visible": visible, "capital": capital,
		"dashed": func(word string) string { return strings.ReplaceAll(word, " ", "-") },
		"text": func(fact steps.Fact) string {
			return visible(fmt.Sprint(fact.Value))
		},
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	err = page.Execute(w, map[string]any{
		"Report": r, "Severities": r.severities(), "Statuses": r.statuses(), "About": r.about(),
		"Body": template.HTML(body), "Style": template.CSS(style), "Alarm": len(r.Findings) > 0 || !r.complete(),
		"Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
	})
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return nil
}

func (r *Report) htmlBody() (string, error) {
	var source bytes.Buffer
	m := &markdown{w: bufio.NewWriter(&source), draws: true}
	m.body(r)
	if err := m.w.Flush(); err != nil {
		return "", err
	}
	decorate := &decorator{headings: m.headings}
	converter := goldmark.New(
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			highlighting.NewHighlighting(highlighting.WithFormatOptions(chromahtml.WithClasses(true))),
		),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(decorate, 1000))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(scrollingTables{}, 100), util.Prioritized(pictures(m.pictures), 90))),
	)
	var html bytes.Buffer
	if err := converter.Convert(source.Bytes(), &html); err != nil {
		return "", err
	}
	return html.String(), decorate.err
}

// decorator adds to the parsed Markdown what Markdown cannot say: ids and classes of
// headings, scopes of table headers. It is also a second lock behind escape.go: a link
// that is not ours, an image, or a heading too many is refused.
type decorator struct {
	headings []heading
	err      error
}

func (d *decorator) Transform(document *ast.Document, source text.Reader, _ parser.Context) {
	seen := 0
	var placed []*ast.FencedCodeBlock
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.Heading:
			if seen < len(d.headings) {
				h := d.headings[seen]
				if h.id != "" {
					n.SetAttributeString("id", []byte(h.id))
				}
				if h.class != "" {
					n.SetAttributeString("class", []byte(h.class))
				}
			}
			seen++
		case *ast.FencedCodeBlock:
			if string(n.Language(source.Source())) == pictureFence {
				placed = append(placed, n)
			}
		case *ast.Link:
			if !strings.HasPrefix(string(n.Destination), "https://attack.mitre.org/techniques/") {
				d.err = fmt.Errorf("the text holds a link that the report did not make: %q", n.Destination)
			}
			n.SetAttributeString("rel", []byte("noreferrer"))
		case *ast.Image, *ast.AutoLink, *ast.RawHTML, *ast.HTMLBlock:
			d.err = fmt.Errorf("the text holds a %s that the report did not make", node.Kind())
		case *extast.TableCell:
			if _, header := n.Parent().(*extast.TableHeader); header {
				n.SetAttributeString("scope", []byte("col"))
			}
		}
		return ast.WalkContinue, nil
	})
	for _, block := range placed {
		block.Parent().ReplaceChild(block.Parent(), block, &picture{text: string(block.Lines().Value(source.Source()))})
	}
	if seen != len(d.headings) {
		d.err = fmt.Errorf("the text holds %d headings, the report wrote %d", seen, len(d.headings))
	}
}

// scrollingTables puts each table into a box of its own that scrolls, so that a wide
// one does not make the page wide.
type scrollingTables struct{}

func (scrollingTables) RegisterFuncs(register renderer.NodeRendererFuncRegisterer) {
	register.Register(extast.KindTable, func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n")
		} else {
			_, _ = w.WriteString("</table></div>\n")
		}
		return ast.WalkContinue, nil
	})
}

// picture stands where a picture, or the end of its words, goes.
type picture struct {
	ast.BaseBlock
	text string
}

var kindPicture = ast.NewNodeKind("Picture")

func (p *picture) Kind() ast.NodeKind            { return kindPicture }
func (p *picture) Dump(source []byte, level int) { ast.DumpHelper(p, source, level, nil, nil) }

// pictures writes pictures, by number. The words that say the same are folded under them.
type pictures []string

func (p pictures) RegisterFuncs(register renderer.NodeRendererFuncRegisterer) {
	register.Register(kindPicture, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		text := strings.TrimSpace(node.(*picture).text)
		if text == picturesEnd {
			_, _ = w.WriteString("</details>\n")
			return ast.WalkContinue, nil
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 || number >= len(p) {
			return ast.WalkStop, fmt.Errorf("there is no picture %q", text)
		}
		_, _ = w.WriteString(p[number] + "\n<details><summary>The same in words and numbers</summary>\n")
		return ast.WalkContinue, nil
	})
}

// codeStyle is the colours of highlighted code, for light and for dark.
func codeStyle() string {
	var b strings.Builder
	formatter := chromahtml.New(chromahtml.WithClasses(true))
	_ = formatter.WriteCSS(&b, styles.Get("github"))
	b.WriteString("@media (prefers-color-scheme: dark) {\n")
	_ = formatter.WriteCSS(&b, styles.Get("github-dark"))
	b.WriteString("}\n")
	return b.String()
}
