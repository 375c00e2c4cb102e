package monitor

import (
	"context"
	"encoding/json"

	"soar.example/okta/sdk"
)

// Session returns s with its requests counted, and with what it learns of budgets
// noted: by polls that fail, too.
func (m *Monitor) Session(s sdk.Session) sdk.Session { return counted{s, m} }

type counted struct {
	sdk.Session
	monitor *Monitor
}

func (c counted) Run(ctx context.Context, action string, input json.RawMessage) (sdk.Result, error) {
	result, err := c.Session.Run(ctx, action, input)
	c.monitor.mu.Lock()
	defer c.monitor.mu.Unlock()
	c.monitor.requests.Actions += len(result.Calls)
	return result, err
}

func (c counted) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (sdk.RawPage, error) {
	page, err := c.Session.Poll(ctx, trigger, params, from)
	c.monitor.mu.Lock()
	defer c.monitor.mu.Unlock()
	c.monitor.requests.Polls += len(page.Calls)
	if page.Budget != nil {
		c.monitor.budgets[page.Budget.Bucket] = *page.Budget
	}
	return page, err
}
