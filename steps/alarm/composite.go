package alarm

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"playbook/steps"
)

// notifying names the composite alarms that notify somebody when one alarm goes off
// and no other does: an alarm is often made without actions and told of by a composite
// one. doubts says of those that include it why they do not count.
func (all alarms) notifying(name, arn string) (composites, doubts []string) {
	for _, raw := range all.composite {
		composite := steps.TextOf(raw, "AlarmName")
		off := &evaluation{all: all}
		on := &evaluation{all: all, name: name, arn: arn}
		quiet, err1 := off.composite(raw)
		loud, err2 := on.composite(raw)
		tell, _ := notifications(raw)
		enabled, _ := raw["ActionsEnabled"].(bool)
		switch err := cmp.Or(err1, err2); {
		case err != nil:
			if strings.Contains(steps.TextOf(raw, "AlarmRule"), name) {
				doubts = append(doubts, fmt.Sprintf("the rule of composite alarm %s cannot be read: %v", composite, err))
			}
		case !on.met: // it has nothing to do with the alarm
		case !enabled || len(tell) == 0:
			doubts = append(doubts, fmt.Sprintf("composite alarm %s includes it and notifies nobody", composite))
		case quiet || !loud:
			doubts = append(doubts, fmt.Sprintf("composite alarm %s includes it and does not go off for it alone", composite))
		default:
			composites = append(composites, composite)
		}
	}
	return composites, doubts
}

// evaluation works out composite alarms while one alarm (or none) is in ALARM and all
// others are OK.
type evaluation struct {
	all       alarms
	name, arn string
	met       bool // the alarm was asked for
	depth     int
	rules     int // that were read
}

func (e *evaluation) composite(raw map[string]any) (bool, error) {
	e.depth++
	e.rules++
	if e.depth > 20 || e.rules > 10_000 { // AWS lets no composite alarm include itself
		return false, errors.New("composite alarms include one another in a circle, or too often")
	}
	defer func() { e.depth-- }()
	p := &ruleParser{rest: steps.TextOf(raw, "AlarmRule"), inAlarm: e.inAlarm}
	value, err := p.or()
	if err == nil && p.space() != "" {
		err = fmt.Errorf("%.40q is left over", p.rest)
	}
	return value, err
}

func (e *evaluation) inAlarm(reference string) (bool, error) {
	if e.name != "" && (reference == e.name || reference == e.arn) {
		e.met = true
		return true, nil
	}
	for _, raw := range e.all.composite {
		if reference == steps.TextOf(raw, "AlarmName") || reference == steps.TextOf(raw, "AlarmArn") {
			return e.composite(raw)
		}
	}
	return false, nil
}

// ruleParser evaluates an AlarmRule while it reads it (CloudWatch API Reference,
// PutCompositeAlarm; CloudWatch User Guide, "Rule expressions").
type ruleParser struct {
	rest    string
	nested  int
	inAlarm func(reference string) (bool, error)
}

func (p *ruleParser) space() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return p.rest
}

func (p *ruleParser) accept(token string) bool {
	rest, ok := strings.CutPrefix(p.space(), token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *ruleParser) expect(token string) error {
	if !p.accept(token) {
		return fmt.Errorf("%q is wanted before %.40q", token, p.rest)
	}
	return nil
}

func (p *ruleParser) or() (bool, error) {
	value, err := p.and()
	for err == nil && p.accept("OR") {
		var right bool
		right, err = p.and()
		value = value || right
	}
	return value, err
}

func (p *ruleParser) and() (bool, error) {
	value, err := p.term()
	for err == nil && p.accept("AND") {
		var right bool
		right, err = p.term()
		value = value && right
	}
	return value, err
}

func (p *ruleParser) term() (value bool, err error) {
	if p.nested++; p.nested > 200 {
		return false, errors.New("it is nested too deeply")
	}
	defer func() { p.nested-- }()
	switch {
	case p.accept("NOT"):
		value, err = p.term()
		return !value, err
	case p.accept("AT_LEAST"):
		return p.atLeast()
	case p.accept("TRUE"):
		return true, nil
	case p.accept("FALSE"):
		return false, nil
	case p.accept("("):
		if value, err = p.or(); err != nil {
			return false, err
		}
		return value, p.expect(")")
	}
	state, err := p.state()
	if err == nil {
		err = p.expect("(")
	}
	if err == nil {
		value, err = p.alarm(state)
	}
	if err != nil {
		return false, err
	}
	return value, p.expect(")")
}

func (p *ruleParser) state() (string, error) {
	for _, state := range []string{"ALARM", "OK", "INSUFFICIENT_DATA"} {
		if p.accept(state) {
			return state, nil
		}
	}
	return "", fmt.Errorf("a state is wanted before %.40q", p.rest)
}

// alarm reads the name or ARN of an alarm and says whether it is in a state.
func (p *ruleParser) alarm(state string) (bool, error) {
	var reference string
	if strings.HasPrefix(p.space(), `"`) {
		quoted, err := strconv.QuotedPrefix(p.rest)
		if err != nil {
			return false, fmt.Errorf("the name %.40q does not end", p.rest)
		}
		p.rest = p.rest[len(quoted):]
		reference = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	} else {
		end := strings.IndexAny(p.rest, "),")
		if end < 1 {
			return false, fmt.Errorf("the name of an alarm is wanted before %.40q", p.rest)
		}
		reference, p.rest = strings.TrimSpace(p.rest[:end]), p.rest[end:]
	}
	alarmed, err := p.inAlarm(reference)
	return alarmed && state == "ALARM" || !alarmed && state == "OK", err
}

// atLeast reads the rest of AT_LEAST(2, ALARM, (a, b, c)) or AT_LEAST(50%, NOT OK, …).
func (p *ruleParser) atLeast() (bool, error) {
	if err := p.expect("("); err != nil {
		return false, err
	}
	digits := len(p.space()) - len(strings.TrimLeft(p.rest, "0123456789"))
	wanted, err := strconv.Atoi(p.rest[:digits])
	if err != nil {
		return false, fmt.Errorf("a number is wanted before %.40q", p.rest)
	}
	p.rest = p.rest[digits:]
	percent := p.accept("%")
	if err := p.expect(","); err != nil {
		return false, err
	}
	negated := p.accept("NOT")
	state, err := p.state()
	if err != nil {
		return false, err
	}
	count, total := 0, 0
	for _, token := range []string{",", "("} {
		if err := p.expect(token); err != nil {
			return false, err
		}
	}
	for more := true; more; more = p.accept(",") {
		value, err := p.alarm(state)
		if err != nil {
			return false, err
		}
		total++
		if value != negated {
			count++
		}
	}
	if percent {
		return count*100 >= wanted*total, errors.Join(p.expect(")"), p.expect(")"))
	}
	return count >= wanted, errors.Join(p.expect(")"), p.expect(")"))
}
