SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ROOT := $(CURDIR)
BIN := $(ROOT)/bin

# Which cluster `make demo` uses: auto, host (the one-node cluster), kind, or current (the one that kubectl talks to).
CLUSTER ?= auto
# KEEP=1 leaves the cluster of `make e2e` running, to look at what happened. TEST=e2e or TEST=docs runs one of its two parts.
KEEP ?=
TEST ?=

# The same inputs give the same static binaries on every machine. One setting for all of them, tests included, so that nothing is
# compiled twice.
export CGO_ENABLED := 0
export GOFLAGS := $(GOFLAGS) -trimpath -buildvcs=false
GO_BUILD := go build -ldflags '-s -w'
CLUSTER_TOOL := $(BIN)/cluster/cluster
CONTROLLER_GEN := $(BIN)/controller-gen
GOLANGCI_LINT := $(BIN)/golangci-lint

##@ Everyday

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: images ## Tell the whole story on a cluster: CLUSTER=auto|host|kind|current
	@hack/cluster/with.sh $(CLUSTER) -- go run ./hack/demo

.PHONY: demo-down
demo-down: ## Remove the demo's cluster and all that it left
	@hack/cluster/with.sh $(CLUSTER) --remove

.PHONY: test
test: envtest-assets postgres ## Unit tests, with a real PostgreSQL, and the operator against a real kube-apiserver and etcd
	@hack/test.sh

.PHONY: e2e
e2e: images build ## The demo's story and the documents' commands on the one-node cluster; KEEP=1 leaves it running, TEST=docs runs one
	@KEEP=$(KEEP) TEST="$(TEST)" hack/e2e.sh

.PHONY: chaos
chaos: postgres ## Fault runs, about five minutes; CHAOS=short for one, CHAOS_SEED and CHAOS_DURATION to choose
	@go test -tags chaos -count=1 -parallel 4 -timeout 30m -v ./test/chaos

.PHONY: clients
clients: ## Drive published client libraries against a gateway and the simulator
	@hack/clients.sh

.PHONY: browser
browser: ## Click through the simulator's page in Chromium, by mouse and by keyboard; the pictures are in bin/browser/pictures
	@hack/browser.sh

.PHONY: bench
bench: ## Measure the gateway on this machine, about five minutes: speed, latency, memory, growth
	@go run ./test/load

.PHONY: build
build: ## Compile the programs into bin/
	@$(GO_BUILD) -o $(BIN)/operator .
	@$(GO_BUILD) -o $(BIN)/gateway ./cmd/gateway
	@$(GO_BUILD) -o $(BIN)/guichet ./cmd/guichet
	@$(GO_BUILD) -o $(BIN)/simulator ./cmd/simulator
	@$(GO_BUILD) -o $(BIN)/kubectl-guichet ./cmd/kubectl-guichet
	@install cmd/kubectl-guichet/kubectl_complete-guichet $(BIN)/kubectl_complete-guichet

##@ Before a commit

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Write the CRDs, the RBAC role, the deep copies, and the plans from the rate cards
	@$(CONTROLLER_GEN) object paths=./api/...
	@$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	@go run ./hack/ratecards
	@$(CONTROLLER_GEN) rbac:roleName=guichet-operator paths=. paths=./controllers/... output:rbac:artifacts:config=config/rbac

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the Go code
	@$(GOLANGCI_LINT) fmt ./...

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters of .golangci.yml
	@$(GOLANGCI_LINT) run --build-tags e2e,chaos,release ./...

.PHONY: verify
verify: $(CONTROLLER_GEN) $(GOLANGCI_LINT) ## Check generated files, format, vet, lint, imports, modules and scripts
	@hack/verify.sh

##@ A release

# The folder that a release is written to, and the registry that its manifests name.
DIST ?= dist
REGISTRY ?= guichet.dev
RELEASE_TOOLS := $(addprefix $(BIN)/release/,helm kustomize cyclonedx-gomod)

.PHONY: release
release: $(RELEASE_TOOLS) ## Write a release into dist/: make release VERSION=v0.1.0 REGISTRY=registry.example.com/guichet
	@VERSION=$(VERSION) REGISTRY=$(REGISTRY) DIST=$(DIST) hack/release.sh

