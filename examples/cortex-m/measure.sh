#!/usr/bin/env bash
# Counts instructions, bytes of flash and memory of the firmware under QEMU and prints them as the tables of
# docs/embedded.md. The numbers are exact and the same on every run.
#   ./measure.sh                        the tables
#   ./measure.sh hot BOARD COUNT        where one count of the bench (such as "inference") is spent
#   ./measure.sh counts BOARD...        the bench's counts, one `BOARD COUNT<tab>INSTRUCTIONS` per line
set -euo pipefail
. "$(dirname "$0")/common.sh"
command -v qemu-system-arm >/dev/null || fail "no qemu-system-arm"
plugin=$work/libicount.so
"${CC:-cc}" -O2 -shared -fPIC -o "$plugin" qemu/icount.c

# join PRINTED COUNTED: `key<tab>value` for everything the bench printed or the plugin counted
join() {
    awk -v OFS='\t' '
        NR == FNR { if ($1 == "region") counts[n++] = $3; next }
        $1 == "layer" { layer = "layer " substr($0, 7) "/"; print "layers", substr($0, 7) }
        $1 == "count" { print layer substr($0, 7), counts[i++] }
        $1 == "value" { value = $NF; sub(/^value /, ""); sub(/ [^ ]*$/, ""); print layer $0 "=", value }
    ' "$2" "$1"
}

if [ "${1:-}" = hot ]; then
    [ $# -eq 3 ] || fail "usage: measure.sh hot BOARD COUNT"
    for board in "${boards[@]}"; do
        read -r name target machine flags <<<"$board"
        [ "$name" = "$2" ] || continue
        # shellcheck disable=SC2086 # several flags
        build "$target" --features measure --bin bench $flags
        elf=$target_dir/$target/release/bench
        emulate "$machine" "$elf" >"$work/printed"
        region=$(grep '^count' "$work/printed" | grep -nxF "count $3" | head -1 | cut -d: -f1)
        [ -n "$region" ] || fail "the bench counts no such thing: $(grep '^count' "$work/printed" | sort -u)"
        emulate "$machine" "$elf" "$plugin,hot=$((region - 1))" 2>&1 >/dev/null | grep ^hot |
            while read -r _ address _ instructions _ executed; do
                printf '%12s %9s× %s %s\n' "$instructions" "$executed" "$address" \
                    "$("$(tool addr2line)" -e "$elf" -f -C "$address" | tr '\n' ' ')"
            done
        exit
    done
    fail "no board $2"
fi

# bench BOARD TARGET MACHINE [FLAGS...]: builds and runs the bench and leaves what it printed and counted in $work/BOARD
bench() {
    local name=$1 target=$2 machine=$3
    shift 3
    build "$target" --features measure "$@"
    emulate "$machine" "$target_dir/$target/release/bench" "$plugin" >"$work/printed" 2>"$work/counted" ||
        fail "$name: $(cat "$work/printed")"
    join "$work/printed" "$work/counted" >"$work/$name"
}

# what resampling from 48 kHz takes with its taps in flash
table_48k="Cortex-M4F+table-48k thumbv7em-none-eabihf mps2-an386 --features table-48k"

if [ "${1:-}" = counts ]; then
    shift
    for board in "${boards[@]}" "$table_48k"; do
        read -r name target machine flags <<<"$board"
        [[ " $* " = *" $name "* ]] || continue
        # shellcheck disable=SC2086 # several flags
        bench "$name" "$target" "$machine" --bin bench $flags
        kept='.'
        [ "$board" != "$table_48k" ] || kept='^resampler 48000'
        # layers are parts of the inference, and values are not instructions
        grep -vE '^(layer|nothing)|=' "$work/$name" | grep "$kept" | sed "s/^/$name /"
    done
    exit
fi

size=$(tool size)
model_bytes=$(wc -c <../../models/compact.timbrel)
names=()
for board in "${boards[@]}"; do
    read -r name target machine flags <<<"$board"
    # the same code as on the Cortex-M4F, instruction for instruction
    [ "$name" != Cortex-M7 ] || continue
    names+=("$name")
    # shellcheck disable=SC2086 # several flags
    bench "$name" "$target" "$machine" $flags
    bin=$target_dir/$target/release
    emulate "$machine" "$bin/firmware" | sed -n 's/^# \(.*\): /\1=\t/p' >>"$work/$name"
    "$size" -A "$bin/firmware" | awk -v OFS='\t' '/^\./ { print $1 "=", $2 }' >>"$work/$name"
    printf 'model=\t%s\n' "$model_bytes" >>"$work/$name"
done
(cd "$work" && awk -f "$OLDPWD/tables.awk" "${names[@]}")
read -r name target machine flags <<<"$table_48k"
# shellcheck disable=SC2086 # several flags
bench "$name" "$target" "$machine" --bin bench $flags
awk -F '\t' '{ at[$1] = $2 } END { printf "\nFrom 48,000 Hz with feature table-48k, Cortex-M4F: %.0f\n",
    at["resampler 48000"] / at["resampler 48000="] }' "$work/$name"
