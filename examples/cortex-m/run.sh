#!/usr/bin/env bash
# Builds the firmware for every board, runs it under QEMU and compares what it prints with the desktop.
#   ./run.sh [BOARD]...       boards as in common.sh, such as Cortex-M4F; all by default
set -euo pipefail
. "$(dirname "$0")/common.sh"
command -v qemu-system-arm >/dev/null || fail "no qemu-system-arm"
nm=$(tool nm)

# The index of heapless' queue is a remainder by its capacity, which the compiler cannot know not to be zero.
known_panics='panic_const_rem_by_zero|core::panicking::panic_fmt$'

reference >"$work/reference"
grep -E '^(window|all)' "$work/reference" >"$work/expected"
cat "$work/expected"
status=0
for board in "${boards[@]}"; do
    read -r name target machine flags <<<"$board"
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    # shellcheck disable=SC2086 # several flags
    build "$target" --bin firmware $flags
    elf=$target_dir/$target/release/firmware
    verdict="the desktop's answer"
    emulate "$machine" "$elf" >"$work/printed" || verdict="FAILED"
    grep -v '^#' "$work/printed" | cmp -s - "$work/expected" || verdict="DIFFERS"
    panics=$("$nm" -C "$elf" | grep -E 'core::(panicking|fmt|result|option|slice::index)::|alloc::' |
        grep -vE "$known_panics" || true)
    [ -z "$panics" ] || verdict="CAN PANIC"
    printf '%-14s %-28s %-12s %s\n' "$name" "$target" "$machine" "$verdict"
    if [ "$verdict" != "the desktop's answer" ]; then
        status=1
        cat "$work/printed"
        echo "$panics"
    fi
done
exit $status
