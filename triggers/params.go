package triggers

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/systemlog/selection"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// SystemLogParams are the trigger's parameters.
type SystemLogParams struct {
	selection.Selection
	// Expression of Okta's filter language that an event must also match.
	Filter string `json:"filter,omitempty" jsonschema:"example=severity eq \"WARN\",maxLength=1500" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	// List of selections, in place of the single selection (event_types to own_events). An event is delivered if a
	// selection matches, with the indexes of the matching selections. A host uses the list to serve several playbooks
	// with one poll.
	Any []selection.Selection `json:"any,omitempty" jsonschema:"title=Any of these,maxItems=1000" jsonschema_extras:"x-group=advanced"`
	// Period before now that the first poll reads. Later polls continue at the checkpoint. Okta keeps 90 days
	// (2160h).
	LookBack sdk.Duration `json:"look_back,omitempty" jsonschema:"default=0s,example=10m" jsonschema_extras:"x-group=advanced"`
	// Maximum number of events per request. Smaller pages cost more of Okta's rate limit. After a page that was too
	// slow for Okta, the size is halved.
	PageSize int `json:"page_size,omitempty" jsonschema:"default=1000,minimum=1,maximum=1000,example=1000" jsonschema_extras:"x-group=advanced"`
	// Shape of the events: okta as Okta sends them, ecs as documents of the Elastic Common Schema, emm as rows of the
	// SaaS Event Maturity Matrix.
	Format shape.Format `json:"format,omitempty" jsonschema:"enum=okta,enum=ecs,enum=emm,default=okta" jsonschema_extras:"x-group=advanced"`
	// Further shapes of each event, in addition to format. A playbook need not list them: it gets the shapes that
	// its expressions read.
	Also []shape.Format `json:"also,omitempty" jsonschema:"title=Also in,uniqueItems=true,enum=okta,enum=ecs,enum=emm" jsonschema_extras:"x-group=advanced"`
}

const retention = 90 * 24 * time.Hour

// Validate rejects parameters that can never match, such as a misspelled event type, and a
// look_back beyond Okta's retention.
func (p SystemLogParams) Validate() error {
	var violations []schema.Violation
	if len(p.Any) == 0 {
		violations = p.Violations("")
	} else {
		violations = p.rejectAlsoAny()
	}
	for i, s := range p.Any {
		violations = append(violations, s.Violations(fmt.Sprintf("/%s/%d", sdk.AnyParam, i))...)
	}
	if p.LookBack.Std() > retention {
		violations = append(violations, schema.Violation{Pointer: "/look_back", Message: "is over 2160h. Okta keeps 90 days of the log"})
	}
	if violations != nil {
		return sdk.Invalid("the parameters of system_log are not valid", violations...)
	}
	return nil
}

// rejectAlsoAny rejects selection parameters in addition to "any". They would have no effect. The event types are
// always present.
func (p SystemLogParams) rejectAlsoAny() []schema.Violation {
	raw, err := json.Marshal(p.Selection)
	var given map[string]json.RawMessage
	if err != nil || json.Unmarshal(raw, &given) != nil {
		return []schema.Violation{{Message: "cannot be encoded as JSON"}}
	}
	var violations []schema.Violation
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "event_types" {
			violations = append(violations, schema.Violation{Pointer: "/" + name, Message: "has no effect together with any. Move it into the items of any"})
		}
	}
	return violations
}

// selections returns the selections. An event must match at least one of them.
func (p SystemLogParams) selections() []selection.Selection {
	if len(p.Any) > 0 {
		return p.Any
	}
	return []selection.Selection{p.Selection}
}

// filter returns the conditions of the parameters that Okta's filter supports.
func (p SystemLogParams) filter() string {
	own := strings.TrimSpace(p.Filter)
	switch selected := selection.Filter(p.selections(), own); {
	case own == "":
		return selected
	case selected == "":
		return own
	default:
		return "(" + selected + ") and (" + own + ")"
	}
}

// notes returns a notice for each event type that this version does not know.
func (p SystemLogParams) notes() []string {
	var all []string
	for _, s := range p.selections() {
		all = append(all, s.Notes()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ordered returns the parameters with sorted selections and lists, so that the order of
// the selections does not change the fingerprint.
func (p SystemLogParams) ordered() SystemLogParams {
	ordered := slices.Clone(p.selections())
	for i := range ordered {
		v := reflect.ValueOf(&ordered[i]).Elem()
		for j := range v.NumField() {
			if f := v.Field(j); f.Kind() == reflect.Slice {
				list := f.Convert(reflect.TypeFor[[]string]()).Interface().([]string)
				f.Set(reflect.ValueOf(slices.Sorted(slices.Values(list))).Convert(f.Type()))
			}
		}
	}
	slices.SortFunc(ordered, func(a, b selection.Selection) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	p.Any = ordered
	return p
}
