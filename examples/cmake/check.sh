#!/usr/bin/env bash
# Installs the library as a user does, into a temporary prefix, and builds the C and C++ programs from that prefix
# alone: with pkg-config and with CMake, static and shared. Then FetchContent. All must print what the C program
# prints that examples/c builds.
#
# It needs cargo-c; if no suitable one is installed, it is built once (10 minutes on two cores) into TIMBREL_CACHE.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target_dir=${CARGO_TARGET_DIR:-$root/target}

for program in cmake pkg-config cc c++; do
    if ! command -v "$program" >/dev/null; then
        echo "skipped: no $program"
        exit 0
    fi
done
. ../../ffi/cargo-c.sh

prefix=$work/prefix
# cargo and cargo-c do not reuse each other's files: in one folder each would rebuild everything
cargo cinstall --release -p timbrel-ffi --prefix "$prefix" --libdir "$prefix/lib" \
    --target-dir "$target_dir/capi" 2>"$work/log" || { cat "$work/log"; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
if command -v readelf >/dev/null; then
    readelf -d "$prefix/lib/libtimbrel.so" | grep -q "soname: \[libtimbrel.so.${version%.*}\]"
fi
if command -v nm >/dev/null; then
    # the library exports the functions of the header and nothing else
    nm -D --defined-only "$prefix/lib/libtimbrel.so" | awk '{ print $3 }' | sort >"$work/exported"
    grep -o 'timbrel_[a-z0-9_]*(' "$prefix/include/timbrel.h" | tr -d '(' | sort -u >"$work/declared"
    diff "$work/declared" "$work/exported"
fi

python3 ../c/tunes.py "$work"
make -s -C ../c classify
../c/classify "$root/models/compact.timbrel" "$work"/*.wav >"$work/expected"
test -s "$prefix/share/timbrel/THIRD-PARTY.txt"
model=$prefix/share/timbrel/compact.timbrel
same() { # NAME COMMAND...
    local name=$1
    shift
    "$@" "$model" "$work"/*.wav >"$work/answers"
    diff "$work/expected" "$work/answers"
    echo "$name: the same answers"
}

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
test "$(pkg-config --modversion timbrel)" = "$version"
warnings=(-Wall -Wextra -Wpedantic -Werror)
# shellcheck disable=SC2046 # flags are words
cc -std=c11 "${warnings[@]}" $(pkg-config --cflags timbrel) ../c/classify.c $(pkg-config --libs timbrel) -o "$work/c"
same "pkg-config, C, shared" env LD_LIBRARY_PATH="$prefix/lib" "$work/c"
# shellcheck disable=SC2046
c++ -std=c++17 "${warnings[@]}" -I../c $(pkg-config --cflags timbrel) ../cpp/classify.cpp \
    $(pkg-config --static --libs timbrel | sed 's/-ltimbrel/-l:libtimbrel.a/') -o "$work/cpp"
same "pkg-config, C++, static" "$work/cpp"

configure() { # NAME SOURCE OPTION...
    local name=$1 source=$2
    shift 2
    cmake -S "$source" -B "$work/$name" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    cmake --build "$work/$name" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
for shared in OFF ON; do
    configure "package-$shared" find_package -DCMAKE_PREFIX_PATH="$prefix" -DBUILD_SHARED_LIBS="$shared"
    for program in classify_c classify_cpp; do
        same "find_package, shared $shared, $program" "$work/package-$shared/$program"
    done
    needs=$(ldd "$work/package-$shared/classify_c" | grep -c 'libtimbrel\.so' || true)
    test "$needs" = "$([ "$shared" = ON ] && echo 1 || echo 0)"
done

# a version that this library does not serve is refused
sed 's/find_package(Timbrel 0.1/find_package(Timbrel 0.2/' find_package/CMakeLists.txt >"$work/CMakeLists.txt"
if cmake -S "$work" -B "$work/refused" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1; then
    echo "find_package took a version that is not compatible"
    exit 1
fi
grep -q "compatible with requested" "$work/log"

configure fetched fetch_content -DFETCHCONTENT_SOURCE_DIR_TIMBREL="$root" -DTIMBREL_TARGET_DIR="$target_dir"
for program in classify_c classify_cpp; do
    same "FetchContent, $program" "$work/fetched/$program"
done
