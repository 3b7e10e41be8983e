package playbooks

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"playbook/playbooks/expression"
)

// ParamTypes are the types a param can have.
var ParamTypes = [...]string{"string", "int", "float", "bool", "ip", "cidr", "duration", "time", "list", "file"}

// scalar converts one value to the plain value of the param's type (a time.Duration
// for durations).
func (p Param) scalar(given any) (any, error) {
	switch given := given.(type) {
	case string:
		return p.parseText(given)
	case time.Time: // what YAML makes of 2026-01-15
		if p.Type == "time" {
			return given.UTC(), nil
		}
	case bool:
		if p.Type == "bool" {
			return given, nil
		}
	case int, int64, float64:
		if p.Type == "int" || p.Type == "float" {
			return p.parseText(fmt.Sprint(given))
		}
	default:
		return nil, errors.New("want " + p.wanted())
	}
	// A params file has lost how the value was written: 012345678901 is no longer the
	// account that it was.
	return nil, fmt.Errorf("want %s; put it in quotes", p.wanted())
}

func (p Param) parseText(text string) (any, error) {
	var value any = text
	var err error
	switch p.Type {
	case "int":
		value, err = parseWhole(text)
	case "float":
		var f float64
		if f, err = strconv.ParseFloat(text, 64); math.IsNaN(f) || math.IsInf(f, 0) {
			err = errors.New("not finite")
		}
		value = f
	case "bool":
		value, err = parseBool(text)
	case "ip":
		var address netip.Addr
		if address, err = netip.ParseAddr(text); address.Zone() != "" {
			err = errors.New("it has a zone")
		}
		value = address.String()
	case "cidr":
		var prefix netip.Prefix
		if prefix, err = netip.ParsePrefix(text); err == nil && prefix != prefix.Masked() {
			return nil, fmt.Errorf("it has bits behind its mask; write %s", prefix.Masked())
		}
		value = prefix.String()
	case "duration":
		value, err = expression.ParseDuration(text)
	case "time":
		value, err = parseTime(text)
	case "file":
		if strings.TrimSpace(text) == "" {
			err = errors.New("empty")
		}
	}
	if err != nil {
		return nil, errors.New("want " + p.wanted())
	}
	return value, nil
}

// parseWhole also takes 5e9, as people write numbers of bytes.
func parseWhole(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if n, ok := whole(f); ok && err == nil {
		return n, nil
	}
	return 0, errors.New("no whole number")
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes":
		return true, nil
	case "false", "no":
		return false, nil
	}
	return false, errors.New("neither true nor false")
}

func (p Param) wanted() string {
	return map[string]string{
		"string": "text", "list": "a list of texts", "int": "a whole number", "float": "a number",
		"bool": "true or false", "ip": "an IP address", "cidr": "a network like 10.0.0.0/8",
		"duration": "a duration like 90s, 2h or 14d", "file": "a path, or a location like s3://bucket/key",
		"time": "a time like 2026-03-01T12:00:00Z or 2026-03-01",
	}[p.Type]
}
