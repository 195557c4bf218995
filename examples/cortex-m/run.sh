#!/usr/bin/env bash
# Builds the firmware in Rust and in C for every board, runs it under QEMU and compares what it prints with the
# desktop.
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

# judge NAME TARGET MACHINE ELF: runs it, looks for panicking paths and prints a line; fails unless all is well
judge() {
    local verdict="the desktop's answer" printed="$work/$1" panics
    emulate "$3" "$4" >"$printed" || verdict="FAILED"
    grep -v '^#' "$printed" | cmp -s - "$work/expected" || verdict="DIFFERS"
    panics=$("$nm" -C "$4" | grep -E 'core::(panicking|fmt|result|option|slice::index)::|alloc::' |
        grep -vE "$known_panics" || true)
    [ -z "$panics" ] || verdict="CAN PANIC"
    printf '%-20s %-28s %-12s %s\n' "$1" "$2" "$3" "$verdict"
    [ "$verdict" != "the desktop's answer" ] || return 0
    cat "$printed"
    echo "$panics"
    return 1
}

# judge_apart NAME TARGET MACHINE ELF: judges a copy of the program while the next one is compiled, for QEMU keeps one
# processor core busy
judges=()
judge_apart() {
    cp "$4" "$work/$1.elf"
    judge "$1" "$2" "$3" "$work/$1.elf" &
    judges+=($!)
}

for board in "${boards[@]}"; do
    read -r name target machine flags <<<"$board"
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    # shellcheck disable=SC2086 # several flags
    build "$target" --bin firmware $flags
    judge_apart "$name" "$target" "$machine" "$target_dir/$target/release/firmware"
    # shellcheck disable=SC2086
    build_c "$target" "$machine" "$work/c.elf" $flags
    judge_apart "$name, in C" "$target" "$machine" "$work/c.elf"
    if [ "$name" = Cortex-M4F ]; then
        # the same library, and the model in a memory of its own
        link_c "$target" mps2-xip "$work/xip.elf"
        "$nm" "$work/xip.elf" | grep -q '^21000000 . model$' || fail "the model is not where boards/mps2-xip.x says"
        judge_apart "$name, model apart" "$target" "$machine" "$work/xip.elf"
    fi
done
for judge in "${judges[@]}"; do wait "$judge" || status=1; done
exit $status
