package plugin

import (
	"bytes"

	"google.golang.org/grpc/encoding"
	protobuf "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"soar.example/okta/plugin/internal/pb"
)

// codec is the gRPC codec for Protocol Buffers. It reads and writes the same bytes as the standard
// codec, but does not copy the documents of a page, which are most of its bytes.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(protobuf.Name)} }

// documentsField is the number of PollResponse.documents.
var documentsField = new(pb.PollResponse).ProtoReflect().Descriptor().Fields().ByName("documents").Number()

// Marshal encodes v. The documents of v must not change until gRPC has sent them.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	page, ok := v.(*pb.PollResponse)
	if !ok || len(page.GetDocuments()) == 0 {
		return c.CodecV2.Marshal(v)
	}
	documents := page.Documents
	page.Documents = nil
	b, err := proto.Marshal(page)
	page.Documents = documents
	if err != nil {
		return nil, err
	}
	out := make(mem.BufferSlice, 0, 2*len(documents))
	start := 0
	for _, d := range documents {
		b = protowire.AppendTag(b, documentsField, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(len(d)))
		out = append(out, mem.SliceBuffer(b[start:]), mem.SliceBuffer(d))
		start = len(b)
	}
	return out, nil
}

// Unmarshal decodes data into v. The documents of a page share one allocation.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	page, ok := v.(*pb.PollResponse)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	parts := make([][]byte, len(data))
	for i, b := range data {
		parts[i] = b.ReadOnlyData()
	}
	return unmarshalPage(bytes.Join(parts, nil), page) // gRPC reuses its buffers
}

// unmarshalPage decodes a page, which keeps references to parts of message.
func unmarshalPage(message []byte, page *pb.PollResponse) error {
	var others []byte
	documents := make([][]byte, 0, 1024)
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if number == documentsField && kind == protowire.BytesType {
			d, _ := protowire.ConsumeBytes(message[n:])
			documents = append(documents, d[:len(d):len(d)])
		} else {
			others = append(others, message[:n+size]...)
		}
		message = message[n+size:]
	}
	if err := proto.Unmarshal(others, page); err != nil {
		return err
	}
	if len(documents) > 0 {
		page.Documents = documents
	}
	return nil
}
