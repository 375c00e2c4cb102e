package playbook

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
)

// tooCostly reports whether every evaluation of the expression would exceed the
// limit, and what it costs at the least. What an expression costs on a large event
// shows as it runs, and is bounded there.
func (c *compiler) tooCostly(checked *cel.Ast) (least uint64, never bool) {
	estimate, err := c.env.EstimateCost(checked, unknownSizes{})
	return estimate.Min, err == nil && estimate.Min > maxCost
}

// unknownSizes estimates without knowing how large an event is.
type unknownSizes struct{}

func (unknownSizes) EstimateSize(cost.AstNode) *cost.SizeEstimate { return nil }

func (unknownSizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
