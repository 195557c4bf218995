#!/usr/bin/env bash
# core's tests and those of the C interface on a machine of 32 bits: as programs for i686, which x86-64 runs.
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
target=i686-unknown-linux-gnu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! echo 'int main(void) { return 0; }' | gcc -m32 -x c - -o "$work/main" 2>/dev/null || ! "$work/main"; then
    echo "skipped: no gcc for 32-bit x86 (gcc-multilib), or no kernel that runs its programs"
    exit 0
fi
std=()
if [ -n "${TIMBREL_BUILD_STD:-}" ]; then
    std=(-Zbuild-std=std,panic_unwind)
else
    rustup -q target add "$target"
fi
# with `decode`, whose sizes and offsets are 64 bits in the files
cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} test --target "$target" "${std[@]}" --lib --tests \
    -p timbrel-core -p timbrel-ffi --features timbrel-core/decode
