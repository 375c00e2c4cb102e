package emm

import (
	_ "embed"
	"reflect"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
)

// A Code is the code, key and name of a category, an event type or an attribute of the SaaS Event
// Maturity Matrix.
type Code struct {
	Code string `json:"code"` // Number in the matrix, such as C0001 or ET0003.
	Key  string `json:"key"`  // Key in the matrix, such as account_login.
	Name string `json:"name"` // Title in the matrix, such as Account Login.
}

var (
	//go:embed matrix.csv
	matrixTable string // the codes, and the category of each event type
	//go:embed mapping.csv
	mappingTable string // the attributes of all event types (*), then those of each event type
	//go:embed rules.csv
	rulesTable string // the classes of Okta's event types; the first matching rule decides
	//go:embed objects.csv
	objectsTable string // the event type for each verb and object
)

// matrix has the parsed tables.
type matrix struct {
	categories, attributes []Code
	eventTypes             []*eventType
	byKey                  map[string]*eventType
	rules                  []rule
	byObjectAndVerb        map[string]map[string]*eventType // by object and verb
}

// eventType is an event type of the matrix.
type eventType struct {
	Code
	category Code
	lines    []line
}

// line is an attribute of an event type.
type line struct {
	Code
	field   int    // index in Attributes
	path    string // path of the value in Okta's event
	printed string // path on the matrix's page
	target  string // target of the path: user, group, role, app, thing, holder or others
	keys    []string
}

// tables returns the matrix.
var tables = sync.OnceValue(func() *matrix {
	m := &matrix{byKey: map[string]*eventType{}, byObjectAndVerb: map[string]map[string]*eventType{}}
	for _, row := range csvtable.Rows(matrixTable) {
		switch code := (Code{row[0], row[1], row[2]}); row[0][0] {
		case 'C':
			m.categories = append(m.categories, code)
		case 'E':
			et := &eventType{Code: code, category: codeOf(m.categories, row[3])}
			m.eventTypes = append(m.eventTypes, et)
			m.byKey[code.Key] = et
		default:
			m.attributes = append(m.attributes, code)
		}
	}
	m.readMapping()
	verbs := csvtable.Header(objectsTable)
	for _, row := range csvtable.Rows(objectsTable) {
		m.byObjectAndVerb[row[0]] = map[string]*eventType{}
		for i, key := range row[1:] {
			m.byObjectAndVerb[row[0]][verbs[i+1]] = m.byKey[key]
		}
	}
	for _, row := range csvtable.Rows(rulesTable) {
		m.rules = append(m.rules, newRule(row[0], m.byKey[row[1]], row[2], row[3]))
	}
	return m
})

// readMapping reads the attributes of every event type. A line of an event type replaces the
// common line of the same attribute. Without a path, it removes the common line.
func (m *matrix) readMapping() {
	fields := map[string]int{}
	for i := range reflect.TypeFor[Attributes]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Attributes]().Field(i).Tag.Get("json"), ",")
		fields[name] = i
	}
	var common []line
	own := map[string][]line{}
	for _, row := range csvtable.Rows(mappingTable) {
		l := line{codeOf(m.attributes, row[1]), fields[row[1]], row[2], row[3], row[4], strings.Split(row[2], ".")}
		if l.printed == "" {
			l.printed = l.path
		}
		if row[0] == "*" {
			common = append(common, l)
		} else {
			own[row[0]] = append(own[row[0]], l)
		}
	}
	for _, et := range m.eventTypes {
		lines := append([]line(nil), common...)
		for _, l := range own[et.Key] {
			if i := indexOf(lines, l.Key); i >= 0 {
				lines[i] = l
			} else {
				lines = append(lines, l)
			}
		}
		for _, l := range lines {
			if l.path != "" {
				et.lines = append(et.lines, l)
			}
		}
	}
}

// indexOf returns the index of an attribute in lines, or -1.
func indexOf(lines []line, key string) int {
	for i := range lines {
		if lines[i].Key == key {
			return i
		}
	}
	return -1
}

// codeOf returns the item with that code or key, or the zero Code if there is none.
func codeOf(codes []Code, codeOrKey string) Code {
	for _, c := range codes {
		if c.Code == codeOrKey || c.Key == codeOrKey {
			return c
		}
	}
	return Code{}
}
