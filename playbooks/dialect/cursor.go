package dialect

import "strings"

// is reports whether the token is the keyword, in any case.
func (t Token) is(keyword string) bool { return t.Kind == Word && strings.EqualFold(t.Text, keyword) }

func (t Token) isOperator(text string) bool { return t.Kind == Operator && t.Text == text }

// cursor walks over tokens, comments left out. Behind the last token it sees a Token
// without text.
type cursor struct {
	tokens []Token
	i      int
}

func (c *cursor) done() bool { return c.i >= len(c.tokens) }

func (c *cursor) peek() Token {
	if c.done() {
		if len(c.tokens) == 0 {
			return Token{Kind: Operator}
		}
		return Token{Kind: Operator, Offset: c.tokens[len(c.tokens)-1].End()}
	}
	return c.tokens[c.i]
}

func (c *cursor) next() Token {
	t := c.peek()
	c.i++
	return t
}

// words takes these keywords, all or none.
func (c *cursor) words(keywords ...string) bool {
	for n, keyword := range keywords {
		if c.i+n >= len(c.tokens) || !c.tokens[c.i+n].is(keyword) {
			return false
		}
	}
	c.i += len(keywords)
	return true
}

func (c *cursor) operator(text string) bool {
	if c.peek().isOperator(text) && !c.done() {
		c.i++
		return true
	}
	return false
}

// skipName takes a name of any number of parts, whatever it is quoted with.
func (c *cursor) skipName() {
	for {
		switch c.peek().Kind {
		case Word, QuotedIdentifier, BacktickIdentifier, String, Hole:
			c.i++
		default:
			return
		}
		for c.operator("-") { // an unquoted hyphen is Lint's to report
			c.i++
		}
		if !c.operator(".") {
			return
		}
	}
}
