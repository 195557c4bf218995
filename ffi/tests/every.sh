#!/usr/bin/env bash
# Every function of the ABI with every wrong argument, as a C program: `every.sh [LIBRARY]`.
#
# For another machine, with its LIBRARY:
# CC               its C compiler
# TIMBREL_RUNNER   the emulator with its arguments, say "qemu-arm -L /usr/arm-linux-gnueabihf"
set -euo pipefail
cd "$(dirname "$0")/../.."
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
library=${1:-$target_dir/release/libtimbrel.a}
[ -n "${1:-}" ] || cargo build --quiet --release -p timbrel-ffi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-cc}" -std=c11 -g -Wall -Wextra -Wpedantic -Werror -I include ffi/tests/every/*.c "$library" -lpthread -ldl -lm \
    -o "$work/every"
# shellcheck disable=SC2086 # the emulator's arguments are words
${TIMBREL_RUNNER:-} "$work/every" models/compact.timbrel core/tests/fixtures/second.mp3
