package triggers

import (
	"context"
	"fmt"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// A query reads the log of one Okta org with one set of parameters.
type query struct {
	client      *okta.Client
	fingerprint string
	filter      string
	lookBack    time.Duration
	pageSize    int
	adaptive    *okta.AdaptivePageSize
}

func newQuery(c *okta.Client, p SystemLogParams) query {
	filter := p.filter()
	return query{
		client: c, fingerprint: fingerprint(c.Org(), p.ordered().filter()), filter: filter,
		lookBack: p.LookBack.Std(), pageSize: p.PageSize, adaptive: c.PageSize(filter),
	}
}

// readPage reads the page that follows a checkpoint. It adds a notice when it resets the
// checkpoint.
func (q query) readPage(ctx context.Context, from Checkpoint, notices *[]string) (page, error) {
	if from.Fingerprint == "" && from.Next == "" {
		return q.first(ctx, func(now time.Time) time.Time { return now.Add(-q.lookBack - tolerable) })
	}
	lost := ""
	switch {
	case from.Fingerprint != q.fingerprint:
		lost = "the selection of events or the Okta org changed"
	case from.Next == "" && !from.Again.IsZero():
		if from.Whole {
			q.pageSize = okta.MaxLogPage
		}
		return q.first(ctx, func(time.Time) time.Time { return from.Again })
	case from.Next == "":
		lost = "Okta returned no link to the next page"
	default:
		read, err := q.readAdaptive(func(limit int) (*okta.LogPage, error) { return q.client.LogsFrom(ctx, from.Next, limit) })
		if err == nil {
			read.now = time.Now().Add(-read.Skew)
			return read, nil
		}
		if !okta.CheckpointLost(err) {
			return page{}, err
		}
		lost = "Okta rejected the link to the next page (" + err.Error() + ")"
	}
	read, err := q.first(ctx, from.again)
	if err == nil {
		read.lost = true
		*notices = append(*notices, lost+": reading again from "+read.since.UTC().Format(time.RFC3339)+"; events that were handled before start nothing")
	}
	return read, err
}

// tolerable is the accepted error of this machine's clock: Okta's Date has whole seconds,
// and a response takes time.
const tolerable = 2 * time.Second

// first reads the page that begins at since, a function of Okta's time. This machine's
// clock may be wrong, and a bound in Okta's future would skip events. Therefore first
// repeats the read if the time in Okta's response leads to another bound.
func (q query) first(ctx context.Context, since func(now time.Time) time.Time) (page, error) {
	var skew time.Duration
	for try := 0; ; try++ {
		begin := since(time.Now().Add(-skew))
		read, err := q.readAdaptive(func(limit int) (*okta.LogPage, error) {
			return q.client.Logs(ctx, okta.LogQuery{Since: begin, Filter: q.filter, Limit: limit})
		})
		if err != nil {
			return page{}, err
		}
		off := read.Skew - skew
		read.since, read.now = begin, time.Now().Add(-read.Skew)
		if try > 0 || off.Abs() <= tolerable || since(read.now).Equal(begin) {
			return read, nil
		}
		skew = read.Skew
	}
}

// readAdaptive reads a page with the adaptive page size. After a page that was too slow,
// the next poll requests fewer events.
func (q query) readAdaptive(read func(limit int) (*okta.LogPage, error)) (page, error) {
	limit, start := q.adaptive.Limit(q.pageSize), time.Now()
	got, err := read(limit)
	if fewer := q.adaptive.Record(limit, time.Since(start), err); fewer > 0 {
		e := *sdk.AsError(err)
		e.Message += fmt.Sprintf("; the next attempt requests %d events instead of %d", fewer, limit)
		err = &e
	}
	return page{LogPage: got, limit: limit, most: q.adaptive.Limit(okta.MaxLogPage)}, err
}
