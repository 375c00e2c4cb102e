package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/systemlog/emm"
)

func (a *app) readValueCommand() *cobra.Command {
	return &cobra.Command{
		Use: "get PATH FILE|-", Args: exactly(2, "a path, and a file of events, or - for standard input"),
		Short: "Print one value of each event",
		Long: `Print one value of each System Log event, as JSON, one a line, in the same order: null where an event has
none. The input is as for soar events normalize.

The path may be Okta's (client.ipAddress, target[0].id), the code or key of an attribute of the Event Maturity
Matrix (A0005, username), or what the matrix's page prints, which is often not how Okta writes it: event_type,
target.alternativeId. What was meant is found then, and standard error says how to write it.`,
		Example: `  soar events get target.alternativeId events.jsonl`,
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "" {
				return usageError{errors.New("the path is empty")}
			}
			h := hints{app: a}
			return a.eachEvent(c, args[1], func(dst, raw []byte) ([]byte, error) {
				value, hint := emm.Resolve(raw, args[0])
				if value == nil {
					value = []byte("null")
				}
				h.say(hint)
				line := bytes.NewBuffer(dst)
				err := json.Compact(line, value)
				return line.Bytes(), err
			})
		},
	}
}

// mostHints is how many hints are printed: they differ from event to event, by the
// members that it has.
const mostHints = 20

// hints prints each hint once.
type hints struct {
	*app
	said []string
}

func (h *hints) say(hint string) {
	if hint == "" || len(h.said) >= mostHints || slices.Contains(h.said, hint) {
		return
	}
	h.said = append(h.said, hint)
	if h.json {
		h.err.line(map[string]any{"kind": "hint", "message": hint})
		return
	}
	fmt.Fprintln(h.err, h.err.faint("hint: "+oneLine(hint)))
}
