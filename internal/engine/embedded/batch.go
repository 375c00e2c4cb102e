package embedded

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const (
	// batchWorkers is how many items of a batch are under way at once.
	batchWorkers = 4
	// batchFailures is how many items in a row may fail since the service cannot be reached.
	batchFailures = 8

	batchPrefix = "batch-" // of the ID of a batch; the ID of an operation has none
)

// Outcomes of items of a batch, in addition to those of [sdk.Outcome].
const (
	OutcomeFailed      = "failed"
	OutcomeInterrupted = "interrupted" // a part of the change may be made
	OutcomeUntried     = "untried"     // the call was not made
)

// BatchOptions configure a batch.
type BatchOptions struct {
	List    string   // parameter of the action with the items: a list of texts
	Items   []string // different from each other
	Restart bool     // start a new batch, even if the same command left one unfinished
	// Observe is called before the first call, after each item (a number from 0), and
	// before each wait for a rate limit; else the item is -1 and the wait 0. May be nil.
	Observe func(b *Batch, item int, wait time.Duration)
}

// A Batch is the result of [Store.PerformBatch].
type Batch struct {
	ID        string      `json:"batch,omitempty"` // "" if the calls change nothing
	Action    string      `json:"action"`
	Outcome   string      `json:"outcome"` // partial if some items are as requested, and others are not
	Created   time.Time   `json:"created"`
	Continued bool        `json:"continued"` // an earlier command began the batch
	Verified  int         `json:"verified"`  // number of items that are as requested
	Open      int         `json:"open"`      // number of the others
	Items     []BatchItem `json:"items"`
}

