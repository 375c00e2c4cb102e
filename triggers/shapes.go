package triggers

import (
	"fmt"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

// shaped is the event of h in the shapes that were asked for, and what an operator
// should know of that.
func (p SystemLogParams) shaped(shaper *shape.Shaper, h systemlog.Head) (event sdk.Event[shape.Event], notices []string) {
	data, err := shaper.Of(h, p.Format)
	if err != nil {
		notices = append(notices, unmapped(h, p.Format, err))
	}
	event = sdk.Event[shape.Event]{ID: h.UUID, Type: h.EventType, Time: h.Published, Data: data}
	for _, format := range p.Also {
		event.Shapes, err = withShape(shaper, event.Shapes, h, format)
		if err != nil {
			notices = append(notices, unmapped(h, format, err))
		}
	}
	return event, notices
}

// withShape adds the event of h in one more shape to those that are there. An error
// says why it holds little.
func withShape(shaper *shape.Shaper, shapes map[string]shape.Event, h systemlog.Head, f shape.Format) (map[string]shape.Event, error) {
	event, err := shaper.Of(h, f)
	if shapes == nil {
		shapes = map[string]shape.Event{}
	}
	shapes[string(f)] = event
	return shapes, err
}

func unmapped(h systemlog.Head, f shape.Format, why error) string {
	return fmt.Sprintf("event %s is passed on with little more than its id, since it could not be mapped to %s: %v", h.UUID, f, why)
}
