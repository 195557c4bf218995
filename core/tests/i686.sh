#!/usr/bin/env bash
# core's tests and those of the C interface on a machine of 32 bits: as programs for i686, which x86-64 runs.
#
#     i686.sh [ARGUMENT...]   for cargo test: which tests, say `--test memory`; all if there is none
#
# Links with Debian's gcc-i686-linux-gnu, or else with `gcc -m32`: gcc-multilib cannot stand beside compilers for Arm.
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
target=i686-unknown-linux-gnu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
linker=(gcc -m32)
if command -v i686-linux-gnu-gcc >/dev/null; then
    linker=(i686-linux-gnu-gcc)
    export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc
fi
if ! echo 'int main(void) { return 0; }' | "${linker[@]}" -x c - -o "$work/main" 2>/dev/null || ! "$work/main"; then
    echo "skipped: no gcc for 32-bit x86 (gcc-i686-linux-gnu and libc6-i386), or no kernel that runs its programs"
    exit 0
fi
std=()
if [ -n "${TIMBREL_BUILD_STD:-}" ]; then
    std=(-Zbuild-std=std,panic_unwind)
else
    rustup -q target add "$target"
fi
tests=("$@")
[ $# -gt 0 ] || tests=(--lib --tests)
# with `decode`, whose sizes and offsets are 64 bits in the files
cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} test --target "$target" "${std[@]}" \
    -p timbrel-core -p timbrel-ffi --features timbrel-core/decode "${tests[@]}"
