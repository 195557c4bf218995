#!/usr/bin/env bash
# core's tests and those of the C interface on a machine of 32 bits: as programs for i686, which x86-64 runs.
#
#     i686.sh [ARGUMENT...]   for cargo test: which tests, say `--test memory`; all if there is none
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
target=i686-unknown-linux-gnu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. core/tests/i686-linker.sh
runs_i686 "$work" || exit 0
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
