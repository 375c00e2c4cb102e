package oktatest

import "time"

// Options say what org New makes. The zero value is an org that holds nobody but its administrator.
type Options struct {
	// Token is the SSWS API token that the org accepts; "test-token" when empty.
	Token string
	// Now is the org's clock: it stamps resources, events and rate windows; time.Now when nil.
	Now func() time.Time
	// Seed is what the org holds at its start; Empty when zero.
	Seed Seed
}

// A Seed names the content that an org starts with.
type Seed int

const (
	// Empty is an org with the group Everyone, Okta's own network zones and the token's owner, who is a super
	// administrator, and nothing else.
	Empty Seed = iota
	// Demo is a small company: a dozen people in various states with factors, devices, applications and roles, some
	// groups, and an hour of sign-ins in the log.
	Demo
)

// DefaultToken is the API token of an org whose Options name none.
const DefaultToken = "test-token"
