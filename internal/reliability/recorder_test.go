//go:build linux

package reliability

import "net/http"

// A recorder records the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap returns the original writer. A fault uses it to reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
