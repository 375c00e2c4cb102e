package httpclient

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"testing"
)

func packed(plain string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, plain)
	_ = z.Close()
	return b.Bytes()
}

// withSize returns a gzip file with another size in its last four bytes.
func withSize(size uint32, file []byte) []byte {
	file = bytes.Clone(file)
	binary.LittleEndian.PutUint32(file[len(file)-4:], size)
	return file
}

func inGzip(body []byte) *http.Response {
	header := http.Header{"Content-Encoding": {"GZIP"}, "Content-Length": {"1"}}
	return &http.Response{Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}
}

// TestGzipResponses checks that a gzip response equals the uncompressed one, and that a damaged
// response is an error.
func TestGzipResponses(t *testing.T) {
	long := string(bytes.Repeat([]byte(`{"id":"00u1"},`), 10_000))
	for name, c := range map[string]struct {
		body  []byte
		want  string
		fails bool
	}{
		"plain":              {body: packed(long), want: long},
		"empty":              {body: packed(""), want: ""},
		"no body":            {body: nil, want: ""},
		"two members":        {body: append(packed(long), packed("x")...), want: long + "x"},
		"cut in the header":  {body: packed(long)[:5], fails: true},
		"cut in the data":    {body: packed(long)[:60], fails: true},
		"cut in the trailer": {body: packed(long)[:len(packed(long))-3], fails: true},
		"size too small":     {body: withSize(1, packed(long)), fails: true},
		"size too large":     {body: withSize(1<<32-1, packed(long)), fails: true},
		"data after the end": {body: append(packed(long), "<html>"...), fails: true},
		"not gzip":           {body: []byte(`[{"id":"00u1"}]`), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			resp := inGzip(c.body)
			got, err := readBody(resp, (64 << 20))
			if (err != nil) != c.fails || string(got) != c.want {
				t.Errorf("%d bytes, %v; want %d", len(got), err, len(c.want))
			}
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error("the Okta SDK would repeat the request without a limit")
			}
			if resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Content-Length") != "" {
				t.Error("the header still describes the compressed body")
			}
		})
	}
}

// TestGzipSizeLimit checks that the limit applies to the compressed and the decompressed size,
// also with several members.
func TestGzipSizeLimit(t *testing.T) {
	const most = 1 << 20
	zeros := string(make([]byte, most))
	for name, body := range map[string][]byte{
		"exactly the limit": packed(zeros),
		"one byte more":     packed(zeros + "0"),
		"in two members":    append(packed(zeros), packed("0")...),
		"compressed size":   bytes.Repeat(packed("0"), most/20),
	} {
		got, err := readBody(inGzip(body), most)
		if name == "exactly the limit" {
			if len(got) != most || err != nil {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		} else if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// TestReusedInflater checks that a reused buffer does not leak into the next response.
func TestReusedInflater(t *testing.T) {
	for range 3 {
		for _, want := range []string{"one", "", "another one"} {
			if got, err := readBody(inGzip(packed(want)), (64 << 20)); string(got) != want || err != nil {
				t.Fatalf("got %q, %v; want %q", got, err, want)
			}
			if _, err := readBody(inGzip(packed("broken")[:20]), (64 << 20)); err == nil {
				t.Fatal("an incomplete response was accepted")
			}
		}
	}
}

func FuzzGzipResponse(f *testing.F) {
	f.Add([]byte{})
	f.Add(packed(`{"a":1}`))
	f.Add(withSize(1<<31, packed("x")))
	f.Fuzz(func(t *testing.T, body []byte) {
		const most = 1 << 16
		got, err := readBody(inGzip(body), most)
		if len(got) > most {
			t.Fatalf("%d bytes", len(got))
		}
		if err != nil || len(body) == 0 {
			return
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("read as %q, but it is not gzip: %v", got, err)
		}
		if want, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %q, want %q, %v", got, want, err)
		}
	})
}
