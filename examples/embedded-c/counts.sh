#!/usr/bin/env bash
# Counts executed instructions under QEMU for each archive of an unpacked package, and prints the tables of
# docs/embedded.md: the start, each kind of microphone, and how long a battery lasts with it. The instructions are exact
# and the same on every run; they are not cycles.
#
#     counts.sh [-m MODEL] FOLDER [CORE]...     MODEL is compact, the default, tiny or tiny-16k
#
# The battery's table follows from these variables by the formulas of docs/embedded.md; the defaults are of the order of an
# nRF52840's.
#
# CYCLES        cycles per instruction, 1.5           CLOCK_MHZ      of the core, 64
# RUN_MA        while it computes, 3.3                SLEEP_MA       while it waits for the microphone, 0.5
# OFF_MA        between turns, 0.002                  MICROPHONE_MA  0.65
# LISTEN_S      seconds of a turn, 3                  EVERY_S        from turn to turn, 60
# BATTERY_MAH   1000
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=compact
if [ "${1:-}" = -m ]; then
    model=${2:?counts.sh: -m wants a model}
    shift 2
fi
[ $# -ge 1 ] || { echo "usage: counts.sh [-m MODEL] FOLDER [CORE]..." >&2; exit 2; }
cd "$1"
shift
[ $# -gt 0 ] || set -- $(cd lib && echo *)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-cc}" -O2 -shared -fPIC -o "$work/libicount.so" "$here/../cortex-m/qemu/icount.c"
cp -r . "$work/package"
cp "$here/count.c" "$work/package/example.c"
name=timbrel_${model//-/_}
sed -i "s/timbrel_compact\.\([ch]\)/timbrel_$model.\1/g; s/timbrel_compact/$name/g; s/TIMBREL_COMPACT/${name^^}/g" "$work/package"/{example.c,Makefile}
for core in "$@"; do
    make -s -C "$work/package" CORE="$core" QEMU_OPTIONS="-plugin $work/libicount.so" run \
        >"$work/printed" 2>"$work/counted" || { cat "$work/printed" "$work/counted"; exit 1; }
    awk '
        NR == FNR { if ($1 == "region") counts[n++] = $3; next }
        $1 == "rate" { rate = NF > 1 ? " " $2 : "" }
        $1 == "count" { print $2 rate (rate ? "#" : ""), counts[i++] }
        $1 == "value" { print $2 rate, $3 }
    ' "$work/counted" "$work/printed" >"$work/$core"
done
(cd "$work" && awk -v model="$model" -v cycles="${CYCLES:-1.5}" -v clock_mhz="${CLOCK_MHZ:-64}" -v run_ma="${RUN_MA:-3.3}" \
    -v sleep_ma="${SLEEP_MA:-0.5}" -v off_ma="${OFF_MA:-0.002}" -v microphone_ma="${MICROPHONE_MA:-0.65}" \
    -v listen_s="${LISTEN_S:-3}" -v every_s="${EVERY_S:-60}" -v battery_mah="${BATTERY_MAH:-1000}" -f "$here/counts.awk" "$@")
