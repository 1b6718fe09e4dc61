#!/usr/bin/env bash
# Checks what a reviewer should not have to: each check prints one line, and every failure is shown before the end.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=()

# check NAME COMMAND... runs the command; its output is shown only when it fails.
check() {
  local name=$1 start=$SECONDS output
  shift
  if output=$("$@" 2>&1); then
    echo "verify: $name: ok ($((SECONDS - start)) s)"
  else
    echo "verify: $name: FAILED ($((SECONDS - start)) s)"
    echo "$output"
    failed+=("$name")
  fi
}

sources() { git ls-files --cached --others --exclude-standard -- "$@"; }

# Generated files are those that the generators would write now.
generated() {
  local before after
  before=$(generated_sums)
  make generate
  after=$(generated_sums)
  if [[ $before != "$after" ]]; then
    echo "these were stale and have been written again; commit them:"
    diff <(echo "$before") <(echo "$after") | awk '/^>/ {print $4}'
    return 1
  fi
}

generated_sums() {
  find api config/crd/bases config/rbac config/samples \
    \( -name 'zz_generated.*' -o -name 'guichet.dev_*.yaml' -o -name 'role.yaml' -o -name 'pricingplan_*.yaml' \) -exec cksum {} + | sort -k 3
}

formatted() {
  local unformatted
  unformatted=$(sources '*.go' | xargs gofmt -l)
  if [[ -n $unformatted ]]; then
    echo "run make fmt; not formatted: $unformatted"
    return 1
  fi
}

vetted() { go vet ./... && go vet -tags e2e,chaos,release ./test/...; }

linted() { make lint; }

# The gateway must not be able to talk to the API server: it links no Kubernetes package, directly or through another.
gateway_without_kubernetes() {
  local linked
  linked=$(go list -deps ./cmd/gateway | grep -E '^(k8s\.io|sigs\.k8s\.io)/' || true)
  if [[ -n $linked ]]; then
    echo "cmd/gateway must link no Kubernetes package; it links:"
    echo "$linked"
    return 1
  fi
}

tidy() {
  local module difference
  while read -r module; do
    if ! difference=$(cd "$(dirname "$module")" && go mod tidy -diff 2>&1); then
      echo "run go mod tidy in $(dirname "$module"):"
      echo "${difference:0:2000}"
      return 1
    fi
  done < <(sources '*go.mod')
}

# A package of the data plane that grows beyond this wants to be two; the gateway itself is composition and HTTP.
rooms() {
  local room linked lines most found=0
  linked=$(go list -deps -f '{{.ImportPath}}' ./cmd/gateway | sed -n "s#^$(go list -m)/##p") || return 1
  for room in $linked; do
    most=3000
    if [[ $room == internal/gateway ]]; then most=1500; fi
    lines=$(sources "$room/*.go" | grep -v -e '_test\.go$' | grep -E "^$room/[^/]+$" | xargs cat | wc -l)
    if ((lines > most)); then
      echo "$room has $lines lines without tests and may have $most"
      found=1
    fi
  done
  return $found
}

columns() {
  sources '*.go' '*.md' | grep -v -e 'zz_generated' | xargs go run ./hack/columns
}

scripts() {
  local script
  while read -r script; do
    bash -n "$script" || return 1
  done < <(sources '*.sh' .ci/run)
  if command -v shellcheck >/dev/null; then
    sources '*.sh' .ci/run | xargs shellcheck
  fi
}

check "generated files" generated
check "gofmt" formatted
check "go vet" vetted
check "golangci-lint" linted
check "P8: the gateway links no Kubernetes package" gateway_without_kubernetes
check "the rooms of the data plane are small" rooms
check "comments and documents have at most 100 columns" columns
check "go mod tidy" tidy
check "scripts" scripts

if ((${#failed[@]} > 0)); then
  echo "make verify: FAILED: ${failed[*]}" >&2
  exit 1
fi
echo "make verify: passed in $SECONDS s"
