#!/usr/bin/env bash
# The C program against the Rust one: the same line for the same file, no leak, errors where they belong.
set -euo pipefail
cd "$(dirname "$0")"
make -s classify
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# wav files of several forms
python3 tunes.py "$work"

model=../../models/compact.timbrel
./classify "$model" "$work"/*.wav >"$work/c.json"
cargo run -q --release -p classify -- --json "$work"/*.wav >"$work/rust.json"
diff "$work/c.json" "$work/rust.json"
echo "C and Rust agree on $(wc -l <"$work/c.json") files"

if command -v valgrind >/dev/null; then
    # the resampler's table is computed once and kept for all later classifiers: reachable, not a leak
    valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect,possible ./classify "$model" "$work/short.wav" >/dev/null
    echo "valgrind: no error, no leak"
fi

# the README's program, built as it says: raw audio on standard input, and errors that name their cause
root=$(cd ../.. && pwd)
sed -n '/^```c$/,/^```$/{/^```/d;p}' "$root/README.md" >"$work/program.c"
cc -std=c11 -I "$root/include" "$work/program.c" "${CARGO_TARGET_DIR:-$root/target}/release/libtimbrel.a" \
    -lpthread -ldl -lm -o "$work/program"
tail -c +45 "$work/cd.wav" | (cd "$root" && "$work/program") >"$work/genre"
genre=$(head -n 1 "$work/c.json" | sed -E 's/.*"genre": "([a-z]+)".*/\1/')
grep -q "^$genre (" "$work/genre"
refuses() { # WORDS FOLDER: no audio, in FOLDER, is an error whose message has WORDS
    if (cd "$2" && "$work/program") </dev/null >"$work/out" 2>"$work/err"; then echo "should fail in $2"; exit 1; fi
    grep -q "$1" "$work/err"
}
refuses "audio" "$root"
refuses "models/compact.timbrel: No such file" "$work"
echo "the README's program: $(cat "$work/genre")"

# every other block of C in the documents
mkdir "$work/blocks"
python3 blocks.py "$work/blocks"
for block in "$work"/blocks/*.c; do
    cc -std=c11 -Wall -Wextra -Werror -I "$root/include" -fsyntax-only "$block"
done
echo "the documents: $(find "$work/blocks" -name '*.c' | wc -l) blocks of C compile"

# bad input is an error and the program goes on
head -c 1000 "$model" >"$work/cut.timbrel"
printf 'this is not music' >"$work/text.wav"
: >"$work/empty.wav"
fails() { if "$@" >"$work/out" 2>"$work/err"; then echo "should fail: $*"; exit 1; fi; cat "$work/err"; }
fails ./classify "$work/cut.timbrel" "$work/short.wav"
fails ./classify "$model" "$work/text.wav" "$work/empty.wav" "$work/short.wav"
grep -q '"genre"' "$work/out"
