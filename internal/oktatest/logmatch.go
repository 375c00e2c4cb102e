package oktatest

// LogFilterMatches reports whether the log finds an event, which is JSON, under a
// filter. The error is what Okta answers to a filter that it refuses.
func LogFilterMatches(filter string, event []byte) (bool, error) {
	if filter == "" {
		return true, nil
	}
	e, err := parseLogFilter(filter)
	if err != nil {
		return false, err
	}
	s := &storedEvent{raw: event}
	if err := decodeObject(event, &s.doc); err != nil {
		return false, err
	}
	return e.match(s.values), nil
}
