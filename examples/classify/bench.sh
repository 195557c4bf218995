#!/usr/bin/env bash
# Classifies libraries of growing size and prints the rate and the largest memory of each: neither may depend on
# the number of files, but for the memory that their names take.
#
#     examples/classify/bench.sh [FILES]...      default: 1000 10000 100000
#     examples/classify/bench.sh song [FILE]     a song beside ffmpeg, which only decodes it
#
# The files are links to 100 short tunes (0.5 s, one window each), so that the folders, the threads and the output count, and
# not the decoding.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- 1000 10000 100000
[ "$1" != song ] || command -v ffmpeg >/dev/null || { echo "bench.sh: no ffmpeg" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet --release -p classify
program=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/classify

if [ "$1" = song ]; then
    song=${2:-$work/song.flac}
    # three minutes of noise that swells and fades, which a FLAC encoder finds as hard as dense music
    [ $# -gt 1 ] || ffmpeg -v error -f lavfi -i anoisesrc=d=180:c=pink:r=44100:a=0.5:s=1 \
        -af 'aeval=val(0)*(0.6+0.4*sin(t))|val(0)*(0.6+0.4*cos(t*0.7)),aformat=s16' "$song"
    python3 - "$program" "$song" <<'PY'
# Both take turns. Processor time and not that of the clock: other work of the machine counts little then.
import os, statistics, subprocess, sys

program, song = sys.argv[1:]
commands = {
    "ffmpeg -i SONG -f null -": ["ffmpeg", "-v", "error", "-nostdin", "-i", song, "-f", "null", "-"],
    "classify SONG": [program, song],
}
times = {name: [] for name in commands}
for _ in range(11):
    for name, command in commands.items():
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0, (name, status)
        times[name].append(usage.ru_utime + usage.ru_stime)
reference = statistics.median(times["ffmpeg -i SONG -f null -"])
print("| | median ms of processor time | least | ratio |\n|---|---:|---:|---:|")
for name, found in times.items():
    median = statistics.median(found)
    print(f"| {name} | {median * 1e3:.0f} | {min(found) * 1e3:.0f} | {median / reference:.2f} |")
PY
    exit
fi

python3 - "$work" "$program" "$@" <<'PY'
import math, os, resource, struct, subprocess, sys, time, wave

work, program, *counts = sys.argv[1:]
for tune in range(100):
    with wave.open(f"{work}/{tune}.wav", "wb") as out:
        out.setparams((1, 2, 22050, 0, "NONE", ""))
        hz = 110 * 2 ** (tune / 24)
        samples = (int(9000 * math.sin(math.tau * hz * i / 22050) * math.exp(-i / 4000)) for i in range(11025))
        out.writeframes(b"".join(struct.pack("<h", s) for s in samples))
print(f"{'files':>8} {'seconds':>8} {'files/s':>8} {'MB':>6} {'output MB':>9}")
for count in map(int, counts):
    library = f"{work}/{count}"
    for number in range(count):
        # a thousand in a folder, as many as a large music collection has in one
        folder = f"{library}/{number // 1000:03}"
        if number % 1000 == 0:
            os.makedirs(folder)
        os.link(f"{work}/{number % 100}.wav", f"{folder}/{number:06}.wav")
    out = f"{work}/{count}.json"
    began = time.monotonic()
    child = subprocess.Popen([program, "--json", "--out", out, library], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    assert status == 0, status
    with open(out) as lines:
        assert sum(1 for _ in lines) == count
    print(f"{count:8} {seconds:8.1f} {count / seconds:8.0f} {usage.ru_maxrss / 1024:6.1f} "
          f"{os.path.getsize(out) / 1e6:9.1f}", flush=True)
PY
