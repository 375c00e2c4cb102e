package plugin

//go:generate go -C ../internal/protogen run . ../../plugin/proto/connector.proto ../../plugin/internal/pb
