package expression

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number is any of the numbers that occur in expressions.
func number(value any) (float64, bool) {
	switch value := value.(type) {
	case int:
		return float64(value), true
	case int64:
		return float64(value), true
	case float64:
		return value, true
	}
	return 0, false
}

func formatBytes(args ...any) (any, error) {
	n, ok := number(args[0])
	if !ok || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
		return nil, fmt.Errorf("%s is not a number of bytes", argument(args[0]))
	}
	units := []string{"B", "KB", "MB", "GB", "TB", "PB", "EB"}
	unit := 0
	// 999,950 would be printed as 1000 KB: the next unit begins where rounding reaches it.
	for unit < len(units)-1 && math.Round(n*10)/10 >= 1000 {
		n /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%.0f B", n), nil
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") + " " + units[unit], nil
}

func parseSize(args ...any) (any, error) {
	text, _ := args[0].(string)
	wrong := fmt.Errorf("%s is not a size; write it as 5GB, 1.5 TB or 512 KiB", argument(args[0]))
	end := strings.LastIndexAny(text, "0123456789.") + 1
	n, err := strconv.ParseFloat(text[:end], 64)
	if err != nil || strings.Trim(text[:end], "0123456789.") != "" {
		return nil, wrong
	}
	factors := map[string]float64{
		"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15,
		"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40, "PIB": 1 << 50,
	}
	factor, ok := factors[strings.ToUpper(strings.TrimSpace(text[end:]))]
	if !ok || n*factor >= math.MaxInt64 {
		return nil, wrong
	}
	return int64(math.Round(n * factor)), nil
}

func formatThousands(args ...any) (any, error) {
	n, ok := number(args[0])
	if !ok || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, fmt.Errorf("%s is not a number", argument(args[0]))
	}
	digits, fraction, _ := strings.Cut(strings.TrimPrefix(text(args[0]), "-"), ".")
	var grouped strings.Builder
	if n < 0 {
		grouped.WriteByte('-')
	}
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			grouped.WriteByte(',')
		}
		grouped.WriteRune(digit)
	}
	if fraction != "" {
		grouped.WriteString("." + fraction)
	}
	return grouped.String(), nil
}
