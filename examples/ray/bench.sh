#!/usr/bin/env bash
# Measures what a plan for a large cluster follows from, on a cluster of this machine:
#
#     bench.sh FOLDER [FILES]      FOLDER has the songs, which are repeated until there are FILES of them (default: 1000)
#
# prints what one core does without Ray, the rate with 1 and with 2 workers, and how many parts per second one driver hands
# out. The time that Ray takes to start workers is left out.
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

# rate NAME FOLDER WORKERS PART: classifies a folder and prints files per second from the first finished part to the last
rate() {
    rm -rf "$work/out"
    classify "$2" "$work/out" --workers "$3" --part "$4" 2>"$work/log" || { cat "$work/log" >&2 && return 1; }
    "$python" - "$1" "$work/out" <<'PY'
import sys
from pathlib import Path

from pyarrow import parquet

parts = sorted((part.stat().st_mtime, parquet.read_metadata(part).num_rows) for part in Path(sys.argv[2]).glob("*.parquet"))
files = sum(rows for _, rows in parts[1:])
print(f"{sys.argv[1]}: {files / (parts[-1][0] - parts[0][0]):.1f} per second")
PY
}

mapfile -t found < <(find "$songs" -type f | sort | head -n "$files")
repeat "$work/songs" "$files"
"$python" examples/ray/rate.py "${found[@]:0:100}"
start_ray 2
for workers in 1 2; do rate "files, workers: $workers" "$work/songs" "$workers" 25; done

# files that are not music take no time, so that only handing out and writing parts does
printf 'this is not music' >"$work/none.mp3"
found=("$work/none.mp3")
repeat "$work/parts" 1000
rate "parts, workers: 2" "$work/parts" 2 1
