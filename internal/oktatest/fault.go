package oktatest

// A Fault makes the org misbehave on matching requests. Exactly one misbehaviour is chosen: by Kind, or when Kind
// is empty by Link, else by Status or ErrorCode.
type Fault struct {
	// Method and Path choose the requests. An empty Method matches all. Path is a glob in the style of path.Match over
	// the escaped path, where ** stands for any rest; empty matches all.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// LimitOver spares requests for a list that do not ask for more than so many items (the query's limit); 0 spares none.
	LimitOver int `json:"limit_over,omitempty"`
	// Skip lets so many matching requests pass first; Times is how many fail then, 0 meaning for ever.
	Skip  int `json:"skip,omitempty"`
	Times int `json:"times,omitempty"`

	// Kind is one of the Kind constants, or empty.
	Kind string `json:"kind,omitempty"`
	// Status, Body and Headers are the answer. Without Body it is Okta's error body for ErrorCode, or for Status.
	// A header with an empty value is removed from the answer.
	Status    int               `json:"status,omitempty"`
	Body      string            `json:"body,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	ErrorCode string            `json:"error_code,omitempty"`
	// Delay is how long KindSlow waits, a Go duration such as "2s".
	Delay string `json:"delay,omitempty"`
	// Link is what the next link becomes: a URL, or LinkSelf, or LinkNone.
	Link string `json:"link,omitempty"`
	// AfterEffect lets the request do its work before the fault strikes.
	AfterEffect bool `json:"after_effect,omitempty"`
	// ExpireCursors makes the org refuse every "after" it has issued so far. It may stand alone.
	ExpireCursors bool `json:"expire_cursors,omitempty"`
}

// The kinds of fault.
const (
	// KindHangup closes the connection without an answer. Go's http.Transport sends a GET once more by itself when
	// that happens on a connection that it had used before.
	KindHangup = "hangup"
	// KindSlow waits for Delay and answers properly; with AfterEffect it works first and then waits.
	KindSlow = "slow"
	// KindTruncate declares the whole length, sends half of the body and closes.
	KindTruncate = "truncate"
	// KindHTML answers Status (502 by default) with a text/html page, as a proxy does.
	KindHTML = "html"
	// KindReset resets the TCP connection in the middle of the answer.
	KindReset = "reset"
	// KindEmpty answers Status (403 by default) with no body at all.
	KindEmpty = "empty"
	// KindLink answers properly, with Link in place of the next link.
	KindLink = "link"
)

const (
	// LinkSelf makes the next link point to the request itself.
	LinkSelf = "self"
	// LinkNone takes the next link away.
	LinkNone = "none"
)

// A Limit replaces the rate limit of the requests that Path matches (a glob as in Fault).
type Limit struct {
	Path string `json:"path"`
	// Limit is how many requests Window (a Go duration, "60s" by default) allows.
	Limit  int    `json:"limit"`
	Window string `json:"window,omitempty"`
	// Remaining is how many are left in the window that begins now; nil means all.
	Remaining *int `json:"remaining,omitempty"`
	// OmitReset leaves X-Rate-Limit-Reset out; ResetInPast makes it lie in the past.
	OmitReset   bool `json:"omit_reset,omitempty"`
	ResetInPast bool `json:"reset_in_past,omitempty"`
}
