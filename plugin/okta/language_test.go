package okta

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/internal/language"
	"soar.example/okta/sdk"
)

// checkedBackend returns the connector. The test fails if an error of the connector is not plain English.
func checkedBackend(t testing.TB) (sdk.Backend, error) {
	b, err := Backend()
	return plainBackend{b, t}, err
}

type plainBackend struct {
	sdk.Backend
	t testing.TB
}

func (c plainBackend) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	s, err := c.Backend.Open(ctx, settings)
	if err != nil {
		return nil, c.check("open", err)
	}
	return plainSession{s, c}, nil
}

func (c plainBackend) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	return c.check(trigger, c.Backend.Validate(ctx, trigger, params))
}

func (c plainBackend) check(call string, err error) error {
	if err == nil {
		return nil
	}
	e := sdk.AsError(err)
	texts := []string{e.Message}
	for _, v := range e.Violations {
		texts = append(texts, v.Message)
	}
	var checker language.Checker
	checker.Text(call, strings.Join(texts, "\n\n"))
	for _, problem := range checker.Problems {
		c.t.Errorf("the error is not plain English: %s", problem)
	}
	return err
}

type plainSession struct {
	sdk.Session
	backend plainBackend
}

func (s plainSession) Check(ctx context.Context) (sdk.Health, error) {
	h, err := s.Session.Check(ctx)
	return h, s.backend.check("check", err)
}

func (s plainSession) Run(ctx context.Context, action string, input json.RawMessage) (sdk.Result, error) {
	r, err := s.Session.Run(ctx, action, input)
	return r, s.backend.check(action, err)
}

func (s plainSession) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (sdk.RawPage, error) {
	page, err := s.Session.Poll(ctx, trigger, params, from)
	return page, s.backend.check(trigger, err)
}
