package emm

// Categories, EventTypes and AttributeCodes return the matrix's codes in its order.
// The caller owns the slice.
func Categories() []Code { return append([]Code(nil), categories[1:]...) }

// EventTypes returns the 35 event types of the matrix, ET0001 first. Okta's mapping
// has rows for 28 of them: see [Mapping].
func EventTypes() []Code { return append([]Code(nil), eventTypes[1:]...) }

// AttributeCodes returns the 33 attributes of the matrix, A0001 first.
func AttributeCodes() []Code { return append([]Code(nil), attributes[1:]...) }

// A MappedRow is a row of the matrix with the attributes that Okta's events fill.
type MappedRow struct {
	Category   Code
	EventType  Code
	Attributes []MappedAttribute
}

// A MappedAttribute is an attribute of a row, and where it is in Okta's event.
type MappedAttribute struct {
	Attribute Code
	// Path is where the value is. Okta's target is a list: "target" here is the one
	// that is meant, such as the group and not the user.
	Path string
	// Printed is the path as the matrix's page printed it, often with a member's name
	// that Okta does not use.
	Printed string
}

// Mapping returns the rows of the matrix that its authors map to Okta: 28 of 35 event
// types, in the order of the codes. The caller owns what it gets.
func Mapping() []MappedRow {
	var rows []MappedRow
	for et := accountLogin; et <= queryResource; et++ {
		if !own[et].mapped {
			continue
		}
		row := MappedRow{Category: et.category(), EventType: eventTypes[et]}
		for _, l := range linesOf[et] {
			row.Attributes = append(row.Attributes, MappedAttribute{attributes[l.attribute], l.path, l.asPrinted()})
		}
		rows = append(rows, row)
	}
	return rows
}
