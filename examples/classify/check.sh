#!/usr/bin/env bash
# Runs the program as its README says: the demo tune, several files in one call, folders, every form of output, broken
# files, an interruption and a reader that leaves. `check.sh --features parquet` checks Parquet too, which takes some
# minutes more to build.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet --release -p classify "$@"
program=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/classify
classify() { "$program" "$@"; }
fail() { echo "check.sh: $*" >&2 && exit 1; }
parquet() {
    classify --embeddings --format parquet music >table.parquet
    [ "$(head -c 4 table.parquet)$(tail -c 4 table.parquet)" = PAR1PAR1 ]
    if python3 -c 'import pyarrow' 2>/dev/null; then
        python3 - <<'PY'
import json, pyarrow.parquet
rows = pyarrow.parquet.read_table("table.parquet").to_pylist()
lines = [json.loads(line) for line in open("sorted")]
for row, line in zip(rows, lines, strict=True):
    assert (row["file"], row["genre"]) == (line["file"], line["genre"]), (row, line)
    assert abs(row["p_jazz"] - line["probabilities"]["jazz"]) < 1e-6 and len(row["embedding"]) == 96
PY
    else
        echo "skipped: no pyarrow to read the Parquet file with"
    fi
}

# the documented output is the program's own
python3 docs/demo.py --check "$program"

# one line per file, in the order given; each the same as alone
mkdir "$work/music"
python3 examples/c/tunes.py "$work/music"
cd "$work"
files=(music/*.wav)
classify --json "${files[@]}" >together
for file in "${files[@]}"; do classify --json "$file"; done >alone
diff together alone
[ "$(wc -l <together)" -eq "${#files[@]}" ]
classify --model "$root/models/compact.timbrel" --json "${files[@]}" | diff together -
classify --json - <"${files[0]}" | sed 's|"file": "-"|"file": "'"${files[0]}"'"|' | diff <(head -n 1 together) -

# folders, patterns and playlists, on any number of threads
LC_ALL=C sort -t '"' -k 4,4 together >sorted
for jobs in 1 4; do classify --json --jobs "$jobs" music | diff sorted -; done
classify --json 'music/*.wav' | diff sorted -
printf '#EXTM3U\n%s\n' "${files[@]}" >list.m3u
classify --json list.m3u | diff together -

# the forms of output agree
classify --format csv --out table.csv music
[ "$(wc -l <table.csv)" -eq $((${#files[@]} + 1)) ]
diff <(cut -d , -f 1,3 table.csv | tail -n +2) <(sed 's/.*"file": "\([^"]*\)".*"genre": "\([^"]*\)".*/\1,\2/' sorted)
if [[ $* == *parquet* ]]; then
    parquet
else
    echo "skipped: Parquet, which \`check.sh --features parquet\` checks"
fi

# a broken file is reported, has its line, and the rest goes on
printf 'this is not music' >music/text.wav
if classify --json music/text.wav "${files[0]}" >out 2>err; then
    fail "a file that is not audio was classified"
fi
grep -q 'text.wav' err
head -n 1 out | grep -q 'text.wav.*"error"'
head -n 1 together | diff - <(tail -n +2 out)

# interrupted, it keeps its answers and resumes from there
mkdir many
python3 - "${files[0]}" many/100.wav <<'PY'
import sys, wave
with wave.open(sys.argv[1]) as tune, wave.open(sys.argv[2], "wb") as out:
    out.setparams(tune.getparams())
    samples = tune.readframes(tune.getnframes())
    # a minute, so that the run is still going on when it is interrupted
    out.writeframes(samples * (60 * tune.getframerate() // tune.getnframes()))
PY
for number in $(seq 101 200); do ln many/100.wav "many/$number.wav"; done
"$program" --json --jobs 2 --out many.json many 2>err &
until [ "$(cat many.json.journal 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.02; done
kill -INT $!
wait $! && fail "an interruption has exit status 0" || [ $? -eq 130 ]
grep -q -e '--resume goes on' err
[ ! -e many.json ]
kept=$(wc -l <many.json.journal)
classify --json --out many.json --resume many 2>err
grep -q "101 files: 101 answered ($kept of them before), 0 failed" err
[ "$(sed 's/"file": "[^"]*"//' many.json | sort -u | wc -l)" -eq 1 ]
[ "$(wc -l <many.json)" -eq 101 ]

# a reader that leaves ends it silently
classify --json many 2>err | head -n 1 | grep -q '"genre"'
[ ! -s err ] || fail "a reader that left was complained of: $(cat err)"

if classify --format xml "${files[0]}" 2>err; then fail "a wrong option was taken"; else [ $? -eq 2 ]; fi

# what sounds most like the first file is the first file
rm music/text.wav
classify similar --index index.safetensors --count 1 --json "${files[1]}" "${files[1]}" music >out
classify similar --index index.safetensors --duplicates --threshold 0.9999999 many music | head -n 1 | grep -q 100.wav
echo "classify: ${#files[@]} files, folders, text, JSON, CSV, an interruption, broken files, similar songs"
