#!/usr/bin/env bash
# Makes what a release consists of, and checks each part from the packed file alone, in a temporary folder:
#
#     .ci/release/release.sh [--out FOLDER] [NAME]...      default: --out release, and all of them
#
#   x86_64 x86_64-musl aarch64 armv7 wasm   the C library for a target: headers, libraries, pkg-config, CMake, models
#   wheel-x86_64 wheel-aarch64              Python; they take the library out of the tarball of the same target
#   npm                                     the package for browsers and Node.js
#   debs                                    Debian packages for arm64, armhf and amd64
#   embedded                                the C library for microcontrollers (thumb and RISC-V), and its framework packages
#   crates                                  the packages for crates.io
#   models                                  all models as .timbrel and .onnx, each with its card
#
# `library` stands for the first line and `wheel` for the second. At the end, FOLDER has bills of materials and SHA256SUMS
# as well. docs/releases.md says what has to be installed.
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD   as in examples/cortex-m/common.sh, for targets that rustup does not have here
# TIMBREL_CLASSIFY                       the program `classify`, whose answers are the expected ones; built if unset
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/release
libraries=(x86_64 x86_64-musl aarch64 armv7 wasm)
wheels=(wheel-x86_64 wheel-aarch64)
packages=(npm debs embedded crates models)
names=()
# usage ARGUMENT: prints the comment above and ends, with success where help was asked for
usage() {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"
    [ "$1" = --help ] && exit 0
    exit 2
}
while [ $# -gt 0 ]; do
    case $1 in
    --out) out=${2:?release.sh: --out wants a folder} && shift ;;
    library) names+=("${libraries[@]}") ;;
    wheel) names+=("${wheels[@]}") ;;
    *)
        printf '%s\n' "${libraries[@]}" "${wheels[@]}" "${packages[@]}" | grep -qxF -e "$1" || usage "$1"
        names+=("$1")
        ;;
    esac
    shift
done
[ ${#names[@]} -gt 0 ] || names=("${libraries[@]}" "${wheels[@]}" "${packages[@]}")

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
target_dir=${CARGO_TARGET_DIR:-$root/target}
# the same commit gives the same files
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
fail() { echo "release.sh: $*" >&2 && exit 1; }

. "$here/expected.sh"
. "$here/tools.sh"
. "$here/library.sh"
. "$here/packages.sh"

bills() {
    local name
    for name in docs/notices/*/; do
        name=$(basename "$name")
        python3 docs/notices/sbom.py "$name" >"$out/$name-$version.cdx.json"
    done
}

# one command after another: `&&` would let a failure inside a function pass
for name in "${names[@]}"; do
    echo "== $name"
    case $name in
    wheel-*) kind=wheel ;;
    npm | debs | crates | embedded | models) kind=$name ;;
    *) kind=library ;;
    esac
    "make_$kind" "${name#wheel-}"
    "check_$kind" "${name#wheel-}"
done
bills
(cd "$out" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
echo "== $out, bytes"
(cd "$out" && stat --printf '%10s  %n\n' ./*)
echo "== SHA256SUMS"
cat "$out/SHA256SUMS"
