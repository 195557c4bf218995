#!/usr/bin/env bash
# Six threads over one model, plain and under valgrind: no data race (helgrind), no invalid access, no leak (memcheck).
#
# CC, TIMBREL_RUNNER: as in every.sh; an emulator runs it plain
set -euo pipefail
cd "$(dirname "$0")/../.."
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
library=${1:-$target_dir/release/libtimbrel.a}
[ -n "${1:-}" ] || cargo build --quiet --release -p timbrel-ffi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-cc}" -std=c11 -g -Wall -Wextra -Werror -I include ffi/tests/threads.c "$library" -lpthread -ldl -lm -o "$work/threads"
# shellcheck disable=SC2086 # the emulator's arguments are words
${TIMBREL_RUNNER:-} "$work/threads" models/tiny.timbrel
[ -z "${TIMBREL_RUNNER:-}" ] || exit 0
if ! command -v valgrind >/dev/null; then
    echo "skipped: no valgrind for the threads of the C library"
    exit 0
fi
valgrind -q --tool=helgrind --error-exitcode=9 "$work/threads" models/tiny.timbrel warm
echo "helgrind: no race"
valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect,possible \
    --errors-for-leak-kinds=definite,indirect,possible "$work/threads" models/tiny.timbrel
echo "memcheck: no error, no leak"
