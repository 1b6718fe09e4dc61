#!/usr/bin/env bash
# Writes a release into a folder: manifests, the chart, images, command-line programs, SBOMs and checksums. The same source gives the
# same bytes: nothing in it has a time, an owner or a path of this machine.
#
#   VERSION=v0.1.0 REGISTRY=guichet.dev DIST=dist hack/release.sh
set -euo pipefail
cd "$(dirname "$0")/.."

version=${VERSION:-}
registry=${REGISTRY:-guichet.dev}
dist=$(realpath -m "${DIST:-dist}")
tools=$PWD/bin/release
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

main() {
  [[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "VERSION is \"$version\"; name it like v0.1.0"
  rm -rf "$dist"
  mkdir -p "$dist"
  step "notes from CHANGELOG.md" write_notes
  step "manifests" write_manifests
  step "chart" write_chart
  step "images for amd64 and arm64" write_images
  step "command-line programs" write_command_line
  step "SBOMs" write_sboms
  (cd "$dist" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
  echo "release: $version is in $dist"
}

write_notes() {
  awk -v heading="## ${version%%-*}" '$0 == heading {found = 1; next} /^## / {found = 0} found' CHANGELOG.md >"$dist/NOTES.md"
  [[ -s $dist/NOTES.md ]] || fail "CHANGELOG.md has no section \"## ${version%%-*}\""
  echo "$version" >"$dist/VERSION"
}

write_manifests() {
  "$tools/kustomize" build config/default | stamp_images >"$dist/install.yaml"
  mkdir -p "$dist/plans"
  cp config/samples/pricingplan_*.yaml "$dist/plans"
  rm "$dist/plans/pricingplan_acme_page.yaml" # its prices are examples
}

write_chart() {
  mkdir -p "$build/chart"
  cp -rL charts/guichet "$build/chart" # what config/ and the chart share are links
  sed -i -e "s/^version: .*/version: ${version#v}/" -e "s/^appVersion: .*/appVersion: $version/" "$build/chart/guichet/Chart.yaml"
  sed -i -e "s#^  registry: .*#  registry: $registry#" "$build/chart/guichet/values.yaml"
  archive "$build/chart" guichet "$dist/guichet-chart-${version#v}.tgz"
}

write_images() {
  local program architecture
  (cd hack/image && go build -o "$build/image" .)
  for program in operator gateway simulator guichet; do
    for architecture in amd64 arm64; do
      compile linux "$architecture" "$program" "$build/$architecture/$program"
    done
    "$build/image" layout --binary "$build/amd64/$program" --binary "$build/arm64/$program" \
      --title "Guichet $program" --version "$version" --output "$dist/images/$program"
  done
}

write_command_line() {
  local platform system architecture folder suffix
  for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do
    system=${platform%/*} architecture=${platform#*/}
    folder=$build/guichet_${version}_${system}_$architecture
    suffix=$([[ $system == windows ]] && echo .exe || true)
    mkdir -p "$folder"
    compile "$system" "$architecture" guichet "$folder/guichet$suffix"
    compile "$system" "$architecture" kubectl-guichet "$folder/kubectl-guichet$suffix"
    cp LICENSE cmd/kubectl-guichet/kubectl_complete-guichet "$folder"
    archive "$build" "$(basename "$folder")" "$dist/$(basename "$folder").tar.gz"
  done
}

write_sboms() {
  local program
  mkdir -p "$dist/sbom"
  for program in operator gateway simulator guichet; do
    sbom "$program" "$build/amd64/$program"
  done
  sbom kubectl-guichet "$build/guichet_${version}_linux_amd64/kubectl-guichet"
}

# sbom PROGRAM FILE lists what a program is made of.
sbom() {
  "$tools/cyclonedx-gomod" bin -json -noserial -notimestamp -version "$version" -output "$dist/sbom/$1.cdx.json" "$2"
}

# compile SYSTEM ARCHITECTURE PROGRAM OUTPUT builds a program, stamped with the version.
compile() {
  local package=./cmd/$3
  [[ $3 == operator ]] && package=.
  CGO_ENABLED=0 GOOS=$1 GOARCH=$2 go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/guichet-dev/guichet/internal/version.number=$version" -o "$4" "$package"
}

# stamp_images puts the release's images in place of those of a developer.
stamp_images() {
  sed -E "s#guichet\.dev/(operator|gateway|simulator):dev#$registry/\1:$version#g"
}

# archive FOLDER NAME OUTPUT packs a folder; neither the time nor whoever does it shows.
archive() {
  tar --create --directory "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s "$2" |
    gzip --no-name --best >"$3"
}

# step NAME COMMAND... says how long a step takes.
step() {
  local start=$SECONDS
  "${@:2}"
  echo "release: $1 ($((SECONDS - start)) s)"
}

fail() {
  echo "release: $1" >&2
  exit 1
}

main
