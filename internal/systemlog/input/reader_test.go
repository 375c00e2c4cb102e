package input

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/unicode"
)

// event returns an event with the given UUID.
func event(id string) string {
	return `{"uuid":"` + id + `","eventType":"user.session.start","published":"2026-03-01T10:00:00Z"}`
}

// pretty returns an event that is indented over several lines.
func pretty(id string) string {
	var b bytes.Buffer
	_ = json.Indent(&b, []byte(strings.Replace(event(id), "}", `,"target":[{"id":"1"},{"id":"2"}]}`, 1)), "", "  ")
	return b.String()
}

// all reads a stream. It returns the line and UUID of each event, such as "3 ID", and the line and text of
// each error, such as "4 !TEXT".
func all(t testing.TB, r io.Reader, maxValue int) ([]string, error) {
	t.Helper()
	got := []string{}
	err := read(t.Context(), r, maxValue, func(batch []Item) bool {
		for _, i := range batch {
			if i.Err != nil {
				got = append(got, fmt.Sprintf("%d !%s", i.Line, i.Err))
				continue
			}
			var e struct{ UUID string }
			if err := json.Unmarshal(i.Raw, &e); err != nil {
				t.Fatalf("%v: %s", err, i.Raw)
			}
			got = append(got, fmt.Sprintf("%d %s", i.Line, e.UUID))
		}
		return true
	})
	return got, err
}

