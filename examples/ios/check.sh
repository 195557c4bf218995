#!/usr/bin/env bash
# The checks that need no Mac: the library builds for every slice of the XCFramework, clang imports the header as
# a module from Objective-C, and where there is Swift, the package compiles and its tests run, over stubs of AVFAudio.
# CARGO_CROSS, for example "cargo +nightly -Zbuild-std", builds where `rustup target add` cannot.
# TIMBREL_APPLE_TARGETS names fewer targets than the XCFramework has.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
read -ra cargo <<<"${CARGO_CROSS:-cargo}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash -n make-xcframework.sh

if command -v clang >/dev/null; then
    mkdir -p "$work/headers/CTimbrel"
    cp -L Sources/CTimbrel/timbrel.h Sources/CTimbrel/module.modulemap "$work/headers/CTimbrel"
    cat >"$work/import.m" <<'OBJC'
@import CTimbrel;
timbrel_status use(timbrel_classifier **classifier);
timbrel_status use(timbrel_classifier **classifier)
{
    timbrel_config config = {sizeof config, 48000, 1};
    return timbrel_classifier_new(0, 0, &config, classifier);
}
OBJC
    for triple in arm64-apple-ios15.0 arm64-apple-ios15.0-simulator arm64-apple-macos12.0; do
        clang --target="$triple" -fmodules -fmodules-cache-path="$work/cache" -ffreestanding -nostdlibinc \
            -Wall -Wextra -Werror -I "$work/headers" -fsyntax-only "$work/import.m"
    done
    echo "clang imports the module CTimbrel"
else
    echo "skipped: no clang to import the module"
fi

all="aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin"
for triple in ${TIMBREL_APPLE_TARGETS:-$all}; do
    if [ -z "${CARGO_CROSS:-}" ] && ! rustup target list --installed | grep -qx "$triple"; then
        echo "skipped: no Rust target $triple"
        continue
    fi
    (cd "$root" && "${cargo[@]}" rustc -q --release -p timbrel-ffi --no-default-features --features std \
        --crate-type staticlib --target "$triple")
    echo "$triple: $(stat -c %s "$CARGO_TARGET_DIR/$triple/release/libtimbrel.a") bytes"
done

# Swift on Linux: the package with stubs of AVFAudio, every warning an error, and its tests
if command -v swift >/dev/null && swift --version >/dev/null 2>&1; then
    (cd "$root" && cargo rustc -q --release -p timbrel-ffi --no-default-features --features std --crate-type staticlib)
    mkdir -p "$work/lib"
    cp "$CARGO_TARGET_DIR/release/libtimbrel.a" "$work/lib"
    TIMBREL_STUBS=1 swift test --package-path . --scratch-path "$work/swift" -Xswiftc -warnings-as-errors \
        -Xlinker "-L$work/lib"
else
    echo "skipped: no Swift compiler (Debian 13: swiftlang)"
fi
