package embedded

import (
	"context"
	"fmt"
	"testing"

	"soar.example/okta/internal/playbook"
)

// BenchmarkAccept commits pages of 100 matching events, one transaction each.
func BenchmarkAccept(b *testing.B) {
	r := newRig(b, contain, always(changed))
	books := []*playbook.Playbook{r.book}
	for i := 0; b.Loop(); i++ {
		p := page(fmt.Sprint(i))
		for j := range 100 {
			p.Events = append(p.Events, event(fmt.Sprintf("%08d-%d", i, j)))
		}
		if _, err := r.Accept(b.Context(), "source", p, books); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "runs/s")
}

// BenchmarkAcceptNothing measures an idle poll: a page without events.
func BenchmarkAcceptNothing(b *testing.B) {
	r := newRig(b, contain, always(changed))
	books := []*playbook.Playbook{r.book}
	for b.Loop() {
		if _, err := r.Accept(b.Context(), "source", page("the same"), books); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWork runs playbooks of three steps whose calls take no time.
func BenchmarkWork(b *testing.B) {
	r := newRig(b, contain, always(changed))
	p := page("")
	for i := range b.N {
		p.Events = append(p.Events, event(fmt.Sprint(i)))
	}
	r.accept(p)
	b.ResetTimer()
	if err := drain(context.Background(), r.Engine); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(3*b.N)/b.Elapsed().Seconds(), "steps/s")
}
