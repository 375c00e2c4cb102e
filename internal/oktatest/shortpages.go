package oktatest

import (
	"net/http"
	"strconv"
)

// ShortPages returns a handler that answers as the org does, but with at most so many
// items a page, whatever limit a request has.
func (o *Org) ShortPages(most int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if limit, err := strconv.Atoi(q.Get("limit")); err == nil && limit > most {
			r = r.Clone(r.Context())
			q.Set("limit", strconv.Itoa(most))
			r.URL.RawQuery = q.Encode()
		}
		o.ServeHTTP(w, r)
	})
}
