package triggers

import (
	"fmt"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

// shaped returns the event of h in the shapes of the parameters, and the notices for an operator.
func (p SystemLogParams) shaped(shaper *shape.Shaper, h systemlog.Head) (event sdk.Event[shape.Event], notices []string) {
	of := func(format shape.Format) shape.Event {
		data, err := shaper.Of(h, format)
		if err != nil {
			notices = append(notices, unmapped(h, format, err))
		}
		return data
	}
	event = sdk.Event[shape.Event]{ID: h.UUID, Type: h.EventType, Time: h.Published, Data: of(p.Format)}
	for _, format := range p.Also {
		if event.Shapes == nil {
			event.Shapes = map[string]shape.Event{}
		}
		event.Shapes[string(format)] = of(format)
	}
	return event, notices
}

func unmapped(h systemlog.Head, f shape.Format, why error) string {
	return fmt.Sprintf("event %s is passed on with little more than its id, since it could not be mapped to %s: %v", h.UUID, f, why)
}
