#!/usr/bin/env bash
# Every function of the ABI with every wrong argument, as a C program: `every.sh [LIBRARY]`.
set -euo pipefail
cd "$(dirname "$0")/../.."
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
library=${1:-$target_dir/release/libtimbrel.a}
[ -n "${1:-}" ] || cargo build --quiet --release -p timbrel-ffi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -std=c11 -g -Wall -Wextra -Wpedantic -Werror -I include ffi/tests/every/*.c "$library" -lpthread -ldl -lm -o "$work/every"
"$work/every" models/compact.timbrel core/tests/fixtures/second.mp3
