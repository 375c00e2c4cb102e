package sdk

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"
)

// A line is the one that every call of a session leaves in the log.
type line struct {
	logger hclog.Logger
	msg    string
	start  time.Time
	fields []any
}

func newLine(ctx context.Context, msg string, fields ...any) *line {
	return &line{logger: hclog.FromContext(ctx), msg: msg, start: time.Now(), fields: fields}
}

func (l *line) add(fields ...any) { l.fields = append(l.fields, fields...) }

func (l *line) write(requests []Call, e *Error) {
	l.add("duration", time.Since(l.start).Round(time.Microsecond), "requests", len(requests))
	if n := len(requests); n > 0 && requests[n-1].RequestID != "" {
		l.add("request_id", requests[n-1].RequestID)
	}
	if e != nil {
		l.add("code", e.Code, "error", e.Message)
	}
	l.logger.Info(l.msg, l.fields...)
}