// compare compares the items. It compares only the start of an error.
func compare(t *testing.T, name string, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		if strings.Contains(want[i], "!") && strings.HasPrefix(got[i], want[i]) {
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// zipped returns the text compressed with gzip.
func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// utf16 returns the text in UTF-16 with a byte order mark.
func utf16(text string, order unicode.Endianness) string {
	s, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return s
}

func TestLayouts(t *testing.T) {
	a, b, c := event("a"), event("b"), event("c")
	const bad = "!not valid JSON"
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"empty input":               {"", []string{}},
		"white space":               {" \r\n\t\n\x00\x00", []string{}},
		"lines":                     {a + "\n" + b + "\n", []string{"1 a", "2 b"}},
		"no line break at the end":  {a + "\n" + b, []string{"1 a", "2 b"}},
		"CRLF and an empty line":    {a + "\r\n\r\n" + b + "\r\n", []string{"1 a", "3 b"}},
		"byte order marks":          {"\ufeff" + a + "\n\ufeff" + b, []string{"1 a", "2 b"}},
		"byte order mark and array": {"\ufeff[" + a + "]", []string{"1 a"}},
		"concatenated":              {a + b + " " + c, []string{"1 a", "1 b", "1 c"}},
		"pretty-printed":            {pretty("a") + "\n" + pretty("b"), []string{"1 a", "14 b"}},
		"array":                     {"[" + a + ",\n " + b + " ]", []string{"1 a", "2 b"}},
		"empty array":               {" \n [ ] []", []string{}},
		"arrays in arrays":          {"[[" + a + "],[" + b + "]]\n[" + c + "]", []string{"1 a", "1 b", "2 c"}},
		"mixed layouts": {a + b + "\n[" + pretty("c") + "," + a + "]\n" + pretty("b") + c,
			[]string{"1 a", "1 b", "2 c", "14 a", "15 b", "27 c"}},
		"record separators":                    {"\x1e" + a + "\n\x1e" + b + "\n", []string{"1 a", "2 b"}},
		"gzip":                                 {zipped(a + "\n" + b), []string{"1 a", "2 b"}},
		"gzip in members":                      {zipped(a+"\n") + zipped(b), []string{"1 a", "2 b"}},
		"gzip members split within a line":     {zipped(a[:20]) + zipped(a[20:]+b), []string{"1 a", "1 b"}},
		"gzip of UTF-16":                       {zipped(utf16(a, unicode.LittleEndian)), []string{"1 a"}},
		"gzip, then zeros":                     {zipped(a+"\n") + "\x00\x00\x00", []string{"1 a"}},
		"gzip, zeros, gzip":                    {zipped(a+"\n") + "\x00\x00" + zipped(b), []string{"1 a", "2 b"}},
		"gzip, then text":                      {zipped(a+"\n") + "text\n" + b, []string{"1 a", "2 !not JSON", "3 b"}},
		"damaged gzip member":                  {zipped(a+"\n") + "\x1f\x8btext\n" + b, []string{"1 a", "2 !the compressed data is"}},
		"gzip of empty input":                  {zipped(""), []string{}},
		"text with zeros":                      {"te\x00\x00xt\x00\n" + a, []string{"1 !not JSON", "2 a"}},
		"UTF-16 without a mark, little-endian": {utf16(a+"\n"+b, unicode.LittleEndian)[2:], []string{"1 a", "2 b"}},
		"UTF-16 without a mark, big-endian":    {utf16(a+"\n"+b, unicode.BigEndian)[2:], []string{"1 a", "2 b"}},
		"zeros before":                         {"\x00" + a + "\n\x00\x00" + b, []string{"1 a", "2 b"}},
		"truncated gzip":                       {zipped(a + "\n")[:25], []string{"1 !the compressed data is"}},
		"UTF-16, little-endian":                {utf16(a+"\r\n"+b, unicode.LittleEndian), []string{"1 a", "2 b"}},
		"UTF-16, big-endian":                   {utf16("["+a+","+b+"]", unicode.BigEndian), []string{"1 a", "1 b"}},
		"invalid UTF-8":                        {strings.Replace(a, "a", "\xff", 1), []string{"1 \ufffd"}},
		"zeros instead of the line end":        {a + "\n" + b[:30] + "\x00\x00\x00" + c + "\n", []string{"1 a", "2 " + bad, "2 c"}},
		"zeros between lines":                  {a + "\n\x00\x00\x00\n" + b, []string{"1 a", "3 b"}},
		"truncated last line":                  {a + "\n" + b[:40], []string{"1 a", "2 " + bad}},
		"line truncated in a string":           {a[:40] + "\n" + b + "\n" + c, []string{"1 " + bad, "2 b", "3 c"}},
		"line truncated after a colon":         {`{"a":` + "\n" + b + "\n" + c, []string{"1 " + bad, "2 b", "3 c"}},
		"line truncated after an object":       {`{"a":{"b":1}` + "\n" + b + "\n" + c, []string{"1 " + bad, "2 b", "3 c"}},
		"line truncated in an array":           {`{"a":[1,` + "\n" + b + "\n" + c, []string{"1 " + bad, "2 b", "3 c"}},
		"truncated line, CRLF":                 {a[:40] + "\r\n" + b + "\r\n", []string{"1 " + bad, "2 b"}},
		"only a brace":                         {"{", []string{"1 " + bad}},
		"only a bracket":                       {"[", []string{"1 !the array that begins on line 1 is not closed"}},
		"lines that are not JSON":              {"text\n" + a + "\nmore text\n", []string{"1 !not JSON", "2 a", "3 !not JSON"}},
		"unmatched brackets":                   {"]\n}\n" + a, []string{"1 !not valid JSON: unexpected", "2 !not valid JSON: unexpected", "3 a"}},
		"values that are not objects": {"1\n\"x\"\nnull\ntrue\n" + a,
			[]string{"1 !not an event", "2 !not an event", "3 !not an event", "4 !not an event", "5 a"}},
		"array elements that are not objects":  {"[7," + a + `,"x",` + b + "]", []string{"1 !not an event", "1 a", "1 !not an event", "1 b"}},
		"syntax error in a line":               {"{bad}\n" + a + `{"x":tru}` + b, []string{"1 " + bad, "2 a", "2 " + bad, "2 b"}},
		"unmatched bracket in an array":        {"[" + a + ",{]},{bad}," + b + "]", []string{"1 a", "1 " + bad}},
		"syntax error in an array":             {"[" + a + ",{bad}," + b + "]", []string{"1 a", "1 " + bad, "1 b"}},
		"text in an array":                     {"[" + a + ",text," + b + ",,]", []string{"1 a", "1 !not JSON", "1 b", "1 !not valid JSON: unexpected"}},
		"truncated array":                      {"[" + a + ",", []string{"1 a", "1 !the array that begins on line 1 is not closed"}},
		"array truncated in an event":          {"[" + a + ",\n" + b[:30], []string{"1 a", "2 " + bad}},
		"array without commas":                 {"[" + a + "\n" + b + "\n" + c + "]", []string{"1 a", "2 !not valid JSON: a comma", "2 b", "3 c"}},
		"truncated array, then lines":          {"[" + a + ",\n" + b[:30] + "\n" + c + "\n", []string{"1 a", "2 " + bad, "3 c"}},
		"pretty array with a truncated event":  {"[\n  " + a + ",\n  " + b[:40] + "\n  " + c + "\n]", []string{"2 a", "3 " + bad, "4 c"}},
		"pretty event with a syntax error":     {strings.Replace(pretty("a"), `"1"`, `1x`, 1) + "\n" + b, []string{"1 " + bad, "14 b"}},
		"pretty event with an unclosed string": {strings.Replace(pretty("a"), `"user.`, `user.`, 1) + "\n" + b, []string{"1 " + bad, "14 b"}},
		"truncated pretty event":               {pretty("a")[:90] + "\n" + b + "\n" + pretty("c"), []string{"1 " + bad, "5 b", "6 c"}},
		"non-events after a truncated line":    {a[:40] + "\n{}\ntext\n" + b, []string{"1 " + bad, "2 !not an event", "3 !not JSON", "4 b"}},
		"a long value": {a + "\n" + `{"x":"` + strings.Repeat("x", 5000) + "\"}\n" + b,
			[]string{"1 a", "2 !the value is longer than", "3 b"}},
		"a long array": {"[" + strings.Repeat(a+",", 200) + b + "]", append(repeatItem("1 a", 200), "1 b")},
		"deep nesting": {strings.Repeat("[", 200) + "\n" + a, []string{"1 !not JSON", "2 !not valid", "2 a"}},
	} {
		for how, r := range map[string]io.Reader{
			"whole": strings.NewReader(test.in), "byte by byte": iotest.OneByteReader(strings.NewReader(test.in)),
			"data with EOF": iotest.DataErrReader(strings.NewReader(test.in)),
		} {
			got, err := all(t, r, 4000)
			if err != nil {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			compare(t, name+", "+how, test.want, got)
		}
	}
}

// repeatItem returns n copies of s.
func repeatItem(s string, n int) []string {
	return strings.Split(strings.Repeat(s+"\n", n)[:n*(len(s)+1)-1], "\n")
}

// text returns s as a JSON string.
func text(s string) string { b, _ := json.Marshal(s); return string(b) }

func TestEnvelopes(t *testing.T) {
	a, b := event("a"), event("b")
	hec := func(v string) string { return `{"time":1772359200.123,"sourcetype":"OktaIM2:log","event":` + v + `}` }
	beat := func(v string) string {
		return `{"@timestamp":"2026-03-01T10:00:01Z","event":{"dataset":"okta.system"},"message":` + v + `}`
	}
	hook := func(v string) string {
		return `{"eventType":"com.okta.event_hook","eventId":"1","data":{"events":[` + v + `]}}`
	}
	bridge := func(v string) string { return `{"version":"0","id":"x","detail-type":"SystemLog","detail":` + v + `}` }
	const none = "!not an event of Okta's System Log: it has no uuid"
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"event hook":                        {hook(a + "," + b), []string{"1 a", "1 b"}},
		"event hook, empty":                 {hook(""), []string{}},
		"event hook, one non-event":         {hook(a + ",{}," + b), []string{"1 a", "1 !data.events[1]: not an event", "1 b"}},
		"EventBridge":                       {bridge(a), []string{"1 a"}},
		"EventBridge, lines":                {bridge(a) + "\n" + bridge(b), []string{"1 a", "2 b"}},
		"EventBridge, batch":                {"[" + bridge(a) + "," + bridge(b) + "]", []string{"1 a", "1 b"}},
		"EventBridge, detail is an array":   {bridge("[" + a + "," + b + "]"), []string{"1 a", "1 b"}},
		"HEC, object":                       {hec(a), []string{"1 a"}},
		"HEC, string":                       {hec(text(a)), []string{"1 a"}},
		"HEC, batch":                        {hec(a) + hec(b), []string{"1 a", "1 b"}},
		"HEC, string is not JSON":           {hec(`"started"`) + "\n" + hec(a), []string{"1 " + none, "2 a"}},
		"HEC, several events in a string":   {hec(text(a + "\n" + b + "\n")), []string{"1 a", "1 b"}},
		"HEC, array":                        {hec("[" + a + "," + b + "]"), []string{"1 a", "1 b"}},
		"Filebeat":                          {beat(text(a)), []string{"1 a"}},
		"Filebeat, truncated string":        {beat(text(a[:40])), []string{"1 " + none}},
		"Filebeat, message is an object":    {beat(a), []string{"1 a"}},
		"event.original":                    {`{"event":{"original":` + text(a) + `}}`, []string{"1 a"}},
		"event.original with a dotted name": {`{"event.original":` + text(a) + `}`, []string{"1 a"}},
		"event.original and message":        {`{"message":` + text(b) + `,"event":{"original":` + text(a) + `}}`, []string{"1 a"}},
		"event.original is not an event":    {`{"message":` + text(b) + `,"event":{"original":"x"}}`, []string{"1 b"}},
		"get_logs":                          {`{"events":[` + a + `,` + b + `],"count":2,"truncated":false}` + a, []string{"1 a", "1 b", "1 a"}},
		"get_logs, pretty":                  {"{\n  \"events\": [\n    " + a + ",\n    " + b + "\n  ],\n  \"count\": 2\n}\n" + a, []string{"3 a", "4 b", "8 a"}},
		"get_logs, empty":                   {`{"events":[],"count":0,"truncated":false}`, []string{}},
		"get_logs, events last":             {`{"count":2,"events":[` + a + `,` + b + `]}`, []string{"1 a", "1 b"}},
		"get_logs, two non-events":          {`{"events":[` + a + `,{},7]}`, []string{"1 a", "1 " + none, "1 !not an event"}},
		"get_logs, truncated":               {"{\"events\":[" + a + ",\n" + b, []string{"1 a", "2 b", "2 !the array"}},
		"get_logs, truncated after events":  {`{"events":[` + a + `]`, []string{"1 a", "1 !not valid JSON"}},
		"get_logs, only events":             {`{"events":[` + a + `]}` + "\n" + b, []string{"1 a", "2 b"}},
		"Filebeat around HEC":               {beat(text(hec(a))), []string{"1 a"}},
		"Filebeat around HEC, string":       {beat(text(hec(text(a)))), []string{"1 a"}},
		"Filebeat around a hook":            {beat(text(hook(a + "," + b))), []string{"1 a", "1 b"}},
		"HEC around EventBridge":            {hec(bridge(a)), []string{"1 a"}},
		"get_logs around EventBridge":       {`{"events":[` + bridge(a) + `]}`, []string{"1 a"}},
		"watch --json":                      {`{"kind":"event","uuid":"a","type":"x","event":` + a + `}`, []string{"1 a"}},
		"an empty array and a message":      {`{"events":[],"data":{"events":[]},"message":` + text(a) + `}`, []string{"1 a"}},
		"arrays of strings and a message":   {`{"detail":["y"],"events":["x"],"message":` + text(a) + `}`, []string{"1 a"}},
		"an empty string":                   {hec(`""`), []string{"1 " + none}},
		"text after an event in a string":   {hec(text(a + " text")), []string{"1 a", "1 !event: the string is not JSON"}},
		"an array of strings":               {bridge("[" + text(a) + "," + text("x") + "]"), []string{"1 a", "1 !detail[1]: the string is not JSON"}},
		"nested arrays":                     {bridge(strings.Repeat("[", 50) + a + strings.Repeat("]", 50)), []string{"1 !detail[0]"}},
		"too many envelopes":                {strings.Repeat(`{"detail":`, 20) + a + strings.Repeat("}", 20), []string{"1 " + none}},
		"an unknown envelope":               {`{"value":` + a + `}`, []string{"1 " + none}},
		"an event with members of envelopes": {strings.Replace(a, "{",
			`{"event":`+b+`,"message":`+text(b)+`,"events":[],"data":{},"detail":{},`, 1), []string{"1 a"}},
		"an empty object":                     {"{}", []string{"1 " + none}},
		"an Okta error":                       {`{"errorCode":"E0000011","errorSummary":"Invalid"}`, []string{"1 !not an event but an Okta error: E0000011"}},
		"no uuid":                             {strings.Replace(a, `"a"`, `""`, 1), []string{"1 " + none}},
		"uuid is null":                        {strings.Replace(a, `"a"`, `null`, 1), []string{"1 " + none}},
		"uuid is a number":                    {strings.Replace(a, `"a"`, `1`, 1), []string{"1 " + none}},
		"no event type":                       {strings.Replace(a, "eventType", "type", 1), []string{"1 !not an event of Okta's System Log: it has no eventType"}},
		"no time":                             {strings.Replace(a, "2026-03-01T", "yesterday ", 1), []string{"1 !not an event of Okta's System Log: published is"}},
		"a time without a zone":               {strings.Replace(a, "00Z", "00", 1), []string{"1 !not an event of Okta's System Log: published is"}},
		"uuid twice, the last is empty":       {strings.Replace(a, "}", `,"uuid":""}`, 1), []string{"1 " + none}},
		"an ECS document with event.original": {`{"@timestamp":"2026-03-01T10:00:00Z","event":{"kind":"event","original":` + text(a) + `}}`, []string{"1 a"}},
	} {
		for how, in := range map[string]string{"plain": test.in, "gzip": zipped(test.in)} {
			got, err := all(t, strings.NewReader(in), 1<<16)
			if err != nil {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			compare(t, name+", "+how, test.want, got)
		}
	}
}

// TestReadError checks that Read returns a read error, and does not report it as truncated input.
func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	for in, want := range map[string][]string{event("a") + "\n{": {"1 a"}, "[" + event("a") + ",": {"1 a"}, "": {}, "{\n": {}} {
		got, err := all(t, io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), 4000)
		if !errors.Is(err, broken) {
			t.Errorf("%q: the error is %v", in, err)
		}
		compare(t, in, want, got)
	}
}

