package playbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones on machines without a database of time zones

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// withinCall is the function within(time, hours, zone). It reports whether a time is within weekly hours of a time zone,
// such as the window for changes.
const withinCall = "within"

func windowFunction() cel.EnvOption {
	within := func(at time.Time, args []ref.Val) ref.Val {
		hours, err := weeklyHours(textOf(args[1]))
		if err != nil {
			return types.WrapErr(err)
		}
		zone, err := zoneOf(textOf(args[2]))
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Bool(slices.ContainsFunc(hours, func(h span) bool { return h.contains(at.In(zone)) }))
	}
	return cel.Function(withinCall,
		cel.Overload("within_string", []*types.Type{types.StringType, types.StringType, types.StringType}, types.BoolType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				at, err := time.Parse(time.RFC3339, textOf(args[0]))
				if err != nil {
					return types.WrapErr(fmt.Errorf("%s: %q is not a time such as 2026-03-01T12:00:00Z", withinCall, shorten(textOf(args[0]))))
				}
				return within(at, args)
			})),
		cel.Overload("within_timestamp", []*types.Type{types.TimestampType, types.StringType, types.StringType}, types.BoolType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				at, ok := args[0].Value().(time.Time)
				if !ok {
					return types.NewErr("no such overload: %s", withinCall)
				}
				return within(at, args)
			})))
}

// A span is the same hours on some days of each week. If end is not after start, it ends on the next day.
type span struct {
	days       [7]bool // by time.Weekday, of the start
	start, end int     // minutes after midnight; end can be 24:00
}

func (s span) contains(local time.Time) bool {
	minute, day := local.Hour()*60+local.Minute(), local.Weekday()
	if s.start < s.end {
		return s.days[day] && minute >= s.start && minute < s.end
	}
	return s.days[day] && minute >= s.start || s.days[(day+6)%7] && minute < s.end
}

var (
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	hoursRE  = regexp.MustCompile(`^(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)$`)
)

// weeklyHours reads hours such as "Mon-Fri 08:00-18:00, Sat 10:00-12:00". Without days, they are on every day.
func weeklyHours(s string) (all []span, err error) {
	for part := range strings.SplitSeq(s, ",") {
		m := hoursRE.FindStringSubmatch(strings.ToLower(strings.TrimSpace(part)))
		if m == nil {
			return nil, fmt.Errorf(`%q must be hours such as "Mon-Fri 08:00-18:00, Sat 10:00-12:00"`, shorten(s))
		}
		first, last := slices.Index(weekdays, m[1]), slices.Index(weekdays, m[2])
		if m[1] != "" && first < 0 || m[2] != "" && last < 0 {
			return nil, fmt.Errorf("%q names no day; the days are Mon, Tue, Wed, Thu, Fri, Sat and Sun", shorten(part))
		}
		of := span{start: minutes(m[3], m[4]), end: minutes(m[5], m[6])}
		if of.start < 0 || of.start == 24*60 || of.end < 0 || of.start == of.end {
			return nil, fmt.Errorf("%q is not a time of day such as 08:00-18:00", shorten(part))
		}
		switch {
		case m[1] == "":
			first, last = 0, 6
		case m[2] == "":
			last = first
		}
		for day := first; ; day = (day + 1) % 7 {
			if of.days[day] = true; day == last {
				break
			}
		}
		all = append(all, of)
	}
	return all, nil
}

// minutes returns the minutes after midnight, or -1. 24:00 is the end of a day.
func minutes(hour, minute string) int {
	n := func(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
	if n(hour) > 24 || n(minute) > 59 || n(hour) == 24 && n(minute) > 0 {
		return -1
	}
	return n(hour)*60 + n(minute)
}

var zones sync.Map // *time.Location by name; only names of the database are stored

// zoneOf returns an IANA time zone, such as Europe/Berlin.
func zoneOf(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not an IANA time zone such as Europe/Berlin or UTC", shorten(name))
	}
	zones.Store(name, zone)
	return zone, nil
}

// windowProblem returns the problem of the literals of a call of within, and the node that has it.
func windowProblem(call ast.Expr) (ast.Expr, error) {
	args := call.AsCall().Args()
	if len(args) != 3 {
		return nil, nil
	}
	if args[1].Kind() == ast.LiteralKind {
		if _, err := weeklyHours(textOf(args[1].AsLiteral())); err != nil {
			return args[1], err
		}
	}
	if args[2].Kind() == ast.LiteralKind {
		if _, err := zoneOf(textOf(args[2].AsLiteral())); err != nil {
			return args[2], err
		}
	}
	return nil, nil
}
