package sdk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// A Duration is a length of time written as people do: "90s", "15m", "1h30m", "7d".
type Duration time.Duration

var days = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)d`)

// ParseDuration parses a duration in Go's syntax, with "d" for days of 24 hours.
func ParseDuration(text string) (time.Duration, error) {
	hours := days.ReplaceAllStringFunc(text, func(part string) string {
		n, err := strconv.ParseFloat(strings.TrimSuffix(part, "d"), 64)
		if err != nil {
			return part
		}
		return strconv.FormatFloat(n*24, 'f', -1, 64) + "h"
	})
	d, err := time.ParseDuration(hours)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 90s, 15m, 1h30m or 7d", text)
	}
	return d, nil
}

// Std returns it as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns Go's form of the duration.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes Go's form of a duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDuration, and rejects negative durations.
func (d *Duration) UnmarshalText(b []byte) error {
	parsed, err := ParseDuration(string(b))
	if err == nil && parsed < 0 {
		err = fmt.Errorf("%q is less than nothing", b)
	}
	if err != nil {
		return err
	}
	*d = Duration(parsed)
	return nil
}

// JSONSchema says what a duration looks like.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$`}
}
