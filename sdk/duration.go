package sdk

import (
	"fmt"
	"time"

	"github.com/invopop/jsonschema"
)

// A Duration is a length of time written as people do: "90s", "15m", "1h30m".
type Duration time.Duration

// Std returns it as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes Go's form of a duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads Go's form of a duration; a negative one is refused.
func (d *Duration) UnmarshalText(b []byte) error {
	parsed, err := time.ParseDuration(string(b))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a duration such as 90s, 15m or 1h30m", b)
	}
	*d = Duration(parsed)
	return nil
}

// JSONSchema says what a duration looks like.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
}