.PHONY: push
push: ## Copy the images of dist/ to a registry: make push REGISTRY=registry.example.com/guichet
	@REGISTRY=$(REGISTRY) DIST=$(DIST) hack/push.sh

.PHONY: promtool
promtool:
	@hack/promtool.sh

.PHONY: release-test
release-test: $(RELEASE_TOOLS) envtest-assets promtool ## Check that a release is reproducible and that the chart installs what kustomize does
	@KUBEBUILDER_ASSETS=$${KUBEBUILDER_ASSETS:-$(BIN)/envtest} go test -tags release -count=1 -timeout 30m -v ./test/release

##@ The one-node cluster (Linux, root)

.PHONY: cluster-up
cluster-up: $(CLUSTER_TOOL) $(BIN)/kubectl ## Start a real Kubernetes in namespaces of its own; the first build takes minutes
	@$(CLUSTER_TOOL) up

.PHONY: cluster-load
cluster-load: $(CLUSTER_TOOL) images ## Import the images into the running cluster
	@$(CLUSTER_TOOL) load $(BIN)/images/*.tar

.PHONY: cluster-status
cluster-status: $(CLUSTER_TOOL) ## Say whether it runs, and how much memory it takes
	@$(CLUSTER_TOOL) status

.PHONY: cluster-down
cluster-down: $(CLUSTER_TOOL) ## End it and remove all but the compiled programs
	@$(CLUSTER_TOOL) down

##@ Parts

# What each image runs. The demo does without the command line's image.
PACKAGE_operator := .
PACKAGE_gateway := ./cmd/gateway
PACKAGE_simulator := ./cmd/simulator
PACKAGE_guichet := ./cmd/guichet
TITLE_operator := operator
TITLE_gateway := gateway
TITLE_simulator := simulator
TITLE_guichet := command line
IMAGES ?= operator gateway simulator guichet
demo: IMAGES := operator gateway simulator

.PHONY: images
images: ## Build the container images into bin/images, without Docker
	@go run ./hack/compile -o $(BIN)/linux $(foreach image,$(IMAGES),$(image)=$(PACKAGE_$(image)))
	@cd hack/image && go build -o $(BIN)/image .
	@$(foreach image,$(IMAGES),$(BIN)/image archive --binary $(BIN)/linux/$(image) --tag guichet.dev/$(image):dev --title "Guichet $(TITLE_$(image))" --output $(BIN)/images/$(image).tar;)

.PHONY: envtest-assets
envtest-assets: ## Build kube-apiserver and etcd into bin/envtest, unless KUBEBUILDER_ASSETS is set
	@hack/envtest.sh

.PHONY: postgres
postgres: ## Install PostgreSQL's programs if they are missing: the tests start a server of their own
	@hack/postgres.sh

.PHONY: clean
clean: ## Remove everything that make has built
	@if [[ -x $(CLUSTER_TOOL) && -e $(BIN)/cluster/state ]]; then $(CLUSTER_TOOL) down; fi
	@rm -rf $(BIN)

# The tools, each compiled from the version that hack/tools/go.mod pins.

$(CONTROLLER_GEN): hack/tools/go.sum
	@echo "compiling controller-gen"
	@cd hack/tools && go build -o $@ sigs.k8s.io/controller-tools/cmd/controller-gen

$(GOLANGCI_LINT): hack/tools/go.sum
	@echo "compiling golangci-lint (about a minute the first time)"
	@cd hack/tools && go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/release/helm: hack/release/go.sum
	@echo "compiling helm"
	@cd hack/release && go build -o $@ helm.sh/helm/v4/cmd/helm

$(BIN)/release/kustomize: hack/release/go.sum
	@cd hack/release && go build -o $@ sigs.k8s.io/kustomize/kustomize/v5

$(BIN)/release/cyclonedx-gomod: hack/release/go.sum
	@cd hack/release && go build -o $@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

# The go command knows best whether they are up to date.

.PHONY: $(CLUSTER_TOOL)
$(CLUSTER_TOOL):
	@go build -o $@ ./hack/cluster

$(BIN)/kubectl:
	@mkdir -p $(BIN) && ln -sfn cluster/programs/kube $@
