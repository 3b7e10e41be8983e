package iocs

import (
	"fmt"
	"net/netip"
	"time"

	"playbook/steps"
)

const (
	maxRejected = 1000 // listed; all are counted
	maxText     = 200  // characters of a comment or a rejected entry
	maxLabels   = 10
	maxExamples = 5
)

// collection is the work of one step.
type collection struct {
	max     int
	expiry  time.Time
	result  Result
	place   map[netip.Prefix]int // of an indicator in the result
	left    int64                // indicators beyond max
	quality steps.Quality
}

func newCollection(max int, expiry time.Time) *collection {
	return &collection{
		max: max, expiry: expiry, place: map[netip.Prefix]int{},
		result:  Result{Indicators: []Indicator{}, Rejected: []Rejected{}, Files: []File{}},
		quality: steps.Quality{Unit: "entries"},
	}
}

func (c *collection) entries() int64 {
	var n int64
	for _, file := range c.result.Files {
		n += file.Entries
	}
	return n
}

// entry is what a list says about one address or network.
type entry struct {
	line        int64
	text        string // the address or network, as written
	comment     string
	labels      []string
	from, until *time.Time
	confidence  *int64
}

// take adds an entry of a list, or rejects it.
func (c *collection) take(file *File, e entry) {
	network, note, why := parseNetwork(e.text)
	if why != nil {
		c.reject(file, e.line, e.text, why.about, why.reason)
		return
	}
	file.Entries++
	file.Indicators++
	if note != "" {
		e.comment = join(e.comment, note)
	}
	indicator := Indicator{
		Value: network.String(), Network: network.String(), First: network.Addr().String(), Last: lastOf(network).String(),
		Single: network.IsSingleIP(), Family: "ipv4", Comment: steps.Cut(e.comment, maxText), Labels: []string{},
		Source: file.Location, Line: e.line, ValidFrom: e.from, ValidUntil: e.until, Confidence: e.confidence,
		Expired: e.until != nil && e.until.Before(c.expiry),
	}
	if indicator.Single {
		indicator.Value = network.Addr().String()
	}
	if network.Addr().Is6() {
		indicator.Family = "ipv6"
	}
	for _, label := range e.labels[:min(len(e.labels), maxLabels)] {
		indicator.Labels = append(indicator.Labels, steps.Cut(label, maxText))
	}
	if at, known := c.place[network]; known {
		c.result.Duplicates++
		if longer(e.until, c.result.Indicators[at].ValidUntil) {
			c.result.Indicators[at] = indicator
		}
		return
	}
	if len(c.result.Indicators) == c.max {
		c.left++
		return
	}
	c.place[network] = len(c.result.Indicators)
	c.result.Indicators = append(c.result.Indicators, indicator)
}

// longer reports whether what is valid until a outlasts what is valid until b; nil is
// for ever.
func longer(a, b *time.Time) bool { return b != nil && (a == nil || a.After(*b)) }

func (c *collection) reject(file *File, line int64, text, about, why string) {
	file.Entries++
	file.Rejected++
	c.result.Unusable++
	if len(c.result.Rejected) < maxRejected {
		c.result.Rejected = append(c.result.Rejected, Rejected{file.Location, line, steps.Cut(text, maxText), about, why})
	}
}

func (c *collection) gap(source, problem string, blocking bool) {
	c.quality.Gaps = append(c.quality.Gaps, steps.Gap{Source: source, Problem: problem, Blocking: blocking})
}

// finish counts, and says what was cut.
func (c *collection) finish() steps.Result {
	r := &c.result
	r.Addresses, r.Networks, r.Expired = 0, 0, 0
	for _, indicator := range r.Indicators {
		if indicator.Single {
			r.Addresses++
		} else {
			r.Networks++
		}
		if indicator.Expired {
			r.Expired++
		}
	}
	if r.Unusable > int64(len(r.Rejected)) {
		c.quality.Cut = append(c.quality.Cut, "rejected")
	}
	if c.left > 0 {
		c.quality.Cut = append(c.quality.Cut, "indicators")
		c.quality.Gaps = append(c.quality.Gaps, steps.Gap{
			Source: "the lists", Problem: fmt.Sprintf("they have more than the %d indicators that are kept; raise max", c.max),
			Count: c.left, Blocking: true,
		})
	}
	if len(r.Indicators) > 0 {
		c.quality.Examined = c.entries()
	}
	return steps.Result{Value: *r, Blocks: blocks(*r), Quality: c.quality}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " · " + b
}