// TestReadDoesNotWait checks that Read passes on the events of a slow writer before the writer sends
// more.
func TestReadDoesNotWait(t *testing.T) {
	a := event("a")
	for _, parts := range [][]string{
		{a + "\n", a, "\n{\"detail\":" + a + "}"}, {"[" + a, "," + a, "," + a}, {`{"events":[` + a, "," + a}, {pretty("a"), "\n" + pretty("b")},
	} {
		r, w := io.Pipe()
		batches, ended := make(chan []Item), make(chan error, 1)
		go func() {
			ended <- Read(t.Context(), r, func(b []Item) bool { batches <- b; return true })
			close(batches)
		}()
		for _, part := range parts {
			if _, err := io.WriteString(w, part); err != nil {
				t.Error(err)
			}
			if batch := <-batches; len(batch) != 1 || batch[0].Err != nil {
				t.Errorf("the batch after %q is %v", part, batch)
			}
		}
		_ = w.Close()
		for range batches {
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestReadStops checks that Read ends if ctx ends or send returns false.
func TestReadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endless := func() io.Reader { return io.MultiReader(strings.NewReader("["), &repeated{text: event("a") + ","}) }
	if err := Read(ctx, endless(), func([]Item) bool { cancel(); return true }); err != nil {
		t.Error(err)
	}
	if err := Read(t.Context(), endless(), func([]Item) bool { return false }); err != nil {
		t.Error(err)
	}
}

// repeated is a stream that repeats one text.
type repeated struct {
	text string
	at   int // offset in text
	left int // remaining bytes; 0 if the stream is endless
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], r.text[r.at:])
		r.at = (r.at + c) % len(r.text)
		n += c
	}
	if r.left > 0 {
		if r.left -= n; r.left <= 0 {
			return n + r.left, io.EOF
		}
	}
	return n, nil
}

