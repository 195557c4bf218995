#!/usr/bin/env bash
# Counts executed instructions under QEMU for each archive of an unpacked package, and prints the table of
# docs/embedded.md. The numbers are exact and the same on every run; they are instructions, not cycles.
#
#     counts.sh [-m MODEL] FOLDER [CORE]...     MODEL is compact, the default, or tiny
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
sed -i "s/timbrel_compact/timbrel_$model/g; s/TIMBREL_COMPACT/TIMBREL_${model^^}/g" "$work/package"/{example.c,Makefile}
for core in "$@"; do
    make -s -C "$work/package" CORE="$core" QEMU_OPTIONS="-plugin $work/libicount.so" run \
        >"$work/printed" 2>"$work/counted" || { cat "$work/printed" "$work/counted"; exit 1; }
    awk '
        NR == FNR { if ($1 == "region") counts[n++] = $3; next }
        $1 == "rate" { rate = " " $2 }
        $1 == "count" { print $2 rate (rate ? "#" : ""), counts[i++] }
        $1 == "value" { print $2 rate, $3 }
    ' "$work/counted" "$work/printed" >"$work/$core"
done
cd "$work"
awk '
    FNR == 1 { cores[++n] = FILENAME }
    { at[FILENAME, NF == 3 ? $1 " " $2 : $1] = $NF }
    function grouped(x) { return x < 1000 ? sprintf("%d", x) : sprintf("%s,%03d", grouped(int(x / 1000)), x % 1000) }
    function row(title, what,   i, line) {
        line = "| " title " |"
        for (i = 1; i <= n; i++) line = line " " cell(cores[i], what) " |"
        print line
    }
    function cell(c, what,   second) {
        if (what == 22050) second = what * (at[c, "columns"] + at[c, "window"]) / at[c, "period"]
        else if (what + 0) second = what * at[c, "period " what "#"] / at[c, "period " what]
        return second ? sprintf("%.1f million", second / 1e6) : grouped(at[c, what])
    }
    END {
        line = "| Instructions, `'"$model"'` |"; rule = "|---|"
        for (i = 1; i <= n; i++) { line = line " " cores[i] " |"; rule = rule "---:|" }
        print line "\n" rule
        row("checking the model", "parse")
        row("making the classifier", "make")
        row("the last sample of a window: its column, the network, the answer", "window")
        row("**one second of music** at 22,050 Hz, in total", 22050)
        row("from 16,000 Hz", 16000)
        row("from 44,100 Hz", 44100)
        row("from 48,000 Hz", 48000)
        row("bytes of stack to make a classifier", "stack")
        row("`timbrel_required_bytes()`", "bytes")
    }' "$@"
