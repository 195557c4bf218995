#!/usr/bin/env bash
# The C++ programs with every compiler there is: no warning, the C program's answers, no leak.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/bad"
python3 ../c/tunes.py "$work"
make -s -C ../c classify
model=../../models/compact.timbrel
../c/classify "$model" "$work"/*.wav >"$work/c.json"
genre=$(../c/classify "$model" "$work/cd.wav" | sed -E 's/.*"genre": "([a-z]+)".*/\1/')

# memory that a decoder allocates once and keeps is not a leak, though it has no owner at the end
leaks() { "$@"; }
if command -v valgrind >/dev/null; then
    leaks() {
        valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect \
            --errors-for-leak-kinds=definite,indirect "$@"
    }
else
    echo "skipped: no valgrind"
fi

# the program in docs/c-api.md, in a function that declares its variables
{
    printf '#include <iostream>\n#include <vector>\n#include <timbrel.hpp>\n'
    echo 'void documented(const std::vector<std::uint8_t> &model, const std::vector<std::int16_t> &samples) {'
    sed -n '/^```cpp/,/^```/{/^```/d;/^#include/d;p}' ../../docs/c-api.md
    echo 'std::cout << answer.genre; }'
} >"$work/documented.cpp"

fails() { if "$@" >"$work/out" 2>"$work/err"; then echo "should fail: $*"; exit 1; fi; cat "$work/err"; }

for compiler in g++ clang++; do
    if ! command -v "$compiler" >/dev/null; then
        echo "skipped: no $compiler"
        continue
    fi
    bin=$work/$compiler
    mkdir "$bin"
    make -s tests CXX="$compiler" OUT="$bin"
    "$compiler" -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I../../include "$work/documented.cpp"

    # the tests compile as every later standard, too, whose containers they include
    for standard in c++20 c++2b; do
        "$compiler" "-std=$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I../../include test.cpp
    done

    "$bin/classify" "$model" "$work"/*.wav >"$work/cpp.json"
    diff "$work/c.json" "$work/cpp.json"
    echo "$compiler: C++ and C agree on $(wc -l <"$work/cpp.json") files"

    leaks "$bin/test" "$model" ../../core/tests/fixtures/second.mp3
    leaks "$bin/test-expected" "$model" ../../core/tests/fixtures/second.mp3
    leaks "$bin/classify" "$model" "$work/short.wav" >/dev/null
    tail -c +45 "$work/cd.wav" | "$bin/listen" "$model" >"$work/heard"
    tail -n 1 "$work/heard" | grep -q " $genre "
    echo "$compiler: the header's promises hold with and without exceptions"

    # bad input is an error and the program goes on
    head -c 1000 "$model" >"$work/bad/cut.timbrel"
    printf 'this is not music' >"$work/bad/text.wav"
    fails "$bin/classify" "$work/bad/cut.timbrel" "$work/short.wav"
    fails "$bin/listen" "$work/bad/cut.timbrel" </dev/null
    fails "$bin/listen" "$model" </dev/null
    fails "$bin/classify" "$model" "$work/bad/text.wav" "$work/missing.wav" "$work/short.wav"
    grep -q '"genre"' "$work/out"
done
