package ecs

import (
	"cmp"
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"
)

const (
	// longestAgent is how much of a User-Agent header is parsed. Each of ua-parser's
	// expressions may read it all, and whoever signs in chooses its length.
	longestAgent = 1024
	// keptAgents is how many parsed headers are kept at least. Parsing one costs
	// more than the whole rest of the event.
	keptAgents = 2048
)

// agents reads User-Agent headers with ua-parser's rules and keeps what it read in
// two generations: when the young one is full, the old one is forgotten. It is
// safe for concurrent use.
type agents struct {
	parser                  *uaparser.Parser
	programs, oses, devices prefilter

	mu         sync.RWMutex
	young, old map[string]UserAgent
}

// browsers is the one set of rules that the process holds: compiled, they take
// tens of milliseconds to make, and megabytes.
var browsers = sync.OnceValues(func() (*agents, error) {
	// The parser's own cache would only keep a second copy.
	p, err := uaparser.New(uaparser.WithCacheSize(1))
	if err != nil {
		return nil, err
	}
	a := &agents{parser: p, young: map[string]UserAgent{}}
	for _, rule := range p.UA {
		a.programs.add(rule.Reg)
	}
	for _, rule := range p.OS {
		a.oses.add(rule.Reg)
	}
	for _, rule := range p.Device {
		a.devices.add(rule.Reg)
	}
	return a, nil
})

// parse returns all of the user agent but Original.
func (a *agents) parse(header string) UserAgent {
	if len(header) > longestAgent {
		header = strings.ToValidUTF8(header[:longestAgent], "")
	}
	a.mu.RLock()
	found, ok := a.young[header]
	if !ok {
		found, ok = a.old[header]
		a.mu.RUnlock()
		if !ok {
			found = a.ask(header)
		}
		a.keep(strings.Clone(header), found)
		return found
	}
	a.mu.RUnlock()
	return found
}

func (a *agents) keep(header string, found UserAgent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.young) >= keptAgents {
		a.old, a.young = a.young, make(map[string]UserAgent, keptAgents)
	}
	a.young[header] = found
}

// ask tries ua-parser's rules in their order, as its own loops do, but for those
// that cannot match.
func (a *agents) ask(header string) UserAgent {
	small := smallLetters(header)
	var program uaparser.UserAgent
	for i, rule := range a.parser.UA {
		if a.programs.rulesOut(i, small) {
			continue
		}
		if rule.Match(header, &program); program.Family != "" {
			break
		}
	}
	var os uaparser.Os
	for i, rule := range a.parser.OS {
		if a.oses.rulesOut(i, small) {
			continue
		}
		if rule.Match(header, &os); os.Family != "" {
			break
		}
	}
	var device uaparser.Device
	for i, rule := range a.parser.Device {
		if a.devices.rulesOut(i, small) {
			continue
		}
		if rule.Match(header, &device); device.Family != "" {
			break
		}
	}
	return UserAgent{
		Name:    cmp.Or(program.Family, other),
		Version: dotted(program.Major, program.Minor, program.Patch),
		Device:  Device{Name: cmp.Or(device.Family, other)},
		OS:      OS{Name: cmp.Or(os.Family, other), Version: dotted(os.Major, os.Minor, os.Patch, os.PatchMinor)},
	}
}

// other is ua-parser's word for what no rule knows.
const other = "Other"

// dotted joins the parts of a version up to the first that is missing.
func dotted(parts ...string) string {
	for i, part := range parts {
		if part == "" {
			parts = parts[:i]
			break
		}
	}
	return strings.Join(parts, ".")
}
