package host

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestDeaths checks that five deaths within a minute delay the next start until the oldest is a
// minute ago.
func TestDeaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deaths
		for n := range 4 {
			d.note(time.Now())
			if wait := d.wait(time.Now()); wait != 0 {
				t.Errorf("after %d deaths: %s", n+1, wait)
			}
			time.Sleep(10 * time.Second)
		}
		d.note(time.Now())
		if wait := d.wait(time.Now()); wait != 20*time.Second {
			t.Errorf("after 5 deaths: %s", wait)
		}
		time.Sleep(20 * time.Second)
		if wait := d.wait(time.Now()); wait != 0 {
			t.Errorf("a minute later: %s", wait)
		}
		d.note(time.Now())
		if wait := d.wait(time.Now()); wait != 10*time.Second {
			t.Errorf("after the next death: %s", wait)
		}
	})
}

func TestBackoffStaysWithinBounds(t *testing.T) {
	for failures := range 100 {
		if d := backoff(failures); d < 900*time.Millisecond || d > 66*time.Second {
			t.Errorf("%d failures: %s", failures, d)
		}
	}
	for _, d := range []time.Duration{0, 1, time.Second, 1<<63 - 1} {
		if got := notBefore(d); got < min(d, 1<<62) {
			t.Errorf("not before %s: %s", d, got)
		}
	}
}

// TestListener checks that the first and last line do not depend on the sizes of the reads.
func TestListener(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	for _, test := range []struct{ name, out, first, last string }{
		{"no output", "", "", ""},
		{"one", "a\n", "a", "a"},
		{"no newline at the end", "a\nb", "a", "b"},
		{"many", "a\nb\nc\n\n \n", "a", "c"},
		{"carriage return", "a\r\nb\r\n", "a", "b"},
		{"blank first", "\na\n", "", "a"},
		{"long", long + "\n" + long + "y\nend\n", long[:maxLine], "end"},
	} {
		for _, step := range []int{1, 2, 7, 1 << 20} {
			l := new(listener)
			w, err := l.open()
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				defer w.Close()
				_, _ = io.WriteString(w, test.out)
			}()
			b := make([]byte, step)
			for err == nil {
				_, err = l.Read(b)
			}
			if err != io.EOF {
				t.Error(err)
			}
			if first, last := l.lines(); first != test.first || last != test.last {
				t.Errorf("%s by %d: got %.50q, %.50q", test.name, step, first, last)
			}
			_ = l.Close()
			if _, err := l.Read(b); err != io.EOF {
				t.Errorf("after Close: %v", err)
			}
		}
	}
}

// FuzzHello checks that no output of a process causes a panic or a long error.
func FuzzHello(f *testing.F) {
	for _, line := range []string{"", "1|1|unix|/x|grpc|cert", "1|1|unix|/x", "|||||", "1|x|unix|/x", "99999999999999999999|1|a|b", "{\"@message\":\"m\"}"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		h, ok := parseHello(line)
		if ok && strings.Count(line, "|") < 3 {
			t.Errorf("%q was parsed as %+v", line, h)
		}
		if s := lastOutput(line); strings.ContainsAny(s, "\n\r") || len(s) > 3000 {
			t.Errorf("a message of %d bytes: %.100q", len(s), s)
		}
	})
}
