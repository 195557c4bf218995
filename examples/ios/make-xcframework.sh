#!/usr/bin/env bash
# Makes CTimbrel.xcframework (iPhone, simulator, Mac) beside this script. On a Mac with Xcode and rustup.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
root=$(cd ../.. && pwd)
target_dir=${CARGO_TARGET_DIR:-$root/target}
device=(aarch64-apple-ios)
simulator=(aarch64-apple-ios-sim x86_64-apple-ios)
mac=(aarch64-apple-darwin x86_64-apple-darwin)
export IPHONEOS_DEPLOYMENT_TARGET=${IPHONEOS_DEPLOYMENT_TARGET:-15.0} MACOSX_DEPLOYMENT_TARGET=${MACOSX_DEPLOYMENT_TARGET:-12.0}

command -v xcodebuild >/dev/null || { echo "make-xcframework: this takes a Mac with Xcode" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

all=("${device[@]}" "${simulator[@]}" "${mac[@]}")
rustup target add "${all[@]}"
for triple in "${all[@]}"; do
    # without `decode`: AVFoundation decodes files, and the library stays small
    (cd "$root" && CARGO_TARGET_DIR=$target_dir cargo rustc --release -p timbrel-ffi --no-default-features \
        --features std --crate-type staticlib --target "$triple")
done

# in a folder of the module's name, which clang looks into: two frameworks with a map at the top would collide
mkdir -p "$work/headers/CTimbrel"
cp -L Sources/CTimbrel/timbrel.h Sources/CTimbrel/module.modulemap "$work/headers/CTimbrel"

slices=()
add_slice() { # name, then the triples that one library joins
    local name=$1 triple
    local libraries=()
    shift
    mkdir "$work/$name"
    for triple in "$@"; do libraries+=("$target_dir/$triple/release/libtimbrel.a"); done
    lipo -create "${libraries[@]}" -output "$work/$name/libtimbrel.a"
    slices+=(-library "$work/$name/libtimbrel.a" -headers "$work/headers")
}
add_slice device "${device[@]}"
add_slice simulator "${simulator[@]}"
add_slice mac "${mac[@]}"
rm -rf "$here/CTimbrel.xcframework"
xcodebuild -create-xcframework "${slices[@]}" -output "$here/CTimbrel.xcframework"
