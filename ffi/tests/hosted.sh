#!/usr/bin/env bash
# The library without std on a machine with an operating system, as docs/c-api.md builds it: it links into a C program
# and gives the answer of the library with std.
set -euo pipefail
cd "$(dirname "$0")/../.."
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo rustc --quiet -p timbrel-ffi --lib --crate-type staticlib --no-default-features --profile embedded
cc -std=c11 -Wall -Wextra -Werror -Iinclude ffi/tests/hosted.c "$target_dir/embedded/libtimbrel.a" -o "$work/hosted"
make -s -C examples/c classify
python3 examples/c/tunes.py "$work"
examples/c/classify models/compact.timbrel "$work/cd.wav" |
    sed -E 's/.*"genre": "([a-z]+)", "confidence": ([0-9.]+),.*"windows": ([0-9]+).*/\1 \2 \3/' >"$work/expected"
tail -c +45 "$work/cd.wav" | "$work/hosted" models/compact.timbrel >"$work/answer"
diff "$work/expected" "$work/answer"
echo "without std on this machine: $(cat "$work/answer"), as with std"
