package docs

import (
	"bytes"
	"fmt"
	"strings"

	"soar.example/okta/internal/monitor"
)

// metricsPage lists what soar watch offers to Prometheus.
func metricsPage() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# Metrics\n\n", printed)
	b.WriteString("`soar watch --metrics :9464` offers these at `/metrics`, on loopback unless the address names another host, and those\n" +
		"that the Prometheus client gives of each Go process (`go_…`, `process_…`). Counts begin at zero with the process. A feed is a\n" +
		"trigger; it has a number (`system_log_2`) where playbooks whose parameters differ need a poll of their own.\n\n" +
		"| metric | type | labels | what it is |\n|---|---|---|---|\n")
	for _, m := range monitor.Metrics {
		kind := "gauge"
		if m.Counter {
			kind = "counter"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, kind, strings.Join(m.Labels, ", "), cell(m.Help))
	}
	b.WriteString("\n`/healthz` at the same address answers 200 while all is well, and 503 with the reasons in `problems` when a feed is further\n" +
		"behind than `--max-lag` (5 minutes unless set), which polls that fail for so long bring about too, or when the connector's\n" +
		"process is not running. The lag of a backlog compares Okta's time with this machine's: a clock that is off shows in it.\n")
	return b.Bytes()
}
