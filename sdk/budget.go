package sdk

import "time"

// A Budget is how many requests a service still allows, of those that it counts
// together, by what it last said.
type Budget struct {
	Bucket    string    `json:"bucket"`         // what is counted together, such as a path
	Limit     int       `json:"limit"`          // requests that one window allows
	Remaining int       `json:"remaining"`      // how many of them are left
	Reset     time.Time `json:"reset,omitzero"` // when the next window begins, by this machine's clock
}