// TestMemoryIsBounded checks that the memory depends on the largest value and not on the length of the
// stream, for valid and for damaged input.
func TestMemoryIsBounded(t *testing.T) {
	const size = 128 << 20
	for name, c := range map[string]struct{ begin, text string }{
		"lines": {"", event("a") + "\n"}, "array": {"[", event("a") + ",\n"}, "get_logs": {`{"events":[`, event("a") + ","},
		"one line of text": {"", "some text "}, "one long string": {`{"x":"`, "some text "}, "braces": {"", "{\"a\":\n"}, "brackets": {"", "["},
		"indented braces": {"", " {\"a\":[\n"}, "bad values": {"", "{\"a\":bad\n"}, "indented bad values": {"", "  {\"a\":bad,\n"}, "quotes": {"", "{\"\n"},
	} {
		var before, after runtime.MemStats
		var peak uint64
		runtime.GC()
		runtime.ReadMemStats(&before)
		n := 0
		length := size
		if !strings.Contains(c.text, "uuid") {
			length = 8 << 20
		}
		err := read(t.Context(), io.MultiReader(strings.NewReader(c.begin), &repeated{text: c.text, left: length}), 1<<20, func(b []Item) bool {
			if n++; n%200 == 0 {
				runtime.ReadMemStats(&after)
				peak = max(peak, after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc))
			}
			return true
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if peak > 64<<20 {
			t.Errorf("%s: the heap grew by %d MiB", name, peak>>20)
		}
	}
}

// FuzzRead checks that Read does not hang or panic, that its result does not depend on the size of
// the reads, and that it does not lose an event on its own line.
func FuzzRead(f *testing.F) {
	a := event("a")
	for _, seed := range []string{"", a, "[" + a + "," + a, pretty("a"), `{"events":[` + a + `],"x":1}`, a[:40], "\x00", "{\"a\":\n", "]},", "\ufeff{}",
		zipped(a), utf16(a, unicode.BigEndian), `{"message":` + text(a) + `}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := all(t, bytes.NewReader(in), 1<<12)
		if err != nil {
			t.Fatal(err)
		}
		again, err := all(t, iotest.HalfReader(bytes.NewReader(in)), 1<<12)
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Fatalf("the result depends on the size of the reads: %v\n%s", err, diff)
		}
		if begin := string(in[:min(4, len(in))]); strings.HasPrefix(begin, "\x1f\x8b") || strings.HasPrefix(begin, "\xff\xfe") ||
			strings.HasPrefix(begin, "\xfe\xff") || strings.Contains(begin, "\x00") {
			return
		}
		// The reader finds a valid event on its own line after any other input.
		after, err := all(t, io.MultiReader(bytes.NewReader(in), strings.NewReader("\n"+event("last")+"\n")), 1<<12)
		if err != nil || len(after) == 0 || !strings.HasSuffix(after[len(after)-1], " last") && !strings.Contains(strings.Join(after, "\n"), " last\n") {
			t.Fatalf("the last event is lost: %q", after)
		}
	})
}
