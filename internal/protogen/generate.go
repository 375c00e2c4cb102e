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
	"google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// generate compiles the .proto file at source and writes its Go code into dir.
// The file is known by its package's path and not by where it lies, so that no
// place on a machine gets into the output.
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
	messages, err := messageCode(request)
	if err != nil {
		return err
	}
	services, err := serviceCode(ctx, request)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range append(messages.File, services.File...) {
		target := filepath.Join(dir, path.Base(f.GetName()))
		if err := os.WriteFile(target, []byte(f.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compile returns the file's descriptor with its comments, named by its package.
func compile(ctx context.Context, base string, text []byte) (*descriptorpb.FileDescriptorProto, error) {
	named := func(name string) (*descriptorpb.FileDescriptorProto, error) {
		compiler := protocompile.Compiler{
			Resolver: &protocompile.SourceResolver{
				Accessor: protocompile.SourceAccessorFromMap(map[string]string{name: string(text)}),
			},
			SourceInfoMode: protocompile.SourceInfoStandard,
		}
		files, err := compiler.Compile(ctx, name)
		if err != nil {
			return nil, err
		}
		return protoutil.ProtoFromFileDescriptor(files[0]), nil
	}
	first, err := named(base)
	if err != nil {
		return nil, err
	}
	return named(strings.ReplaceAll(first.GetPackage(), ".", "/") + "/" + base)
}

// messageCode is what protoc-gen-go does.
func messageCode(request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	gen, err := protogen.Options{}.New(request)
	if err != nil {
		return nil, err
	}
	for _, f := range gen.Files {
		if f.Generate {
			internal_gengo.GenerateFile(gen, f)
		}
	}
	return answer(gen.Response())
}

// serviceCode runs protoc-gen-go-grpc, which is a program and nothing else, in
// the version that this module pins.
func serviceCode(ctx context.Context, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	raw, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "tool", "protoc-gen-go-grpc")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(raw), &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("protoc-gen-go-grpc: %w", err)
	}
	response := new(pluginpb.CodeGeneratorResponse)
	if err := proto.Unmarshal(out.Bytes(), response); err != nil {
		return nil, fmt.Errorf("protoc-gen-go-grpc: %w", err)
	}
	return answer(response)
}

func answer(r *pluginpb.CodeGeneratorResponse) (*pluginpb.CodeGeneratorResponse, error) {
	if r.Error != nil {
		return nil, errors.New(r.GetError())
	}
	return r, nil
}
