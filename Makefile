# Every target works as the first command on a fresh machine with Go, Node.js,
# Python, make and the package registries: it builds what it needs in .cache/.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE   := .cache
BIN     := $(CACHE)/bin
CTL     := $(BIN)/latticectl
PROGRAM := bin/eks-lattice

# The modules of the project. The program's own go.mod stays small: heavier code
# has a module of its own.
MODULES := . internal/twin cmd/latticectl examples/demo-app $(patsubst %/go.mod,%,$(wildcard test/*/go.mod test/*/*/go.mod))

export GOFLAGS := -buildvcs=false

##@ Everyday

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: rehearse
rehearse: tools build ## Deploy all stacks to the twin, call, deploy again, destroy (JSON=file, HTML=file, STACKS=folder, WORLD=file)
	@$(CTL) rehearse $(if $(JSON),--json $(JSON)) $(if $(HTML),--html $(HTML)) $(if $(STACKS),--stacks $(STACKS)) $(if $(WORLD),--world $(WORLD))

.PHONY: preflight
preflight: tools build ## Check whether the stacks would come up in your AWS account; creates nothing (STACKS=folder)
	@$(CTL) preflight $(if $(STACKS),--stacks $(STACKS))

.PHONY: twin
twin: tools build ## Serve an empty twin for plain pulumi commands and print its environment variables
	@$(CTL) twin

.PHONY: build
build: ## Compile the program and latticectl
	@tools/require.sh go
	@echo "compiling the program and latticectl (the first time takes minutes)" >&2
	@go build -o $(PROGRAM) .
	@mkdir -p $(BIN) && cd cmd/latticectl && go build -o ../../$(CTL) .

##@ Checks

.PHONY: test
test: unit dataplane ## Run every test, including the rehearsals and the data plane

.PHONY: unit
unit: tools build browser-tools ## Run every test except those of the data plane, which need root
	@for m in $(filter-out test/dataplane,$(MODULES)); do echo "== go test $$m" >&2; (cd $$m && go test -count=1 -vet=off -timeout 30m $(TESTFLAGS) ./...); done

.PHONY: race
race: tools build ## Run the unit tests of the program and of the twin under the race detector
	@for m in . internal/twin cmd/latticectl; do echo "== go test -race $$m" >&2; (cd $$m && go test -race -short -timeout 30m ./...); done

.PHONY: dataplane
dataplane: tools build dataplane-tools ## Test the sidecar with real Envoy, iptables and signatures (Linux, root)
	@echo "== go test test/dataplane" >&2; cd test/dataplane && go test -count=1 -vet=off -timeout 30m $(TESTFLAGS) ./...

.PHONY: lint
lint: $(BIN)/golangci-lint $(BIN)/actionlint ## Check format, go.mod files, go vet and golangci-lint in every module, and the workflows
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt wants to change:"; echo "$$unformatted"; exit 1; fi
	@for m in $(MODULES) tools tools/lint; do echo "== go mod tidy $$m" >&2; (cd $$m && go mod tidy -diff); done
	@for m in $(MODULES); do echo "== lint $$m" >&2; (cd $$m && go vet ./... && $(CURDIR)/$(BIN)/golangci-lint run --config $(CURDIR)/.golangci.yaml ./...); done
	@$(BIN)/actionlint

.PHONY: vulncheck
vulncheck: $(BIN)/govulncheck ## Check for known vulnerabilities in every module (needs the Go vulnerability database)
	@for m in $(MODULES); do echo "== govulncheck $$m" >&2; (cd $$m && $(CURDIR)/$(BIN)/govulncheck -test ./...); done

.PHONY: docs
docs: build ## Generate docs/twin.md, the tables and examples in other documents, and the schema in Pulumi.yaml
	@$(CTL) laws > docs/twin.md
	@go test -count=1 -parallel 1 -run '^(TestConfigurationTable|TestCostsInDocs|TestExampleInDocs)$$' . -update

##@ Figures

.PHONY: bench
bench: tools build ## Measure rehearsals by number of clusters and applications, the blueprint's deployment, and cold builds
	@for m in cmd/latticectl internal/twin; do (cd $$m && go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./...); done

.PHONY: bench-dataplane
bench-dataplane: tools build dataplane-tools ## Compare the sidecar with the blueprint's and with no proxy
	@cd test/dataplane && go test -run '^$$' -bench . -benchtime 1x -timeout 30m -v ./...

##@ Upkeep

.PHONY: dist
dist: ## Compile latticectl into dist/, for each platform of a release
	@tools/require.sh go
	@rm -rf dist && mkdir dist
	@for p in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do \
		echo "compiling latticectl for $$p" >&2; \
		(cd cmd/latticectl && CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -trimpath -ldflags "-s -w" -o ../../dist/latticectl-$${p%/*}-$${p#*/} .); \
	done
	@cd dist && sha256sum latticectl-* > SHA256SUMS

.PHONY: tools
tools: $(CACHE)/node_modules/.package-lock.json pulumi-cli ## Install the EKS component, and build the Pulumi CLI unless PATH has one, in .cache/

.PHONY: dataplane-tools
dataplane-tools: ## Install the programs that the data plane tests run: Envoy, iptables, curl, wrk
	@test/dataplane/setup.sh

.PHONY: browser-tools
browser-tools: ## Install the browser that the report's tests drive: chromium
	@test/browser/setup.sh

.PHONY: clean
clean: ## Delete everything that make has created
	rm -rf $(CACHE) bin dist

# A CLI on PATH that is new enough saves building one. latticectl chooses alike.
.PHONY: pulumi-cli
pulumi-cli:
	@tools/require.sh pulumi 2>/dev/null || $(MAKE) --no-print-directory $(BIN)/pulumi

$(BIN)/pulumi: tools/go.mod tools/go.sum
	@tools/require.sh go
	@echo "building the Pulumi CLI (the first time takes minutes)" >&2
	@mkdir -p $(BIN) && cd tools && go build -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$$(go list -m -f '{{.Version}}' github.com/pulumi/pulumi/pkg/v3)" -o ../$@ github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

$(BIN)/golangci-lint $(BIN)/actionlint $(BIN)/govulncheck: tools/lint/go.mod tools/lint/go.sum
	@tools/require.sh go
	@echo "building $(@F) (the first time takes minutes)" >&2
	@mkdir -p $(BIN) && cd tools/lint && go build -ldflags "-s -w" -o ../../$@ $$(go list tool | grep '/$(@F)$$')

$(CACHE)/node_modules/.package-lock.json: tools/package.json tools/package-lock.json
	@tools/require.sh go node npm
	@echo "installing the EKS component" >&2
	@mkdir -p $(CACHE) && cp tools/package.json tools/package-lock.json $(CACHE)/ && cd $(CACHE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
