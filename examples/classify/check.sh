#!/usr/bin/env bash
# Runs the program as its README says: the demo tune, several files in one call, and files that cannot be read.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

classify() { cargo run --quiet --release -p classify -- "$@"; }

classify >"$work/demo"
# the documented output is the program's own
diff <(sed -n '/^```text$/,/^```$/{/^```/d;p}' examples/classify/README.md) "$work/demo"

# one line per file, in the order given; each the same as alone
python3 examples/c/tunes.py "$work"
files=("$work"/*.wav)
classify --json "${files[@]}" >"$work/together"
for file in "${files[@]}"; do classify --json "$file"; done >"$work/alone"
diff "$work/together" "$work/alone"
[ "$(wc -l <"$work/together")" -eq "${#files[@]}" ]
classify --model models/compact.timbrel --json "${files[@]}" | diff "$work/together" -

printf 'this is not music' >"$work/text.wav"
if classify --json "$work/text.wav" "${files[0]}" >"$work/out" 2>"$work/err"; then
    echo "check.sh: a file that is not audio was classified"
    exit 1
fi
grep -q 'text.wav' "$work/err"
head -n 1 "$work/out" | grep -q 'text.wav.*"error"'
head -n 1 "$work/together" | diff - <(tail -n +2 "$work/out")
classify --json - <"${files[0]}" | sed 's|"file": "-"|"file": "'"${files[0]}"'"|' | diff <(head -n 1 "$work/together") -
echo "classify: ${#files[@]} files, the README's output, errors reported"
