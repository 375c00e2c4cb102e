// Package monitor says how a watch is doing: how far behind the service it is, what
// it has seen and started, and what the service still allows.
//
// A [Monitor] is told of pages, polls and runs as they happen. It answers with a
// [Snapshot], as Prometheus metrics, and to health checks.
package monitor
