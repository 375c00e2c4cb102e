package ecs

// A Profile is how much of an event a document tells.
type Profile uint8

const (
	// Full is every field that the event has values for, and a category and type
	// for every event type.
	Full Profile = iota
	// Sekoia is the document that Sekoia.io's intake for Okta makes of the event,
	// field for field: fewer fields than Full, and a category and type of its own
	// for the event types that it has no rule for (iam, info). Three of its rules
	// give a type that ECS does not foresee for the category; they are kept.
	Sekoia
)

// Options are how an event becomes a document. The zero value is the full profile.
type Options struct {
	Profile Profile
	// Original adds event.original, the event as Okta sent it. It more than doubles
	// the document, and loses nothing.
	Original bool
}
