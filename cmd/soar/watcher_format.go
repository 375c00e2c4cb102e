package main

import (
	"cmp"
	"encoding/json"
	"fmt"

	"soar.example/okta/sdk"
)

// oneFormat refuses playbooks that ask for one trigger's events in several shapes. The
// store keeps an event once, in the shape it came in first: a playbook that reads it in
// another would find nothing where it looks.
func (w *watcher) oneFormat(feeds []feed) error {
	type asked struct{ format, shape, playbook string }
	first := map[string]asked{}
	for _, f := range feeds {
		info := w.manifest.Trigger(f.trigger)
		if info == nil {
			continue
		}
		var params map[string]any
		if err := json.Unmarshal(f.params, &params); err != nil {
			return err
		}
		format, _ := params[sdk.FormatParam].(string) // of another type: the trigger refuses it
		now := asked{cmp.Or(format, "default"), string(info.EventIn(format)), f.books[0].Name}
		if was, ok := first[f.trigger]; ok && was.shape != now.shape {
			return sdk.Invalid(fmt.Sprintf("%s takes events in the %s format and %s in the %s format: a store keeps each event once, so watch them with a store each (--store)",
				was.playbook, was.format, now.playbook, now.format))
		}
		first[f.trigger] = now
	}
	return nil
}
