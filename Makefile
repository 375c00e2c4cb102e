# Targets are the commands of README.md, CONTRIBUTING.md and CI.

STATICCHECK   = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: build test example race lint staticcheck generate tidy demo picture kill bench check

build: ## all programs, in the current folder
	go build ./cmd/soar
	go build ./cmd/soar-plugin-okta
	go build ./cmd/soar-plugin-http

test:
	go test ./...

example: ## builds and tests examples/connector-minimal from an archive of this module
	go test ./examples

race:
	go test -race ./...

lint: ## the rules of .golangci.yml; compiling the linter takes some minutes the first time
	go run $(GOLANGCI_LINT) run ./...

staticcheck:
	go run $(STATICCHECK) ./...

generate: ## descriptions, gRPC code, manifest.json and the printed pages in docs
	go generate -run describe ./...
	go generate ./plugin ./internal/docs

tidy:
	go mod tidy

demo:
	go run ./cmd/soar demo

picture: ## docs/demo.svg, from the output of the demo
	go test ./cmd/soar -run TestPicture -update

kill: ## kill -9 at 200 random instants
	go test ./internal/reliability -run TestFaults/row/kill -kills 200

bench: ## docs/benchmarks.md; takes some minutes
	go run ./internal/bench/table --write docs/benchmarks.md

check: ## everything that must hold before a change lands
	.ci/run
