package sdk

// An Outcome says what a write changed, judged by the state read back and not by
// the service's answer alone.
type Outcome string

// The outcomes.
const (
	Changed       Outcome = "changed"        // the state is as asked, and was not before
	Unchanged     Outcome = "unchanged"      // the requested state existed before
	NotApplicable Outcome = "not_applicable" // the state is not as asked, and cannot be brought there by this action
	Planned       Outcome = "planned"        // a dry run: nothing was written
)
