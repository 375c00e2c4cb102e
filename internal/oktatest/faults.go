package oktatest

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// armedFault is a fault with what is left of it. A nil armedFault is no fault.
type armedFault struct {
	Fault
	skip  int
	left  int // 0 means for ever
	delay time.Duration
}

// Fault arms a fault. Faults are tried in the order in which they were armed, and the first that matches a request
// strikes it. Fault panics when f says nothing that the org could do.
func (o *Org) Fault(f Fault) {
	if err := o.arm(f); err != nil {
		panic("oktatest: " + err.Error())
	}
}

// ClearFaults disarms all faults. Cursors that were expired stay so.
func (o *Org) ClearFaults() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = nil
}

func (o *Org) arm(f Fault) error {
	a := &armedFault{Fault: f, skip: f.Skip, left: f.Times}
	onlyExpires := f.ExpireCursors && f.Kind == "" && f.Link == "" && f.Status == 0 && f.ErrorCode == ""
	if !onlyExpires {
		if err := a.check(); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if f.ExpireCursors {
		o.cursors.expire()
	}
	if !onlyExpires {
		o.faults = append(o.faults, a)
	}
	return nil
}

func (a *armedFault) check() error {
	if a.Link != "" && a.Kind == "" {
		a.Kind = KindLink
	}
	known := []string{"", KindHangup, KindSlow, KindTruncate, KindHTML, KindReset, KindEmpty, KindLink}
	if !slices.Contains(known, a.Kind) {
		return fmt.Errorf("fault: unknown kind %q", a.Kind)
	}
	if _, err := matchGlob(a.Path, "/"); err != nil {
		return fmt.Errorf("fault: path %q: %w", a.Path, err)
	}
	switch a.Kind {
	case "":
		if err := a.checkAnswer(); err != nil {
			return err
		}
	case KindSlow:
		d, err := time.ParseDuration(a.Delay)
		if err != nil || d <= 0 {
			return fmt.Errorf("fault: kind slow needs a positive delay, not %q", a.Delay)
		}
		a.delay = d
	case KindLink:
		if a.Link == "" {
			return fmt.Errorf("fault: kind link needs a link: a URL, %q or %q", LinkSelf, LinkNone)
		}
	}
	if a.Status != 0 && (a.Status < 200 || a.Status > 599) {
		return fmt.Errorf("fault: status %d is outside 200 to 599", a.Status)
	}
	if a.Skip < 0 || a.Times < 0 || a.LimitOver < 0 {
		return fmt.Errorf("fault: skip, times and limit_over cannot be negative")
	}
	return nil
}

func (a *armedFault) checkAnswer() error {
	known, ok := catalogue[a.ErrorCode]
	switch {
	case a.Status == 0 && a.ErrorCode == "":
		return fmt.Errorf("fault: needs a kind, a link, a status or an error_code")
	case a.Status == 0 && !ok:
		return fmt.Errorf("fault: error_code %q needs a status beside it", a.ErrorCode)
	case a.Status == 0:
		a.Status = known.status
	}
	return nil
}

// takeFault returns the fault that strikes this request, if any. The caller holds the lock.
func (o *Org) takeFault(method, path, limit string) *armedFault {
	for i, f := range o.faults {
		if f.Method != "" && !strings.EqualFold(f.Method, method) {
			continue
		}
		if ok, err := matchGlob(f.Path, path); err != nil || !ok {
			continue
		}
		if n, err := strconv.Atoi(limit); f.LimitOver > 0 && (err != nil || n <= f.LimitOver) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.left > 0 {
			if f.left--; f.left == 0 {
				o.faults = slices.Delete(o.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

func (a *armedFault) kind() string {
	if a == nil {
		return ""
	}
	return a.Kind
}

// replaces reports whether the fault's answer takes the place of the real one.
func (a *armedFault) replaces() bool {
	return a != nil && slices.Contains([]string{"", KindHangup, KindHTML, KindEmpty}, a.Kind)
}

// skipsWork reports whether the request has no effect on the org.
func (a *armedFault) skipsWork() bool { return a.replaces() && !a.AfterEffect }

func (o *Org) faultReply(c *call, a *armedFault) *reply {
	switch a.Kind {
	case KindHangup:
		return noContent()
	case KindEmpty:
		r := rawReply(orElse(a.Status, http.StatusForbidden), nil)
		r.header.Del("Content-Type")
		return r
	case KindHTML:
		r := rawReply(orElse(a.Status, http.StatusBadGateway), []byte(a.Body))
		r.header.Set("Content-Type", "text/html")
		if a.Body == "" {
			title := strconv.Itoa(r.status) + " " + http.StatusText(r.status)
			r.body = []byte("<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")
		}
		return r
	}
	if a.Body != "" {
		return rawReply(a.Status, []byte(a.Body))
	}
	if a.Status < http.StatusBadRequest && a.ErrorCode == "" {
		return rawReply(a.Status, nil)
	}
	code := orElse(a.ErrorCode, orElse(codeOf[a.Status], "E0000009"))
	return rawReply(a.Status, oktaError(code).body(o.fresh.errorID()))
}

// finish applies what the fault says about the header of an answer.
func (a *armedFault) finish(c *call, r *reply) {
	if a == nil {
		return
	}
	if a.Kind == KindLink {
		relink(c, r, a.Link)
	}
	for k, v := range a.Headers {
		k = http.CanonicalHeaderKey(k)
		if v == "" {
			// An explicit nil also keeps net/http from adding the header itself.
			r.header[k] = nil
		} else {
			r.header[k] = []string{v}
		}
	}
}

// relink replaces the next link, adding one where there was none.
func relink(c *call, r *reply, link string) {
	kept := slices.DeleteFunc(slices.Clone(r.header["Link"]), func(l string) bool {
		return strings.HasSuffix(l, `rel="next"`)
	})
	switch link {
	case LinkNone:
	case LinkSelf:
		kept = append(kept, "<"+c.linkWith(nil)+`>; rel="next"`)
	default:
		kept = append(kept, "<"+link+`>; rel="next"`)
	}
	r.header["Link"] = kept
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// matchGlob is path.Match with one addition: ** at the end stands for any rest, also none.
// An empty glob matches everything.
func matchGlob(glob, name string) (bool, error) {
	if glob == "" {
		return true, nil
	}
	head, any := strings.CutSuffix(glob, "**")
	if !any {
		return path.Match(glob, name)
	}
	if _, err := path.Match(head, ""); err != nil {
		return false, err
	}
	if rest, whole := strings.CutSuffix(head, "/"); whole {
		head = rest
	} else {
		head += "*"
	}
	if head == "" || head == "*" {
		return true, nil
	}
	return path.Match(head, firstSegments(name, strings.Count(head, "/")))
}

// firstSegments cuts name after as many slashes and the segment that follows them.
func firstSegments(name string, slashes int) string {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		if slashes == 0 {
			return name[:i]
		}
		slashes--
	}
	return name
}
