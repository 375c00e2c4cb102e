package ecs

// The values of event.outcome.
const (
	success = "success"
	failure = "failure"
	unknown = "unknown"
)

// outcome is the value of event.outcome for an outcome.result of Okta's. A
// challenge, a skip or a deferral is neither a success nor a failure.
func outcome(result string) string {
	switch result {
	case "SUCCESS", "ALLOW":
		return success
	case "FAILURE", "DENY":
		return failure
	default:
		return unknown
	}
}
