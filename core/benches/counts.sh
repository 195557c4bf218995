#!/usr/bin/env bash
# Counts the instructions of each stage and compares them with the tables in counts/: a count that has grown by more than
# 3 % fails. Instructions, unlike times, are the same on every run and every busy machine.
#
#     core/benches/counts.sh host              x86-64 under valgrind, whose best instructions are AVX2
#     core/benches/counts.sh boards            Cortex-M4F with and without DSP, under QEMU
#     core/benches/counts.sh host --renew      writes the table anew; say in the change why counts grew
#
# Another compiler makes other instructions, so a table counts only for the rustc that it names.
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")"
usage() { echo "usage: counts.sh host|boards [--renew]" >&2; exit 2; }
case "${2:-}" in "" | --renew) ;; *) usage ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count_host: `NAME<tab>INSTRUCTIONS` for each stage of examples/stages.rs, of which as many run at once as there are cores
count_host() {
    local target=${CARGO_TARGET_DIR:-../../target} stages name
    cargo build --quiet --release -p timbrel-core --example stages
    stages=$target/release/examples/stages
    "$stages" >"$work/names"
    xargs -d '\n' -P "$(nproc)" -I '{}' valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect='stages::measured*' --log-file="$work/{}.log" "$stages" '{}' <"$work/names" >/dev/null ||
        { cat "$work"/*.log >&2; exit 1; }
    while read -r name; do
        awk -v OFS='\t' -v name="$name" '/Collected/ { print name, $NF }' "$work/$name.log"
    done <"$work/names"
}

count_boards() { bash ../../examples/cortex-m/measure.sh counts Cortex-M4F Cortex-M4F+DSP Cortex-M4F+table-48k; }

# compare OLD NEW: prints what differs, fails on growth
compare() {
    awk -F '\t' '
        /^#/ { next }
        NR == FNR { old[$1] = $2; next }
        !($1 in old) { printf "%s: %d, not in the table\n", $1, $2; bad = 1; next }
        { change = 100 * ($2 - old[$1]) / old[$1]; seen[$1] = 1 }
        change > 3 || change < -3 { printf "%s: %d, was %d (%+.1f %%)\n", $1, $2, old[$1], change }
        change > 3 { bad = 1 }
        END {
            for (name in old) if (!(name in seen)) { print name ": in the table, but no longer counted"; bad = 1 }
            exit bad
        }' "$1" "$2"
}

case "${1:-}" in
host)
    command -v valgrind >/dev/null || { echo "skipped: instruction counts need valgrind"; exit 0; }
    if [ "$(uname -m)" != x86_64 ] || ! grep -qw avx2 /proc/cpuinfo; then
        echo "skipped: instruction counts are those of x86-64 with AVX2"
        exit 0
    fi
    table=counts/x86-64.txt
    compiler=$(rustc --version)
    ;;
boards)
    command -v qemu-system-arm >/dev/null || { echo "skipped: instruction counts of boards need qemu-system-arm"; exit 0; }
    table=counts/cortex-m.txt
    compiler=$(rustc ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} --version)
    ;;
*) usage ;;
esac

if [ -z "${2:-}" ] && ! grep -qxF "# $compiler" "$table"; then
    echo "skipped: counts/${table##*/} is of $(sed -n 's/^# \(rustc .*\)/\1/p' "$table"), not of $compiler"
    exit 0
fi
"count_$1" >"$work/counted"
if [ -n "${2:-}" ]; then
    { echo "# instructions; renewed by core/benches/counts.sh $1 --renew"; echo "# $compiler"; cat "$work/counted"; } >"$table"
    echo "$(wc -l <"$work/counted") instruction counts written to core/benches/$table"
    exit 0
fi
if ! compare "$table" "$work/counted"; then
    echo "instruction counts differ from core/benches/$table; if that must be, renew it and say why:"
    echo "    core/benches/counts.sh $1 --renew"
    exit 1
fi
echo "$(wc -l <"$work/counted") instruction counts hold, of core/benches/$table"
