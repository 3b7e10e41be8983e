package expression

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// errUnset is the error of using a time that is not there. A zero time comes from the
// window of a run that has none; rendered, it would ask for the logs of the year 1.
var errUnset = errors.New("the time is not set; if it is the run's window, give --from and --to")

func timeArgument(name string, value any) (time.Time, error) {
	t, ok := value.(time.Time)
	switch {
	case !ok:
		return t, fmt.Errorf("%s wants a time, got %s; write time(…) around text or seconds", name, argument(value))
	case t.IsZero():
		return t, errUnset
	}
	return t.UTC(), nil
}

func parseTime(args ...any) (any, error) {
	switch value := args[0].(type) {
	case time.Time:
		return value, nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if t, err := time.Parse(layout, value); err == nil {
				return t.UTC(), nil
			}
		}
	case int, int64, float64:
		seconds, _ := number(value)
		if math.Abs(seconds) < 1e11 { // more are milliseconds
			whole, fraction := math.Modf(seconds)
			return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
		}
		return nil, fmt.Errorf("%s is too large for seconds since 1970", argument(value))
	}
	return nil, fmt.Errorf("%s is not a time; write it as 2026-01-02T03:04:05Z or 2026-01-02", argument(args[0]))
}

func unixSeconds(args ...any) (any, error) {
	t, err := timeArgument("unix", args[0])
	if err != nil {
		return nil, err
	}
	return t.Unix(), nil
}

func isoTime(args ...any) (any, error) {
	t, err := timeArgument("iso", args[0])
	if err != nil {
		return nil, err
	}
	return t.Format(time.RFC3339Nano), nil
}

func formatDate(args ...any) (any, error) {
	t, err := timeArgument("date", args[0])
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return t.Format(time.DateOnly), nil
	}
	pattern, ok := args[1].(string)
	if !ok {
		return nil, fmt.Errorf("the layout of date must be text, got %s", argument(args[1]))
	}
	return formatPattern(t, pattern)
}

// formatPattern knows the letters of Java's DateTimeFormatter that Athena's partition
// projection is used with ("Supported types for partition projection", date type).
func formatPattern(t time.Time, pattern string) (string, error) {
	fields := map[string]string{"yyyy": "2006", "MM": "01", "dd": "02", "HH": "15", "mm": "04", "ss": "05"}
	var text strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c == '\'' {
			end := strings.IndexByte(pattern[i+1:], '\'')
			if end < 0 {
				return "", fmt.Errorf("the layout %q has an unclosed quote", pattern)
			}
			text.WriteString(pattern[i+1 : i+1+end])
			i += end + 2
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			text.WriteByte(c)
			i++
			continue
		}
		end := i
		for end < len(pattern) && pattern[end] == c {
			end++
		}
		layout, ok := fields[pattern[i:end]]
		if !ok {
			return "", fmt.Errorf("the layout %q has %q; it may have yyyy MM dd HH mm ss and 'quoted' text", pattern, pattern[i:end])
		}
		text.WriteString(t.Format(layout))
		i = end
	}
	return text.String(), nil
}

func shift(args []any, sign time.Duration) (any, error) {
	t, err := timeArgument("this function", args[0])
	if err != nil {
		return nil, err
	}
	d, err := durationArgument(args[1])
	if err != nil {
		return nil, err
	}
	return t.Add(sign * d), nil
}

func inHours(args ...any) (any, error) {
	d, err := durationArgument(args[0])
	if err != nil {
		return nil, err
	}
	return d.Hours(), nil
}

func durationArgument(value any) (time.Duration, error) {
	switch value := value.(type) {
	case time.Duration:
		return value, nil
	case string:
		return ParseDuration(value)
	}
	return 0, fmt.Errorf("%s is not a duration; write it as 90s, 2h, or 14d", argument(value))
}

// ParseDuration reads a duration as Go writes it, with d (24 hours) and w (7 days)
// in front of the smaller units: 14d, 2w, 1d12h, 90s, 1h30m.
func ParseDuration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%.80q is not a duration; write it as 90s, 2h, or 14d", text)
	var total time.Duration
	rest := text
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		count, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(count, 10, 32)
		if err != nil || n > uint64(math.MaxInt64/unit.length/2) {
			return 0, wrong
		}
		total += time.Duration(n) * unit.length
		rest = after
	}
	if rest == "" && text != "" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || total+d < total {
		return 0, wrong
	}
	return total + d, nil
}
