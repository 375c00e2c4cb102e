// Package badges is a fake of the badge service, for tests and for trying the connector.
package badges

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

type badge struct {
	ID     string `json:"id"`
	Holder string `json:"holder"`
	Active bool   `json:"active"`
}

type entry struct {
	ID    int       `json:"id"`
	Time  time.Time `json:"time"`
	Badge string    `json:"badge"`
	Door  string    `json:"door"`
}

// New returns a service with one active badge, b-1, and one denied entry.
func New(token string) http.Handler {
	var mu sync.Mutex
	b := badge{ID: "b-1", Holder: "Ann", Active: true}
	entries := []entry{{ID: 1, Time: time.Now(), Badge: "b-1", Door: "vault"}}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, map[string]string{"account": "soar"}) })
	mux.HandleFunc("/badges/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.PathValue("id") != b.ID {
			respond(w, 404, map[string]string{"error": "there is no such badge"})
			return
		}
		if r.Method == http.MethodPut && json.NewDecoder(r.Body).Decode(&b) != nil {
			respond(w, 400, map[string]string{"error": "the body is not a badge"})
			return
		}
		respond(w, 200, b)
	})
	mux.HandleFunc("GET /entries/denied", func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.FormValue("after"))
		respond(w, 200, entries[min(max(after, 0), len(entries)):])
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			respond(w, 401, map[string]string{"error": "the token is not valid"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
