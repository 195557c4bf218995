#!/usr/bin/env bash
# The C program against the Rust one: the same line for the same file, no leak, errors where they belong.
set -euo pipefail
cd "$(dirname "$0")"
make -s classify
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# wav files of several forms
python3 - "$work" <<'PY'
import math, struct, sys, wave

def write(name, rate, channels, seconds):
    with wave.open(f"{sys.argv[1]}/{name}", "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        frames = bytearray()
        for i in range(int(rate * seconds)):
            t = i / rate
            hz = 110 * 2 ** ((int(t * 4) * 7 % 12) / 12)
            tone = math.sin(2 * math.pi * hz * t) * math.exp(-6 * (t * 4 % 1))
            for channel in range(channels):
                frames += struct.pack("<h", int(20000 * tone * (1 - 0.5 * channel)))
        out.writeframes(bytes(frames))

write("cd.wav", 44100, 2, 14.0)
write("mono.wav", 22050, 1, 31.0)
write("dat.wav", 48000, 2, 11.0)
write("phone.wav", 8000, 1, 12.5)
write("short.wav", 16000, 1, 2.0)
PY

model=../../models/compact.timbrel
./classify "$model" "$work"/*.wav >"$work/c.json"
cargo run -q --release -p classify -- --json "$work"/*.wav >"$work/rust.json"
diff "$work/c.json" "$work/rust.json"
echo "C and Rust agree on $(wc -l <"$work/c.json") files"

if command -v valgrind >/dev/null; then
    valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
        ./classify "$model" "$work/short.wav" >/dev/null
    echo "valgrind: no error, no leak"
fi

# bad input is an error and the program goes on
head -c 1000 "$model" >"$work/cut.timbrel"
printf 'this is no music' >"$work/text.wav"
: >"$work/empty.wav"
fails() { if "$@" >"$work/out" 2>"$work/err"; then echo "should fail: $*"; exit 1; fi; cat "$work/err"; }
fails ./classify "$work/cut.timbrel" "$work/short.wav"
fails ./classify "$model" "$work/text.wav" "$work/empty.wav" "$work/short.wav"
grep -q '"genre"' "$work/out"
