#!/usr/bin/env bash
# Makes timbrel-embedded-VERSION.tar.gz, the C library for microcontrollers, which needs no Rust:
#
#     make.sh [-o FOLDER] [CORE]...   the archives of these cores, all of them by default; into `packages` by default
#     make.sh targets [CORE]...       prints their Rust targets, for `rustup target add $(make.sh targets)`
#
# It needs the GNU binutils of the cores (Debian: binutils-arm-none-eabi, binutils-riscv64-unknown-elf). The cores and
# the variables for toolchains without targets are in cores.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/cores.sh"
[ "${1:-}" != -h ] && [ "${1:-}" != --help ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit; }
if [ "${1:-}" = targets ]; then
    shift
    chosen "$@" | cut -d ' ' -f 2 | sort -u
    exit
fi
out=$root/packages
if [ "${1:-}" = -o ]; then
    out=${2:?make.sh: -o wants a folder}
    shift 2
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
cores_chosen=$(chosen "$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target_dir=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
export CARGO_TARGET_DIR=$target_dir
cd "$root"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=timbrel-embedded-$version
stage=$work/$name
mkdir -p "$stage"/{include,lib,models}

# archive CORE TARGET CPU FEATURES: builds lib/CORE/libtimbrel.a
#
# One object that needs nothing and whose global symbols are the functions of the header. The compiler's support
# functions (memcpy, floating point in software) are inside and local: they clash with no other library, and the answers
# are the same bits where a framework has put faster ones, which round otherwise, in place of the compiler's.
archive() {
    local core=$1 target=$2 cpu=$3 features=$4 built=$work/built.a options=() roots=() emulation=() prefix=arm-none-eabi-
    [[ $target != riscv32* ]] || prefix=riscv64-unknown-elf- emulation=(-m elf32lriscv)
    command -v "${prefix}objcopy" >/dev/null || fail "no ${prefix}objcopy: install its binutils"
    [ "$cpu" = - ] || options+=(--config "target.$target.rustflags=[\"-C\", \"target-cpu=$cpu\"]")
    [ "$features" = - ] || options+=(--features "$features")
    staticlib "$target" "$built" "${options[@]}"
    # nm complains of bitcode in the compiler's support library
    "${prefix}nm" --defined-only "$built" 2>/dev/null | awk '/ T timbrel_/ { print $3 }' >"$work/functions"
    grep -qx timbrel_classifier_init "$work/functions" || fail "$core: the library has no functions"
    mapfile -t roots < <(sed 's/^/--undefined=/' "$work/functions")
    "${prefix}ld" "${emulation[@]}" -r --gc-sections "${roots[@]}" "$built" -o "$work/timbrel.o"
    # bitcode that no other compiler reads, and names of extensions that older linkers do not know
    "${prefix}objcopy" --keep-global-symbols="$work/functions" --strip-debug --strip-unneeded \
        -R .llvmbc -R .llvmcmd -R .riscv.attributes "$work/timbrel.o"
    "${prefix}nm" "$work/timbrel.o" >"$work/symbols"
    awk '$2 ~ /^[A-Z]$/ { print $NF }' "$work/symbols" | sort | cmp -s - <(sort "$work/functions") ||
        fail "$core: the global symbols are not the header's functions: $(grep -E ' [A-Z] ' "$work/symbols")"
    ! grep -E 'panicking|4core3fmt|__rust_alloc' "$work/symbols" || fail "$core: these symbols can panic, format or allocate"
    mkdir "$stage/lib/$core"
    "${prefix}ar" rcsD "$stage/lib/$core/libtimbrel.a" "$work/timbrel.o"
    echo "lib/$core/libtimbrel.a"
}

while read -r core target cpu features; do
    archive "$core" "$target" "$cpu" "$features"
done <<<"$cores_chosen"

cp include/timbrel.h "$stage/include"
cargo run --quiet --release -p timbrel-core --example c_source -- "$stage/models" timbrel_ models/{compact,tiny,tiny-16k}.timbrel
cp models/{compact,tiny,tiny-16k}.md "$stage/models"
cp "$here/package"/* examples/cortex-m/c/tune.[ch] LICENSE-* "$stage"
cp docs/notices/timbrel-embedded/THIRD-PARTY.txt "$stage"
# the same source gives the same archive
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" --mode=u=rwX,go=rX -cf - "$name" |
    gzip -9n >"$out/$name.tar.gz"
echo "$out/$name.tar.gz"
