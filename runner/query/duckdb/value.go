package duckdb

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// parseInteger reads digits with a sign, and drops a fraction, as LazyInteger of Hive
// does. What does not fit the kind is not read.
func parseInteger(value []byte, k kind) (int64, bool) {
	digits, negative := value, false
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 40 {
		return 0, false
	}
	var n uint64
	for i, c := range digits {
		switch {
		case c == '.' && i > 0:
			if len(bytes.Trim(digits[i+1:], "0123456789")) > 0 {
				return 0, false
			}
			return signed(n, negative, k)
		case c < '0' || c > '9' || n > (1<<64-1-uint64(c-'0'))/10:
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return signed(n, negative, k)
}

func signed(n uint64, negative bool, k kind) (int64, bool) {
	limit := uint64(1) << (bitsOf(k) - 1)
	if negative {
		return -int64(n), n <= limit
	}
	return int64(n), n < limit
}

func bitsOf(k kind) uint {
	switch k {
	case tinyInt:
		return 8
	case smallInt:
		return 16
	case integerKind:
		return 32
	}
	return 64
}

func parseFloat(value []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(value), 64)
	return f, err == nil
}

func parseBoolean(value []byte) (int64, bool) {
	switch {
	case bytes.EqualFold(value, []byte("true")):
		return 1, true
	case bytes.EqualFold(value, []byte("false")):
		return 0, true
	}
	return 0, false
}

// parseDecimal reads a decimal and rounds it half up to the scale.
func parseDecimal(value []byte, width, scale int) (*big.Int, bool) {
	if len(value) > 100 || len(bytes.Trim(value, "+-.0123456789")) > 0 {
		return nil, false
	}
	r, ok := new(big.Rat).SetString(string(value))
	if !ok {
		return nil, false
	}
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	r.Mul(r, new(big.Rat).SetInt(shift))
	half := big.NewRat(int64(r.Sign()), 2)
	r.Add(r, half)
	n := new(big.Int).Quo(r.Num(), r.Denom())
	if len(strings.TrimLeft(n.String(), "-")) > width {
		return nil, false
	}
	return n, true
}

// parseTime reads dates and timestamps as Athena wants them in text ("Timestamps in
// Athena": yyyy-MM-dd HH:mm:ss[.f…]).
func parseTime(value []byte, k kind) (time.Time, bool) {
	layout := "2006-01-02 15:04:05"
	if k == date {
		layout = time.DateOnly
	}
	at, err := time.Parse(layout, string(value))
	return at, err == nil
}
