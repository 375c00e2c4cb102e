package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// generate compiles the .proto file at source and writes its Go code to dir. The generated code names the file by the
// path of its package. Therefore the output contains no path of this machine.
func generate(ctx context.Context, source, dir string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	file, err := compile(ctx, filepath.Base(source), text)
	if err != nil {
		return err
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{file.GetName()},
		ProtoFile:      []*descriptorpb.FileDescriptorProto{file},
	}
	raw, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// The generators exist only as programs. This module pins their versions.
	for _, generator := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		cmd := exec.CommandContext(ctx, "go", "tool", generator)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(raw), os.Stderr
		out, err := cmd.Output()
		response := new(pluginpb.CodeGeneratorResponse)
		if err == nil {
			err = proto.Unmarshal(out, response)
		}
		if err == nil && response.Error != nil {
			err = errors.New(response.GetError())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", generator, err)
		}
		for _, f := range response.File {
			if err := os.WriteFile(filepath.Join(dir, path.Base(f.GetName())), []byte(f.GetContent()), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// compile returns the descriptor of the file with its comments, named after its package.
func compile(ctx context.Context, base string, text []byte) (*descriptorpb.FileDescriptorProto, error) {
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{base: string(text)})},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, base)
	if err != nil {
		return nil, err
	}
	file := protoutil.ProtoFromFileDescriptor(files[0])
	file.Name = proto.String(strings.ReplaceAll(file.GetPackage(), ".", "/") + "/" + base)
	return file, nil
}
