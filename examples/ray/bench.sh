#!/usr/bin/env bash
# Measures what a plan for a large cluster follows from, on a cluster of this machine:
#
#     bench.sh FOLDER [FILES]      FOLDER has the songs, which are repeated until there are FILES of them (default: 1000)
#
# prints what one core does without Ray; the rate with 1 and with 2 workers, without the time that Ray takes to start them;
# and how many parts per second one driver hands out, with files that are not music, so that workers have nothing to do.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
songs=$(cd "$1" && pwd)
files=${2:-1000}
cd "$(dirname "$0")/../.."
. examples/ray/cluster.sh
install_ray

# repeat FOLDER FILES: fills a folder with links to the songs
repeat() {
    local number=0 song
    mkdir "$1"
    while [ "$number" -lt "$2" ]; do
        for song in "${found[@]}"; do
            [ "$number" -lt "$2" ] || break
            ln -s "$song" "$1/$((number++)).${song##*.}"
        done
    done
}

# seconds FOLDER WORKERS PART: classifies a folder and prints how long that took
seconds() {
    rm -rf "$work/out"
    classify "$1" "$work/out" --workers "$2" --part "$3" 2>"$work/log" || { cat "$work/log" >&2 && return 1; }
    sed -n 's/.* in \([0-9.]*\) s$/\1/p' "$work/log"
}

# rate NAME FOLDER FEW WORKERS PART: files per second, from two runs that differ in their number of files
rate() {
    local whole few
    few=$(seconds "$3" "$4" "$5")
    whole=$(seconds "$2" "$4" "$5")
    python3 - "$1" "$whole" "$few" "$(find "$2/" | wc -l)" "$(find "$3/" | wc -l)" <<'PY'
import sys

name, (whole, few, files, less) = sys.argv[1], map(float, sys.argv[2:])
print(f"{name}: {(files - less) / (whole - few):.1f} per second, after {few - less * (whole - few) / (files - less):.1f} s to start")
PY
}

mapfile -t found < <(find "$songs" -type f | sort | head -n "$files")
repeat "$work/few" $((files / 10))
repeat "$work/songs" "$files"
"$python" examples/ray/rate.py "${found[@]:0:100}"
start_ray 2
for workers in 1 2; do rate "files, workers: $workers" "$work/songs" "$work/few" "$workers" 25; done

printf 'this is not music' >"$work/none.mp3"
found=("$work/none.mp3")
repeat "$work/few-parts" 100
repeat "$work/parts" 1000
rate "parts, workers: 1" "$work/parts" "$work/few-parts" 1 1
