#!/usr/bin/env bash
# Runs classify.py on a folder and on a bucket of a local store, kills a run and continues it, and compares the rows with
# `timbrel.classify_file`. Installs Ray (100 MB) into TIMBREL_CACHE, so CI runs it only at night.
#
# TIMBREL_WHEEL   a wheel that is built already
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/ray/cluster.sh
install_ray
start_ray 2
# made for this check: 45 files, and one that is not music
mkdir "$work/music"
python3 examples/c/tunes.py "$work/music"
mkdir "$work/music/more"
for number in $(seq 1 40); do cp "$work/music/mono.wav" "$work/music/more/$number.wav"; done
printf 'this is not music' >"$work/music/broken.mp3"

# a_part: whether a part is whole, as the last bytes of a Parquet file tell
a_part() {
    local part
    for part in "$work"/out/*.parquet; do
        [ ! -f "$part" ] || [ "$(tail -c 4 "$part")" != PAR1 ] || return 0
    done
    return 1
}

# killed as soon as a part is there, then continued
# (not with the function, whose shell would be killed in place of the program)
"$python" examples/ray/classify.py "$work/music" "$work/out" --part 4 2>"$work/log" &
run=$!
until a_part; do
    kill -0 "$run" 2>/dev/null || { cat "$work/log" && exit 1; }
    sleep 0.1
done
kill -KILL "$run"
wait "$run" 2>/dev/null || true
printf 'cut off' >"$work/out/half.parquet"
classify "$work/music" "$work/out" --part 4 --workers 2 2>"$work/log" || { cat "$work/log" && exit 1; }
grep -qE '^46 files, [1-9][0-9]* of them new' "$work/log" || { cat "$work/log" && exit 1; }
if grep -q '46 of them new' "$work/log"; then echo "nothing was kept" && exit 1; fi
classify "$work/music" "$work/out" 2>"$work/log"
grep -q '^46 files, 0 of them new' "$work/log"

# the same from a bucket
port=$(free_ports 1)
"$cache/bin/moto_server" -p "$port" >"$work/store" 2>&1 &
running+=($!)
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
"$python" - "$work/music" <<'PY'
import sys
import time
from pathlib import Path

import boto3

store = boto3.client("s3")
for _ in range(100):
    try:
        store.create_bucket(Bucket="music")
        break
    except Exception:
        time.sleep(0.2)
root = Path(sys.argv[1])
for path in filter(Path.is_file, root.rglob("*")):
    store.upload_file(str(path), "music", f"albums/{path.relative_to(root)}")
PY
classify s3://music/albums s3://music/genres --workers 2 2>"$work/log" || { cat "$work/log" && exit 1; }
grep -q '^46 files, 46 of them new' "$work/log"

"$python" - "$work" <<'PY'
import sys
from pathlib import Path

import pyarrow.parquet as pq
import timbrel
from pyarrow import fs

work = Path(sys.argv[1])
store, _ = fs.FileSystem.from_uri("s3://music/genres")
for rows in (pq.read_table(work / "out"), pq.read_table("music/genres", filesystem=store)):
    rows = {row["file"].split("music/")[-1].removeprefix("albums/"): row for row in rows.to_pylist()}
    assert len(rows) == 46, len(rows)
    assert "not" in rows["broken.mp3"]["error"] and rows["broken.mp3"]["genre"] is None
    for name in ("cd.wav", "mono.wav", "more/7.wav"):
        answer = timbrel.classify_file(work / "music" / name)
        row = rows[name]
        assert (row["state"], row["genre"], row["windows"]) == (answer.state.value, answer.genre, answer.windows), row
        assert row["error"] is None and abs(row[f"p_{answer.genre}"] - answer.confidence) < 1e-6
PY
echo "ray: a folder and a bucket, 46 files each, a killed run continued, a broken file in its row"