// A BatchItem is the result for one item.
type BatchItem struct {
	Item      string          `json:"item"`
	Outcome   string          `json:"outcome"`             // see sdk.Outcome and OutcomeFailed
	Verified  bool            `json:"verified"`            // the state is as requested
	Skipped   bool            `json:"skipped"`             // an earlier command has verified it
	Contained *bool           `json:"contained,omitempty"` // as the output says, if it does
	Operation string          `json:"operation,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Error     *sdk.ErrorBody  `json:"error,omitempty"`
	Output    json.RawMessage `json:"output,omitempty"` // absent if the item was skipped

	key string
}

// PerformBatch calls the action once for each item, as [Store.Perform] does, with at most
// four calls at once. A call that exceeds a rate limit waits, and is made again.
//
// If the same command (org, action, input and items) left a batch unfinished, PerformBatch
// continues it and skips the items that are verified: whose operation is done as
// requested, and was not undone since. A batch is finished when all its items are
// verified, or when it is undone.
//
// The error says why the batch stopped: ctx ended, all writes are paused, or the service
// cannot be reached. The result is valid in any case. The failure of an item is no error.
func (s *Store) PerformBatch(ctx context.Context, session sdk.Session, info *sdk.ActionInfo, input json.RawMessage,
	from Caller, o BatchOptions) (*Batch, error) {
	b := &Batch{Action: info.Name, Created: time.Now().UTC(), Open: len(o.Items)}
	for _, item := range o.Items {
		b.Items = append(b.Items, BatchItem{Item: item, Outcome: OutcomeUntried, key: itemKey(item)})
	}
	if !from.Shadow && (&call{info: info, input: input}).writes() {
		release, err := s.beginBatch(ctx, b, info, input, from, o)
		if err != nil {
			return b, err
		}
		defer release()
	}
	if o.Observe == nil {
		o.Observe = func(*Batch, int, time.Duration) {}
	}
	r := &batchRun{limits: &rateGate{}, batch: b, observe: o.Observe}
	r.limits.notify = func(wait time.Duration) { r.notice(-1, wait) }
	r.notice(-1, 0)
	runCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	g := new(errgroup.Group)
	g.SetLimit(batchWorkers)
	for i := range b.Items {
		if b.Items[i].Skipped {
			continue
		}
		g.Go(func() error {
			with, err := itemInput(input, o.List, b.Items[i].Item)
			if err != nil {
				return err
			}
			from := from
			from.batch, from.item = b.ID, b.Items[i].key
			var result Result
			err = r.limits.do(runCtx, func() (err error) {
				result, err = s.Perform(runCtx, session, info, with, from)
				return err
			})
			if cause := r.ended(i, result, err); cause != nil {
				stop(cause)
			}
			return nil
		})
	}
	err := g.Wait()
	b.Outcome = b.outcome()
	if b.ID != "" && b.Open == 0 {
		err = errors.Join(err, s.finishBatch(context.WithoutCancel(ctx), b.ID))
	}
	return b, cmp.Or(err, ctx.Err(), context.Cause(runCtx))
}

// itemInput returns the input of the call for one item.
func itemInput(input json.RawMessage, list, item string) (json.RawMessage, error) {
	items, err := json.Marshal([]string{item})
	if err != nil {
		return nil, err
	}
	return withMembers(input, map[string]json.RawMessage{list: items})
}

// itemKey returns the item in the form in which it is stored: the store holds no secrets.
func itemKey(item string) string {
	if masked := schema.MaskText(item); masked != item {
		return masked + " " + engine.Digest(item)
	}
	return item
}

// A batchRun is one execution of a batch.
type batchRun struct {
	mu      sync.Mutex
	batch   *Batch
	limits  *rateGate
	observe func(b *Batch, item int, wait time.Duration)
	lost    int // items in a row that failed since the service cannot be reached
}

func (r *batchRun) notice(item int, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observe(r.batch, item, wait)
}

// ended records the result of an item. It returns an error if the batch must stop.
func (r *batchRun) ended(i int, result Result, err error) (stop error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, item := r.batch, &r.batch.Items[i]
	stopped := errors.Is(err, context.Canceled) || errors.Is(err, ErrPaused)
	if stopped && result.Operation == "" {
		return err // nothing was written
	}
	output := engine.ReadOutput(result.Output)
	item.Operation, item.Output, item.Reason = result.Operation, result.Output, output.Reason
	item.Outcome, item.Contained = cmp.Or(string(output.Outcome), string(engine.Done)), output.Contained
	failure := sdk.AsError(err)
	if failure != nil {
		body := failure.Body()
		if item.Outcome, item.Error = OutcomeFailed, &body; stopped {
			item.Outcome = OutcomeInterrupted
		}
	}
	if item.Verified = err == nil && output.Outcome != sdk.NotApplicable && output.Outcome != sdk.Partial; item.Verified {
		b.Verified, b.Open = b.Verified+1, b.Open-1
	}
	r.observe(b, i, 0)
	switch {
	case failure == nil:
		r.lost = 0
	case stopped, failure.Code == sdk.Unauthenticated:
		return err
	case failure.Code == sdk.Unavailable, failure.Code == sdk.Timeout:
		if r.lost++; r.lost >= batchFailures {
			return &sdk.Error{Code: failure.Code, Err: err, Message: fmt.Sprintf("%d calls in a row failed, the last with: %s", r.lost, failure.Message)}
		}
	}
	return nil
}

// outcome returns the outcome of the whole batch.
func (b *Batch) outcome() string {
	has := func(outcome sdk.Outcome) bool {
		return slices.ContainsFunc(b.Items, func(i BatchItem) bool { return i.Outcome == string(outcome) })
	}
	switch {
	case b.Verified > 0 && b.Open > 0 || has(sdk.Partial):
		return string(sdk.Partial)
	case b.Open > 0 && has(sdk.NotApplicable):
		return string(sdk.NotApplicable)
	case b.Open > 0:
		return OutcomeFailed
	}
	for _, o := range []sdk.Outcome{sdk.Planned, sdk.Changed, sdk.Accepted, sdk.Unchanged} {
		if has(o) {
			return string(o)
		}
	}
	return string(engine.Done)
}

// beginBatch continues the unfinished batch of the same command, or stores a new one. It
// locks the batch, for as long as this process lives, until release.
func (s *Store) beginBatch(ctx context.Context, b *Batch, info *sdk.ActionInfo, input json.RawMessage,
	from Caller, o BatchOptions) (release func(), err error) {
	digest, err := s.batchDigest(ctx, info, input, from.Org, o)
	if err != nil {
		return nil, err
	}
	err = s.tx(ctx, func(tx *conn) {
		if o.Restart {
			tx.exec(`UPDATE batches SET finished = ? WHERE digest = ? AND finished IS NULL`, b.Created, digest)
		}
		b.Continued = tx.row(`SELECT id, created FROM batches WHERE digest = ? AND finished IS NULL ORDER BY created DESC LIMIT 1`, digest).
			find(&b.ID, &b.Created)
		if !b.Continued {
			b.ID = batchPrefix + randomID()
			tx.exec(`INSERT INTO batches (id, org, action, digest, created) VALUES (?, ?, ?, ?, ?)`, b.ID, from.Org, info.Name, digest, b.Created)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("store the batch: %w", err)
	}
	if release, err = s.lockBatch(ctx, b.ID); err != nil || !b.Continued {
		return release, err
	}
	if err := s.readVerified(ctx, b); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// batchDigest returns a digest that is equal for the same command.
func (s *Store) batchDigest(ctx context.Context, info *sdk.ActionInfo, input json.RawMessage, org string, o BatchOptions) (string, error) {
	rest, err := inOrder(withoutMembers(input, o.List))
	if err != nil {
		return "", err
	}
	command, err := json.Marshal([]any{org, info.Name, o.List, rest, slices.Sorted(slices.Values(o.Items))})
	if err != nil {
		return "", err
	}
	return s.keyedDigest(ctx, command)
}

// lockBatch fails if a living process runs or undoes the batch.
func (s *Store) lockBatch(ctx context.Context, id string) (release func(), err error) {
	const wait = time.Second // the kernel releases the lock of a killed process
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	at := subjectLock(batchPrefix, id)
	switch _, err := s.file.acquire(limited, at, false); {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return nil, sdk.Errorf(sdk.Conflict, "another process is running or undoing %s. Wait until it has ended, or stop it first", id)
	case err != nil:
		return nil, err
	}
	return func() { _ = s.file.release(at) }, nil // an error means that the file is closed
}

// readVerified marks the items of a batch that earlier commands have verified.
func (s *Store) readVerified(ctx context.Context, b *Batch) error {
	verified := map[string]BatchItem{}
	db := s.reader(ctx)
	found := list(db, func(i *BatchItem) []any { return []any{&i.key, &i.Operation, &i.Outcome, &i.Contained} },
		`SELECT o.item, o.id, a.outcome, o.output_contained FROM operations o JOIN audit a ON a.seq = o.seq
		WHERE o.batch = ? AND o.status = 'done' AND a.outcome IN ('changed', 'unchanged', 'accepted')
		AND NOT EXISTS (SELECT 1 FROM operations p JOIN operation_undos u ON u.operation = p.seq JOIN operations r ON r.id = u.undone
			WHERE p.batch = o.batch AND p.item = o.item AND r.seq > o.seq) ORDER BY o.seq`, b.ID)
	for _, i := range found {
		verified[i.key] = i
	}
	for i := range b.Items {
		item := &b.Items[i]
		if found, ok := verified[item.key]; ok {
			item.Operation, item.Outcome, item.Contained, item.Verified, item.Skipped = found.Operation, found.Outcome, found.Contained, true, true
			b.Verified, b.Open = b.Verified+1, b.Open-1
		}
	}
	return db.failed("read the operations of " + b.ID)
}

func (s *Store) finishBatch(ctx context.Context, id string) error {
	err := s.tx(ctx, func(tx *conn) {
		tx.exec(`UPDATE batches SET finished = ? WHERE id = ? AND finished IS NULL`, time.Now(), id)
	})
	if err != nil {
		return fmt.Errorf("finish %s: %w", id, err)
	}
	return nil
}
