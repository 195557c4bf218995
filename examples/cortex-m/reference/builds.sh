#!/usr/bin/env bash
# The same answer from every build for this machine: debug and release, vector instructions of the compiler's choice, of
# this processor and, under qemu-user, of others. And none for a big-endian machine. .ci/cross compares the other machines.
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")/.."
target_dir=${CARGO_TARGET_DIR:-$PWD/target}/builds
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# many builds, each quick; .ci/cross has the desktop's with the whole program in view
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0

build() { # FLAGS OPTION...: builds the program
    local flags=$1
    shift
    RUSTFLAGS=$flags cargo build --quiet -p reference --target-dir "$target_dir" "$@"
}

same() { # NAME PROGRAM...: compares a program's answer with the release build's
    local name=$1
    shift
    "$@" >"$work/answer"
    cmp "$work/release" "$work/answer"
    echo "$name: the same answer"
}

build "" --release
"$target_dir/release/reference" >"$work/release"
cat "$work/release"
build "" --profile dev
same "debug build" "$target_dir/debug/reference"
build "-Ctarget-cpu=native" --release
same "instructions of this machine" "$target_dir/release/reference"

# with std the program chooses when it starts
build "" --release --features timbrel-core/std
same "instructions chosen at the start" "$target_dir/release/reference"
if command -v qemu-x86_64 >/dev/null; then
    for cpu in qemu64 Nehalem Haswell max; do
        # to standard error QEMU says which of a processor's features it lacks
        same "the same on $cpu" qemu-x86_64 -cpu "$cpu" "$target_dir/release/reference" 2>/dev/null
    done
else
    echo "skipped: no qemu-x86_64 for older processors"
fi

# 32 bits: no vector kernels, a usize of 4 bytes
std=()
if [ -n "${TIMBREL_BUILD_STD:-}" ]; then
    std=(-Zbuild-std=std,panic_abort)
fi
. ../../core/tests/i686-linker.sh
if runs_i686 "$work"; then
    [ -n "${TIMBREL_BUILD_STD:-}" ] || rustup -q target add i686-unknown-linux-gnu
    cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} build --quiet -p reference --release --target-dir "$target_dir" \
        --target i686-unknown-linux-gnu "${std[@]}"
    same "32-bit x86" "$target_dir/i686-unknown-linux-gnu/release/reference"
fi

# core does not compile for a big-endian machine, and says why
std=()
if [ -n "${TIMBREL_BUILD_STD:-}" ]; then
    std=(-Zbuild-std=core)
else
    rustup -q target add s390x-unknown-linux-gnu
fi
if cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} check --quiet -p timbrel-core --no-default-features \
    --manifest-path ../../Cargo.toml --target-dir "$target_dir" --target s390x-unknown-linux-gnu "${std[@]}" 2>"$work/errors"; then
    echo "s390x: should be refused" && exit 1
fi
grep "big-endian machines are not supported" "$work/errors" || { cat "$work/errors" && exit 1; }
